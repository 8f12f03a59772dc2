// The ONNX files of an export for transformers.js, on ONNX Runtime itself.

import { fromBinary } from '@bufbuild/protobuf';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import * as onnxruntime from 'onnxruntime-node';
import { beforeAll, expect, test } from 'vitest';
import { planOf } from '../../src/models/index.js';
import { transformersOnnx, type TransformersDtype } from '../../src/onnx/internal.js';
import { ModelProtoSchema } from '../../src/onnx/proto/onnx_pb.js';
import type { ModelPlan } from '../../src/scaling/index.js';
import { weightArray, weightsOf } from '../../src/weights/index.js';
import { clothesClassifier } from '../support/transformersExport.js';
import { startWasm } from '../support/wasm.js';

const [MEAN, STD] = [
  [0.485, 0.456, 0.406],
  [0.229, 0.224, 0.225],
] as const;

beforeAll(startWasm);

async function exported(model: LayersModel, dtype: TransformersDtype): Promise<Uint8Array> {
  return transformersOnnx('exportTransformers', planOf(model) as ModelPlan, await weightsOf(model), dtype);
}

/** The logits for normalized pixels with channels first, which a preprocessor makes of the pixels of the model. */
async function logitsOf(file: Uint8Array, pixels: Float32Array): Promise<number[]> {
  const plane = 64 * 64;
  const values = Float32Array.from({ length: 2 * 3 * plane }, (_, i) => {
    const [image, channel, place] = [Math.floor(i / (3 * plane)), Math.floor(i / plane) % 3, i % plane];
    return (pixels[(image * plane + place) * 3 + channel]! / 255 - MEAN[channel]!) / STD[channel]!;
  });
  const session = await onnxruntime.InferenceSession.create(file, { intraOpNumThreads: 1 });
  const { logits } = await session.run({ pixel_values: new onnxruntime.Tensor('float32', values, [2, 3, 64, 64]) });
  await session.release();
  expect(logits!.dims).toEqual([2, 10]);
  return [...(logits!.data as Float32Array)];
}

test.each([
  ['float32', 1e-5],
  ['float16', 2e-2],
  ['int8', 1e-1],
] as const)('%s: normalized pixels with channels first give the logits of the model', async (dtype, tolerance) => {
  const model = clothesClassifier(undefined, { classifierActivation: 'linear' });
  const x = tf.randomUniform([2, 64, 64, 3], 0, 255, 'float32', 'pixels');
  const y = model.predict(x) as tf.Tensor;
  const [pixels, expected] = [(await x.data()) as Float32Array, [...(await y.data())]];
  tf.dispose([x, y]);
  const range = Math.max(...expected) - Math.min(...expected);
  const received = await logitsOf(await exported(model, dtype), pixels);
  expect(received).toBeAllclose(expected, { tolerance: tolerance * range });
  expect(received).not.toEqual(expected);
});

test('softmax is left out, and inputs and outputs have the names and shapes of transformers', async () => {
  const [linear, softmax] = [clothesClassifier(undefined, { classifierActivation: 'linear' }), clothesClassifier()];
  for (const dtype of ['float32', 'float16', 'int8'] as const) {
    const file = await exported(softmax, dtype);
    expect(Buffer.from(file).equals(await exported(linear, dtype))).toBe(true);
    const { graph, metadataProps } = fromBinary(ModelProtoSchema, file);
    const described = [...graph!.input, ...graph!.output].map(({ name, type }) => {
      const { elemType, shape } = type!.value.value as { elemType: number; shape: { dim: { value: { value: unknown } }[] } };
      return { name, elemType, shape: shape.dim.map(({ value }) => value.value) };
    });
    expect(described).toEqual([
      { name: 'pixel_values', elemType: 1, shape: ['batch', 3n, 64n, 64n] },
      { name: 'logits', elemType: 1, shape: ['batch', 10n] },
    ]);
    expect(graph!.node.map(({ opType }) => opType)).not.toContain('Transpose');
    expect(metadataProps.map(({ key }) => key)).not.toContain('preprocessing');
  }
});

test('an error for a weight beyond float16 names the option', async () => {
  const model = clothesClassifier();
  const arrays = new Map(await weightsOf(model));
  const { shape } = arrays.get('predictions/kernel')!;
  arrays.set('predictions/kernel', weightArray(shape, new Float32Array(shape[0]! * shape[1]!).fill(65520)));
  const plan = planOf(model) as ModelPlan;
  expect(() => transformersOnnx('exportTransformers', plan, arrays, 'float16')).toThrowErrorMatchingInlineSnapshot(
    `[WeightsError: exportTransformers: expected numbers that float16 can store, at most 65504, in 'predictions/kernel', received 65520. Leave 'float16' out of \`dtypes\`.]`,
  );
  expect(transformersOnnx('exportTransformers', plan, arrays, 'int8').length).toBeGreaterThan(0);
});
