// The kernels' face to TypeScript. They work on addresses of the backend's memory, allocate nothing and hold no static data:
// an AssemblyScript heap or string would lie over TensorFlow.js' own.

export { convolutionFilterGradient, convolutionInputGradient, convolutionScratch } from './convolution';
export { depthwiseFilterGradient, depthwiseFilterScratch } from './depthwiseFilter';
export { depthwiseInputGradient, depthwiseInputScratch } from './depthwiseInput';
export { batchNormScratch, moments, normalize, normalizeGradient } from './batchNorm';
export { excite, exciteGradient, exciteScratch, exciteSums, gate, gateGradient, gateScratch } from './excite';
export { normAct, normActFloats } from './normAct';
export { pointwiseGradient, pointwiseGradientScratch, pointwiseNormAct, pointwiseScratch } from './pointwise';
export { finite } from './finite';
export { sumRows, sumRowsScratch } from './sumRows';
export { swish, swishGradient } from './swish';
export { adamUpdate, momentumUpdate } from './updates';
