// Reads the golden files, which were printed by the real frameworks (test/fixtures/golden/*.py).

import { readFileSync } from 'node:fs';
import type { VariantSpec } from '../../src/scaling/index.js';

/** A network of a PyTorch library, with weights computed from their names. */
export interface TorchGolden {
  readonly model: string;
  readonly layout: 'lukemelas' | 'timm' | 'torchvision';
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly padding: 'same' | 'symmetric';
  readonly batchNormEpsilon: number;
  readonly gain: number;
  readonly input: { readonly seed: string; readonly shape: readonly number[]; readonly scale: number };
  readonly tensors: readonly (readonly [name: string, shape: readonly number[]])[];
  readonly trainableParams: number;
  readonly logits: readonly number[];
}

export function readTorchGolden(name: string): TorchGolden {
  return JSON.parse(readFileSync(new URL(`../fixtures/golden/torch/${name}.json`, import.meta.url), 'utf8')) as TorchGolden;
}

/** timm's smallest network (`test_efficientnet`), with every type of block. */
export const TIMM_TEST: VariantSpec = {
  widthCoefficient: 1,
  depthCoefficient: 1,
  inputSize: 160,
  dropoutRate: 0,
  stemFilters: 24,
  topFilters: 256,
  fixedEnds: true,
  stages: [
    { block: 'fusedMBConv', repeats: 1, kernelSize: 3, strides: 1, expandRatio: 1, filters: 16 },
    { block: 'fusedMBConv', repeats: 1, kernelSize: 3, strides: 2, expandRatio: 4, filters: 24 },
    { block: 'fusedMBConv', repeats: 1, kernelSize: 3, strides: 2, expandRatio: 4, filters: 32 },
    { repeats: 1, kernelSize: 3, strides: 2, expandRatio: 4, filters: 48, seRatio: 0.25 },
    { repeats: 1, kernelSize: 3, strides: 2, expandRatio: 4, filters: 64, seRatio: 0.25 },
  ],
};
