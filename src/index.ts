// The isomorphic entry: everything that runs in Node and in a browser alike.

export { BackendError, DataError, EffnetError, isEffnetError, OptionError, ShapeError, WeightsError } from './core/index.js';
export type { Progress, ProgressListener, WeightsMismatch } from './core/index.js';
