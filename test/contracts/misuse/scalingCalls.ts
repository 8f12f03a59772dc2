import { planModel } from '../../../src/index.js';
import type { BaseCalls } from './baseCall.js';

const normAct = { activation: 'relu', padding: 'symmetric', batchNormMomentum: 0.9, batchNormEpsilon: 0.01 } as const;
const mbConv = {
  ...normAct,
  name: 'block',
  filters: 8,
  kernelSize: 3,
  strides: 2,
  expandRatio: 4,
  expandFrom: 8,
  seRatio: 0.25,
  skip: true,
  depthwiseName: 'dwconv2',
} as const;

const stage = {
  block: 'mbConv',
  repeats: 1,
  kernelSize: 3,
  strides: 2,
  expandRatio: 1,
  filters: 8,
  seRatio: 0.25,
  skip: true,
  expandFrom: 8,
} as const;
const own = {
  widthCoefficient: 1,
  depthCoefficient: 1,
  inputSize: 32,
  dropoutRate: 0.2,
  dropConnectRate: 0.1,
  stages: [stage],
  stemFilters: 8,
  topFilters: 8,
  fixedEnds: false,
  minShare: 0.9,
  activation: 'relu',
  batchNormMomentum: 0.9,
  batchNormEpsilon: 0.01,
  normalization: { mean: 0.5, std: [0.5, 0.5, 0.5] },
  depthwiseName: 'dwconv',
} as const;

export const scalingCalls: BaseCalls = {
  describePlan: { args: () => [planModel('b0')] },
  planFusedMBConv: { args: () => [[32, 32, 8], { ...mbConv, dropRate: 0.1 }] },
  planMBConv: { args: () => [[32, 32, 8], { ...mbConv, dropRate: 0.1 }] },
  planModel: {
    args: () => [
      own,
      {
        ...normAct,
        name: 'own',
        includeTop: true,
        classes: 3,
        classifierActivation: 'linear',
        inputSize: [64, 32],
        inputChannels: 3,
        dropoutRate: 0.1,
        dropConnectRate: 0.1,
        normalization: { mean: [0.5, 0.5, 0.5], std: 0.5 },
      },
    ],
  },
  planStage: { args: () => [[32, 32, 8], { ...mbConv, block: 'fusedMBConv', repeats: 2, dropRates: [0, 0.1] }] },
  roundFilters: { args: () => [32, 1.1, { divisor: 8, minFilters: 8, minShare: 0.9 }] },
  roundRepeats: { args: () => [4, 1.1] },
};
