// The exported kernels. They work on addresses in the backend's memory, allocate no memory and contain no static data,
// because an AssemblyScript heap or string would overwrite TensorFlow.js' data.

export { convolutionFilterGradient, convolutionInputGradient, convolutionScratch } from './convolution';
export { depthwiseGradient, depthwiseGradientScratch } from './depthwiseGradient';
export { depthwiseNormAct, depthwiseNormActScratch } from './depthwise';
export { batchNormScratch, moments, normalize, normalizeGradient } from './batchNorm';
export { addByChannel, byChannelScratch, multiplyByChannel } from './byChannel';
export { excite, exciteGradient, exciteScratch, exciteSums, gate, gateGradient, gateScratch } from './excite';
export { normAct, normActFloats } from './normAct';
export { pointwiseGradient, pointwiseGradientScratch, pointwiseNormAct, pointwiseScratch } from './pointwise';
export { finite } from './finite';
export { addFloats } from './floats';
export { sumRows, sumRowsScratch } from './sumRows';
export { swish, swishGradient } from './swish';
export { adamUpdate, descentUpdate, momentumUpdate } from './updates';
