import * as tfl from '@tensorflow/tfjs-layers';
import type { ActivationPartSpec, AttentionPartSpec, NormalizationPartSpec } from '../../../src/index.js';
import type { BaseCalls } from './baseCall.js';

const features = (): tfl.SymbolicTensor => tfl.input({ shape: [8, 8, 4] });

const normAct = { activation: 'relu', padding: 'symmetric', batchNormMomentum: 0.9, batchNormEpsilon: 0.01 } as const;
const block = {
  ...normAct,
  filters: 4,
  kernelSize: 3,
  strides: 1,
  expandRatio: 2,
  expandFrom: 4,
  seRatio: 0.25,
  skip: true,
  depthwiseName: 'dwconv',
} as const;
const normActParts = {
  seed: 1,
  activation: (x: tfl.SymbolicTensor, { name }: ActivationPartSpec) =>
    tfl.layers.activation({ activation: 'tanh', name }).apply(x) as tfl.SymbolicTensor,
  normalization: (x: tfl.SymbolicTensor, { name }: NormalizationPartSpec) =>
    tfl.layers.batchNormalization({ name }).apply(x) as tfl.SymbolicTensor,
};
const parts = {
  ...normActParts,
  attention: (x: tfl.SymbolicTensor, { name }: AttentionPartSpec) =>
    tfl.layers.activation({ activation: 'linear', name: `${name}_attention` }).apply(x) as tfl.SymbolicTensor,
};

export const layersCalls: BaseCalls = {
  batchNormalization: { args: () => [{ name: 'norm', momentum: 0.9, epsilon: 0.01, center: true, scale: true, trainable: true }] },
  convNormAct: { args: () => [features(), { ...normAct, name: 'conv', filters: 4, kernelSize: 3, strides: 2 }, normActParts] },
  depthwiseNormAct: { args: () => [features(), { ...normAct, name: 'depthwise', kernelSize: 3, strides: 2 }, normActParts] },
  dropout: { args: () => [{ name: 'dropped', rate: 0.2, seed: 1 }] },
  fusedMBConv: { args: () => [features(), { ...block, name: 'fused', dropRate: 0.1 }, parts] },
  head: {
    args: () => [features(), { classes: 3, classifierActivation: 'linear', pooling: 'max', dropoutRate: 0.1, hidden: [4] }, { seed: 1 }],
  },
  mbConv: { args: () => [features(), { ...block, name: 'plain', dropRate: 0.1 }, parts] },
  squeezeExcite: { args: () => [features(), { name: 'squeeze', reducedFilters: 2, activation: 'relu' }, normActParts] },
  stage: {
    args: () => [
      features(),
      { ...block, name: 'stage', block: 'mbConv', repeats: 2, dropRates: [0, 0.1] },
      {
        ...parts,
        block: (x: tfl.SymbolicTensor, { name }: { readonly name: string }) =>
          tfl.layers.activation({ activation: 'linear', name: `${name}_own` }).apply(x) as tfl.SymbolicTensor,
      },
    ],
  },
  stem: { args: () => [features(), { ...normAct, name: 'entry', filters: 4 }, normActParts] },
  stochasticDepth: { args: () => [{ name: 'deep', rate: 0.2, seed: 1 }] },
  varianceScaling: { args: () => [{ scale: 2, mode: 'fanOut', distribution: 'uniform', seed: 1 }] },
};
