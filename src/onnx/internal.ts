export { partOutsidePlan } from './partOutsidePlan.js';
export { transformersOnnx, type TransformersDtype } from './transformersOnnx.js';
