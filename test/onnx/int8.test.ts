// Exports with whole numbers: close to the float32 ones, quantized as engines expect, and refused where they would be slower.

import { fromBinary } from '@bufbuild/protobuf';
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ImageBatch } from '../../src/data/index.js';
import { efficientNet } from '../../src/models/index.js';
import { createRuntime, exportOnnx } from '../../src/onnx/index.js';
import { ModelProtoSchema, type GraphProto, type TensorProto } from '../../src/onnx/proto/onnx_pb.js';
import { VARIANTS } from '../../src/scaling/index.js';
import { fillModel } from '../support/fillModel.js';
import { expectNoLeak } from '../support/leaks.js';
import { startWasm } from '../support/wasm.js';

const SIZE = 64;
let lite: tfl.LayersModel;

beforeAll(async () => {
  await startWasm();
  lite = efficientNet(
    { ...VARIANTS.lite0, widthCoefficient: 0.25, depthCoefficient: 0.5, inputSize: SIZE },
    { classes: 7, classifierActivation: 'linear' },
  );
  fillModel(lite, 2);
});

const pictures = (seed: number): tf.Tensor4D => tf.randomUniform([4, SIZE, SIZE, 3], 0, 255, 'float32', String(seed));

async function* batches(count: number): AsyncGenerator<ImageBatch> {
  for (let i = 0; i < count; i++) yield await Promise.resolve({ xs: pictures(i), ys: tf.zeros([4, 7]) });
}

async function answers(bytes: Uint8Array): Promise<Float32Array> {
  const runtime = await createRuntime(bytes, { threads: 1 });
  const pixels = pictures(99);
  const { predictions } = await runtime.run((await pixels.data()) as Float32Array, pixels.shape);
  pixels.dispose();
  await runtime.dispose();
  return predictions!.values;
}

const graphOf = (bytes: Uint8Array): GraphProto => fromBinary(ModelProtoSchema, bytes).graph!;
const constant = (graph: GraphProto, name: string): TensorProto => graph.initializer.find((tensor) => tensor.name === name)!;
const floats = ({ rawData }: TensorProto): Float32Array => new Float32Array(rawData.slice().buffer);

describe("exportOnnx with `compute: 'int8'`", () => {
  test('the file has a quarter of the size and gives nearly the same outputs', async () => {
    const [full, small] = [await exportOnnx(lite), await exportOnnx(lite, { compute: 'int8', calibration: batches(3) })];
    const [expected, received] = [await answers(full), await answers(small)];
    const range = Math.max(...expected) - Math.min(...expected);
    const largest = Math.max(...expected.map((value, i) => Math.abs(value - received[i]!)));
    expect(largest / range).toBeLessThan(0.1);
    expect(largest).toBeGreaterThan(0);
    const bytesOf = (file: Uint8Array): number => graphOf(file).initializer.reduce((sum, { rawData }) => sum + rawData.length, 0);
    expect(bytesOf(small)).toBeLessThan(0.45 * bytesOf(full));
  });

  test('every convolution and the classifier take uint8 maps, and int8 weights with a scale for each output channel', async () => {
    const graph = graphOf(await exportOnnx(lite, { compute: 'int8', calibration: batches(1) }));
    const makers = new Map(graph.node.map((node) => [node.output[0], node]));
    const weighted = graph.node.filter(({ opType }) => opType === 'Conv' || opType === 'Gemm');
    expect(weighted).not.toHaveLength(0);
    for (const node of weighted) {
      const [data, weights] = node.input.map((tensor) => makers.get(tensor)!);
      expect(data!.opType).toBe('DequantizeLinear');
      expect(weights!.opType).toBe('DequantizeLinear');
      const [values, scale, zeros] = weights!.input.map((name) => constant(graph, name));
      expect(values!.dataType).toBe(3);
      expect(scale!.dims).toEqual([values!.dims[node.opType === 'Conv' ? 0 : 1]]);
      expect(zeros!.rawData.every((byte) => byte === 0)).toBe(true);
    }
  });

  test('no weight is off by more than half a step of its channel, and the largest of a channel is exact', async () => {
    const [full, small] = [graphOf(await exportOnnx(lite)), graphOf(await exportOnnx(lite, { compute: 'int8', calibration: batches(1) }))];
    for (const name of ['stem_conv/kernel', 'block2a_dwconv/kernel', 'top_conv/kernel']) {
      const exact = floats(constant(full, name));
      const scales = floats(constant(small, `${name}/scale`));
      const steps = new Int8Array(constant(small, `${name}/quantized`).rawData.slice().buffer);
      const run = exact.length / scales.length;
      exact.forEach((value, i) => {
        expect(Math.abs(value - steps[i]! * scales[Math.floor(i / run)]!)).toBeLessThanOrEqual(0.5001 * scales[Math.floor(i / run)]!);
      });
      scales.forEach((_, channel) => {
        expect(Math.max(...steps.subarray(channel * run, (channel + 1) * run).map(Math.abs))).toBe(127);
      });
    }
  });

  test('zero is exact on every feature map, and feature maps of ReLU6 end at 6', async () => {
    const graph = graphOf(await exportOnnx(lite, { compute: 'int8', calibration: batches(2) }));
    const clipped = graph.node.filter(({ opType }) => opType === 'Clip');
    expect(clipped).not.toHaveLength(0);
    for (const { output } of clipped) {
      expect(constant(graph, `${output[0]!}/zero_point`).rawData[0]).toBe(0);
      expect(floats(constant(graph, `${output[0]!}/scale`))[0]! * 255).toBeLessThanOrEqual(6.0001);
    }
  });

  test('calibrating disposes the batches and leaks nothing', async () => {
    await expectNoLeak(() => exportOnnx(lite, { compute: 'int8', calibration: batches(2) }));
  });

  test('swish and squeeze-and-excitation are refused, and so is int8 without images', async () => {
    const v1 = efficientNet({ ...VARIANTS.b0, widthCoefficient: 0.25, depthCoefficient: 0.5, inputSize: SIZE }, { classes: 2 });
    await expect(exportOnnx(v1, { compute: 'int8', calibration: batches(1) })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[OptionError: exportOnnx: expected a network of ReLU or ReLU6 without squeeze-and-excitation, such as 'lite0', for \`compute: 'int8'\`, received one with 'stem_activation/sigmoid'. Its activations would be computed in float32 between int8 convolutions, and take longer than they save. To make the file smaller, export it with \`dtype: 'int8'\` or \`dtype: 'float16'\`.]`,
    );
    await expect(exportOnnx(lite, { compute: 'int8' })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[OptionError: exportOnnx: expected batches of images with \`compute: 'int8'\` and none without for \`calibration\`, received undefined.]`,
    );
    await expect(exportOnnx(lite, { calibration: batches(1) })).rejects.toThrow(
      /^exportOnnx: expected batches of images with `compute: 'int8'` and none without/,
    );
    await expect(exportOnnx(lite, { compute: 'int8', calibration: batches(0) })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[DataError: exportOnnx: expected at least one batch for \`calibration\`, received none. The dataset is empty, or was already read.]`,
    );
    await expect(exportOnnx(lite, { compute: 'int8', calibration: [] as never })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[OptionError: exportOnnx: expected batches of { xs, ys } for \`calibration\`, received [].]`,
    );
  });
});
