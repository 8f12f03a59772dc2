// What TensorFlow 2.21.0 computes for the network of probeNet.ts; written by test/fixtures/backends/probe.py.

/** Inference: pooled features [2, 8] and probabilities [2, 4]. */
export const FEATURES = [
  -0.4579619, 0.307158, 0.3890038, 0.7664661, -0.4527222, -0.175825, 0.4482051, 0.3951601, -0.4237813, 0.3586037, 0.3663343, 0.7070788,
  -0.4213505, -0.09775334, 0.4131468, 0.3759923,
];

export const PROBABILITIES = [0.1582315, 0.4082733, 0.2191508, 0.2143443, 0.1646043, 0.4123248, 0.2163064, 0.2067645];

/** Training: the loss, and of each gradient its norm and its first two values. */
export const LOSS = 1.741061;

export const GRADIENTS: Readonly<Record<string, readonly number[]>> = {
  'stem_conv/kernel': [1.017905, 0.1131939, -0.1103445],
  'stem_bn/gamma': [0.2603647, -0.01720814, -0.03285242],
  'stem_bn/beta': [0.325972, 0.0158385, -0.02970835],
  'expand_conv/kernel': [0.4772828, -0.0332673, -0.03792039],
  'expand_bn/gamma': [0.03468705, 0.003126692, 0.001518049],
  'expand_bn/beta': [0.05538958, 0.006128045, -0.0007487102],
  'dwconv/depthwise_kernel': [0.6969173, -0.00883652, -0.003657797],
  'dw_bn/gamma': [0.1785381, -0.03054338, -0.007373007],
  'dw_bn/beta': [0.04110808, 0.00499305, 0.00452563],
  'se_reduce/kernel': [0.01859002, 0.002249169, -0.0002122364],
  'se_reduce/bias': [0.0117417, -0.01166174, -0.001367951],
  'se_expand/kernel': [0.02483997, -0.0009425768, -0.001365662],
  'se_expand/bias': [0.06309278, -0.004808515, -2.985448e-5],
  'project_conv/kernel': [0.6931788, -0.03741352, -0.03634048],
  'project_bn/gamma': [0.1455949, 0.05301008, -0.005852532],
  'project_bn/beta': [0.6830699, -0.09422752, -0.09422758],
  'predictions/kernel': [0.5823804, 0.08344907, 0.01469281],
  'predictions/bias': [0.5880351, -0.2442862, 0.4031704],
};
