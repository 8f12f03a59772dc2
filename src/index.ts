// The isomorphic entry: everything that runs in Node and in browsers.

export * from './core/index.js';
export * from './scaling/index.js';
export * from './image/index.js';
export * from './backends/index.js';
export * from './layers/index.js';
export * from './data/index.js';
export * from './models/index.js';
export * from './weights/index.js';
export * from './evaluation/metrics/index.js';
export * from './training/index.js';
export * from './evaluation/predict/index.js';
export * from './evaluation/explain/index.js';
export * from './evaluation/audit/index.js';
