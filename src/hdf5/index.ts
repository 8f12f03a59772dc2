export { readKeras } from './readKeras.js';
