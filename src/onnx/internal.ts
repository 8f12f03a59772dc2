export { operatorOutsidePlan } from './operatorOutsidePlan.js';
export { transformersOnnx, type TransformersForm } from './transformersOnnx.js';
