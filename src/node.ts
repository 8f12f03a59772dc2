// The Node entry: a superset of the isomorphic one.

export * from './index.js';
