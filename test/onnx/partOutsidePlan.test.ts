import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import { mbConv } from '../../src/layers/index.js';
import { efficientNet, type EfficientNetOptions } from '../../src/models/index.js';
import { variantPlanOf } from '../../src/models/internal.js';
import { partOutsidePlan } from '../../src/onnx/internal.js';
import { weightsOf } from '../../src/weights/index.js';
import { fillModel } from '../support/fillModel.js';
import { SMALL } from '../support/transformersExport.js';
import { startWasm } from '../support/wasm.js';

beforeAll(startWasm);

async function part(options: EfficientNetOptions): Promise<string | undefined> {
  const model = efficientNet(SMALL, { classes: 3, ...options } as EfficientNetOptions);
  fillModel(model, 1);
  return partOutsidePlan('exportTransformers', model, variantPlanOf(model)!, await weightsOf(model));
}

test('a network of the library is exactly its plan', async () => {
  expect(await part({})).toBe(undefined);
  expect(await part({ activation: 'relu6', normalization: 'none', padding: 'symmetric' })).toBe(undefined);
});

test('a custom activation without weights is found by name', async () => {
  expect(await part({ activation: (x, { name }) => tfl.layers.reLU({ name }).apply(x) as tfl.SymbolicTensor })).toBe('stem_activation');
});

test('an attention that is left out is found by the layer that follows it', async () => {
  expect(await part({ attention: (x) => x })).toBe('block1a_project_conv');
});

test('a skip connection that is left out is found by the operator that follows it', async () => {
  expect(await part({ block: (x, spec, parts) => mbConv(x, { ...spec, skip: false }, parts) })).toBe('block5a_expand_conv');
});
