export { readKeras } from './readKeras.js';
export { writeKeras } from './writeKeras.js';
export { writeKerasWeights } from './writeKerasWeights.js';
