// Logits of PyTorch networks whose weights are filled by name, through a safetensors file written here.

import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { selectBackend } from '../../src/node/backends/index.js';
import { efficientNet } from '../../src/models/index.js';
import type { Variant, VariantSpec } from '../../src/scaling/index.js';
import { loadWeights, readSafetensors, weightArray, weightsOf, writeSafetensors } from '../../src/weights/index.js';
import { fillTorch, inputPixels } from '../support/fill.js';
import { readTorchGolden, TIMM_TEST, type TorchGolden } from '../support/golden.js';

beforeAll(() => selectBackend(['wasm']));

/** The file the library of a golden would have written. */
function torchFile({ tensors, gain }: TorchGolden): Uint8Array {
  return writeSafetensors(new Map(tensors.map(([name, shape]) => [name, weightArray(shape, fillTorch(name, shape, gain))])));
}

function build({ mean, std, padding, batchNormEpsilon }: TorchGolden, variant: Variant | VariantSpec) {
  return efficientNet(variant, { classifierActivation: 'linear', normalization: { mean, std }, padding, batchNormEpsilon });
}

test.each<[string, Variant | VariantSpec]>([
  ['lukemelas-efficientnet-b0', 'b0'],
  ['timm-tf_efficientnet_b0', 'b0'],
  ['timm-tf_efficientnet_lite0', 'lite0'],
  ['timm-efficientnet_b0', 'b0'],
  ['torchvision-efficientnet_b0', 'b0'],
  ['timm-tf_efficientnetv2_b0', 'v2-b0'],
  ['timm-test_efficientnet', TIMM_TEST],
])('%s gives the logits of PyTorch within 1e-4 of their range', async (file, variant) => {
  const golden = readTorchGolden(file);
  const model = build(golden, variant);
  const bytes = torchFile(golden);
  const report = await loadWeights(model, bytes);
  expect(report.layout).toBe(golden.layout);
  expect(report.loaded.length + report.skipped.length).toBe(golden.tensors.length);

  const input = tf.tensor4d(inputPixels(golden.input), golden.input.shape as [number, number, number, number]);
  const output = model.predict(input) as tf.Tensor;
  const logits = [...(await output.data())];
  const range = Math.max(...golden.logits) - Math.min(...golden.logits);
  expect(logits).toBeAllclose(golden.logits, { tolerance: 1e-4 * range });

  // And out again: the same file, but for the counters, which are no weights.
  const back = readSafetensors(writeSafetensors(await weightsOf(model, { layout: golden.layout })));
  const counted = [...readSafetensors(bytes)].filter(([name]) => !name.endsWith('num_batches_tracked'));
  expect([...back.keys()].sort()).toEqual(counted.map(([name]) => name).sort());
  for (const [name, array] of counted) {
    expect(back.get(name)!.shape, name).toEqual(array.shape);
    expect(Buffer.compare(bytesOf(back.get(name)!.values()), bytesOf(array.values())), name).toBe(0);
  }
  tf.dispose([input, output]);
  model.dispose();
});

const bytesOf = (values: Float32Array): Uint8Array => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
