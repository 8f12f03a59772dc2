// The entry of charts: Vega-Lite specs as data, and drawing them without a browser.

export * from './plots/index.js';
