export { readKeras } from './readKeras.js';
export { readKerasShards } from './readKerasShards.js';
export { writeKeras } from './writeKeras.js';
export { writeKerasWeights } from './writeKerasWeights.js';
