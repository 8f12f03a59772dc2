// Exported models answer as the layers models they came from, on ONNX Runtime itself.

import { fromBinary } from '@bufbuild/protobuf';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { batchNormalization, convNormAct, head, mbConv, stage, stem } from '../../src/layers/index.js';
import {
  efficientNet,
  featureExtractor,
  foldBatchNorm,
  replaceHead,
  setClassNames,
  type EfficientNetOptions,
} from '../../src/models/index.js';
import { createRuntime, exportOnnx, type ExportOnnxOptions } from '../../src/onnx/index.js';
import { ModelProtoSchema, type GraphProto, type ModelProto } from '../../src/onnx/proto/onnx_pb.js';
import { planModel, VARIANTS, type Variant, type VariantSpec } from '../../src/scaling/index.js';
import { weightsOf } from '../../src/weights/index.js';
import { fillModel } from '../support/fillModel.js';
import { expectNoLeak } from '../support/leaks.js';
import { startWasm } from '../support/wasm.js';

const small = (variant: Variant): VariantSpec => ({ ...VARIANTS[variant], widthCoefficient: 0.25, depthCoefficient: 0.5, inputSize: 64 });
const TINY = small('b0');
const V2 = small('v2-s');

const read = (bytes: Uint8Array): ModelProto => fromBinary(ModelProtoSchema, bytes);

/** The largest difference between model and export, as a share of the answers' range, over all outputs. */
async function difference(model: tfl.LayersModel, options: { shape?: number[]; bytes?: Uint8Array } = {}): Promise<number> {
  const [, height, width, channels] = model.inputs[0]!.shape;
  const x = tf.randomUniform(options.shape ?? [2, height!, width!, channels!], 0, 255, 'float32', 'pixels');
  const runtime = await createRuntime(options.bytes ?? (await exportOnnx(model)), { threads: 1 });
  const [expected, received] = [[model.predict(x)].flat(), [await runtime.predict(x)].flat()];
  expect(received.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
  let largest = 0;
  for (const [i, output] of expected.entries()) {
    const [a, b] = [await output.data(), await received[i]!.data()];
    const range = Math.max(...a) - Math.min(...a);
    expect(range).toBeGreaterThan(0);
    for (let k = 0; k < a.length; k++) largest = Math.max(largest, Math.abs(a[k]! - b[k]!) / range);
  }
  tf.dispose([x, expected, received]);
  await runtime.dispose();
  return largest;
}

function filled(spec: Variant | VariantSpec, options: Exclude<EfficientNetOptions, { readonly includeTop: false }>): tfl.LayersModel {
  const model = efficientNet(spec, { classes: 7, classifierActivation: 'linear', ...options });
  fillModel(model, 2);
  return model;
}

beforeAll(startWasm);

describe('exportOnnx', () => {
  test.each<[string, VariantSpec, EfficientNetOptions]>([
    ['V1', TINY, {}],
    ['V1 with symmetric zeros', TINY, { padding: 'symmetric' }],
    ['V1 without normalization', TINY, { normalization: 'none' }],
    ['V1 with softmax', TINY, { classifierActivation: 'softmax' }],
    ['V1 of an odd rectangle', TINY, { inputSize: [65, 97] }],
    ['V1 with leaky ReLU', TINY, { activation: 'leakyRelu' }],
    ['V1 with hard swish', TINY, { activation: 'hardSwish' }],
    ['V1 of one channel', TINY, { inputChannels: 1, normalization: { mean: 0.4, std: 0.2 } }],
    ['Lite', small('lite0'), {}],
    ['V2', V2, {}],
    ['EdgeTPU', small('edgetpu-s'), {}],
    ['features', TINY, { includeTop: false }],
    ['pooled features', TINY, { includeTop: false, pooling: 'max' }],
  ])('%s answers the same', async (_, spec, options) => {
    const model = efficientNet(spec, options.includeTop === false ? options : { classes: 7, classifierActivation: 'linear', ...options });
    // Gain 2 doubles V2's residual stream block by block, until rounding is all one would compare.
    fillModel(model, spec === V2 ? 1 : 2);
    expect(await difference(model)).toBeLessThan(1e-5);
  });

  test.each(['b0', 'lite0'] as const)('%s at its default input size gives the same outputs', async (variant) => {
    expect(await difference(filled(variant, { classes: 1000 }), { shape: [1, 224, 224, 3] })).toBeLessThan(1e-4);
  });

  test('a network without a fixed input size takes any size', async () => {
    const model = filled(TINY, { inputSize: null });
    const bytes = await exportOnnx(model);
    expect(await difference(model, { bytes, shape: [1, 65, 97, 3] })).toBeLessThan(1e-5);
    expect(await difference(model, { bytes, shape: [3, 64, 64, 3] })).toBeLessThan(1e-5);
  });

  test('feature maps are named after their layers, with channels last', async () => {
    const model = featureExtractor(filled(TINY, {}), ['reduction_2', 'reduction_4', 'top_activation', 'predictions']);
    expect(await difference(model)).toBeLessThan(1e-5);
    const { graph } = read(await exportOnnx(model));
    expect(graph!.output.map(({ name }) => name)).toEqual(model.outputs.map(({ sourceLayer }) => sourceLayer.name));
  });

  test('custom stages, a nested model and two heads give the same outputs', async () => {
    const input = tfl.input({ shape: [33, 33, 3], name: 'picture' });
    const trunk = mbConv(stage(stem(input, { filters: 8 }), { name: 'own', repeats: 2, filters: 8, kernelSize: 5 }), {
      name: 'last',
      filters: 16,
      strides: 2,
    });
    const top = tfl.input({ shape: [9, 9, 16] });
    const classify = tfl.model({
      inputs: top,
      outputs: head(convNormAct(top, { name: 'mix', filters: 12 }), { classes: 3, hidden: [5] }),
      name: 'classifier',
    });
    const both = tfl.layers
      .concatenate({ name: 'both' })
      .apply([trunk, tfl.layers.maxPooling2d({ poolSize: 3, strides: 1, padding: 'same' }).apply(trunk) as tfl.SymbolicTensor]);
    const flat = tfl.layers.flatten().apply(tfl.layers.averagePooling2d({ poolSize: 2 }).apply(both)) as tfl.SymbolicTensor;
    const box = tfl.layers.dense({ units: 4, activation: 'sigmoid', name: 'box' }).apply(flat) as tfl.SymbolicTensor;
    const model = tfl.model({ inputs: input, outputs: [classify.apply(trunk) as tfl.SymbolicTensor, box] });
    fillModel(model, 2);
    expect(await difference(model)).toBeLessThan(1e-5);
    const { graph } = read(await exportOnnx(model));
    expect(graph!.output.map(({ name }) => name)).toEqual(['classifier', 'box']);
    expect(graph!.node.map(({ name }) => name)).toContain('classifier/mix_conv');
  });

  test('a normalization whose convolution has other readers is kept', async () => {
    const input = tfl.input({ shape: [8, 8, 3] });
    const shared = tfl.layers.conv2d({ filters: 4, kernelSize: 3, useBias: false, name: 'shared' }).apply(input) as tfl.SymbolicTensor;
    const normed = batchNormalization({ name: 'bn' }).apply(shared) as tfl.SymbolicTensor;
    const twice = batchNormalization({ name: 'bn2' }).apply(tfl.layers.reLU().apply(normed)) as tfl.SymbolicTensor;
    const model = tfl.model({ inputs: input, outputs: tfl.layers.add().apply([shared, twice]) as tfl.SymbolicTensor });
    fillModel(model, 1);
    expect(await difference(model)).toBeLessThan(1e-5);
  });

  test('new heads and folded models are exported too', async () => {
    const model = replaceHead(filled(TINY, {}), { classes: 3, pooling: 'max', hidden: [6], dropoutRate: 0.1 });
    expect(await difference(model)).toBeLessThan(1e-5);
    expect(await difference(await foldBatchNorm(model))).toBeLessThan(1e-5);
  });

  test('the graph has no operators that fold, pad or reshape during inference', async () => {
    const { graph } = read(await exportOnnx(filled(small('lite0'), { padding: 'symmetric' })));
    const operators = graph!.node.map(({ opType }) => opType);
    expect([...new Set(operators)].sort()).toEqual(['Add', 'Clip', 'Conv', 'Flatten', 'Gemm', 'GlobalAveragePool', 'Transpose']);
    // The squeeze-and-excitation of V1 pools to a map at once: one flattening only, before the classifier.
    const v1 = read(await exportOnnx(filled(TINY, {}))).graph!.node.map(({ opType }) => opType);
    expect(v1.filter((name) => ['Flatten', 'Reshape', 'Squeeze'].includes(name))).toEqual(['Flatten']);
  });

  test('the mean is folded into the bias without padding, and subtracted before padding otherwise', async () => {
    const network = (padding: 'valid' | 'same'): tfl.LayersModel => {
      const input = tfl.input({ shape: [9, 9, 2] });
      const scaled = tfl.layers.rescaling({ scale: [0.5, 2] as never, offset: [1, -3] as never }).apply(input);
      const model = tfl.model({
        inputs: input,
        outputs: tfl.layers.conv2d({ filters: 3, kernelSize: 3, padding, name: 'conv' }).apply(scaled) as tfl.SymbolicTensor,
      });
      fillModel(model, 1);
      return model;
    };
    for (const [padding, operators] of [
      ['valid', ['Transpose', 'Conv', 'Transpose']],
      ['same', ['Transpose', 'Add', 'Conv', 'Transpose']],
    ] as const) {
      expect(await difference(network(padding))).toBeLessThan(1e-5);
      expect(read(await exportOnnx(network(padding))).graph!.node.map(({ opType }) => opType)).toEqual(operators);
    }
  });

  test('operators are named after their layers', async () => {
    const model = filled(TINY, { classifierActivation: 'softmax' });
    const names = read(await exportOnnx(model)).graph!.node.map(({ name }) => name);
    const gone = /^(input_layer|rescaling|.*_bn|.*_drop|top_dropout|.*_se_reshape|.*_se_squeeze)$/;
    for (const { name } of model.layers) if (!gone.test(name)) expect(names).toContain(name);
  });

  test('the file contains the classes, the preprocessing and a variable batch size', async () => {
    const model = filled(TINY, { classes: 2 });
    setClassNames(model, ['cat', 'dog']);
    const { metadataProps, graph, opsetImport } = read(await exportOnnx(model));
    const metadata = Object.fromEntries(metadataProps.map(({ key, value }) => [key, JSON.parse(value) as unknown]));
    expect(metadata['classes']).toEqual(['cat', 'dog']);
    expect(metadata['preprocessing']).toEqual({
      inputSize: [64, 64],
      fit: 'crop',
      cropFraction: 64 / 96,
      margins: 'ceil',
      fillValue: 0,
      interpolation: 'bicubic',
      antialias: false,
      resampler: 'tensorflow',
      layout: 'NHWC',
      color: 'RGB',
      range: [0, 255],
    });
    expect(graph!.input[0]!.type!.value.value!.shape!.dim.map(({ value }) => value.value)).toEqual(['batch', 64n, 64n, 3n]);
    expect(opsetImport[0]!.version).toBe(17n);
  });

  test.each([
    ['float16', 0.6, 5e-3],
    ['int8', 0.4, 5e-2],
  ] as const)('kernels stored as %s make the file smaller and hardly change the answers', async (dtype, share, tolerance) => {
    const model = filled(TINY, {});
    const [full, small] = [await exportOnnx(model), await exportOnnx(model, { dtype })];
    const bytesOf = (file: Uint8Array): number => read(file).graph!.initializer.reduce((sum, { rawData }) => sum + rawData.length, 0);
    expect(bytesOf(small)).toBeLessThan(share * bytesOf(full));
    const changed = await difference(model, { bytes: small });
    expect(changed).toBeLessThan(tolerance);
    expect(changed).toBeGreaterThan(0);
  });

  test('int8 kernels have a scale for each output channel, and engines get them from operators that are computed once', async () => {
    const model = filled(TINY, { classes: 5 });
    const [full, small] = [read(await exportOnnx(model)).graph!, read(await exportOnnx(model, { dtype: 'int8' })).graph!];
    const floats = (graph: GraphProto, name: string): Float32Array =>
      new Float32Array(graph.initializer.find((tensor) => tensor.name === name)!.rawData.slice().buffer);
    for (const [kernel, axis, run] of [
      ['top_conv/kernel', 0, undefined],
      ['predictions/kernel', 1, 1],
    ] as const) {
      const { dims, rawData } = small.initializer.find(({ name }) => name === `${kernel}/int8`)!;
      const channels = Number(dims[axis]);
      const values = floats(full, kernel);
      const length = run ?? values.length / channels;
      const largest = Array.from({ length: channels }, (_, channel) =>
        Math.max(...values.filter((_value, i) => Math.floor(i / length) % channels === channel).map(Math.abs)),
      );
      expect([...floats(small, `${kernel}/scale`)]).toEqual(largest.map((value) => Math.fround(value / 127)));
      const steps = new Int8Array(rawData.slice().buffer);
      expect(Math.max(...steps.map(Math.abs))).toBe(127);
      const makers = small.node.filter(({ output: [name] }) => name === kernel || name === `${kernel}/whole`);
      expect(makers.map(({ opType }) => opType)).toEqual(['Cast', 'Mul']);
    }
  });

  test('a network that computes in float16 takes and returns float32, and gives nearly the same outputs', async () => {
    const input = tfl.input({ shape: [16, 16, 3] });
    const larger = tfl.layers.upSampling2d({ size: [2, 2] }).apply(convNormAct(input, { name: 'first', filters: 8 })) as tfl.SymbolicTensor;
    for (const model of [
      filled(TINY, { classes: 5 }),
      tfl.model({ inputs: input, outputs: head(larger, { classes: 3, classifierActivation: 'linear' }) }),
    ]) {
      const bytes = await exportOnnx(model, { compute: 'float16' });
      const graph = read(bytes).graph!;
      expect([...graph.input, ...graph.output].map(({ type }) => type!.value.value!.elemType)).toEqual([1, 1]);
      expect(graph.node.filter(({ opType }) => opType === 'Cast')).toHaveLength(2);
      expect(graph.initializer.filter(({ name, dataType }) => dataType === 1 && !name.endsWith('/scales'))).toEqual([]);
      const changed = await difference(model, { bytes });
      expect(changed).toBeLessThan(2e-2);
      expect(changed).toBeGreaterThan(0);
    }
  });

  test('an error names the weight that float16 cannot store', async () => {
    const input = tfl.input({ shape: [300] });
    const kernelOf = (value: number): tfl.LayersModel =>
      tfl.model({
        inputs: input,
        outputs: tfl.layers
          .dense({ units: 1, name: 'wide', kernelInitializer: tfl.initializers.constant({ value }) })
          .apply(input) as tfl.SymbolicTensor,
      });
    for (const options of [{ dtype: 'float16' }, { compute: 'float16' }] as const) {
      await expect(exportOnnx(kernelOf(65520), options)).rejects.toThrow(
        "exportOnnx: expected numbers that float16 can store, at most 65504, in 'wide/kernel', received 65520. Write them with `dtype: 'float32'`.",
      );
      await exportOnnx(kernelOf(65519), options);
    }
  });

  test('an option without effect is refused', async () => {
    const model = filled(TINY, {});
    const onnxruntime = await import('onnxruntime-node');
    for (const options of [{}, { compute: 'float16' }, { dtype: 'int8' }] as const) {
      await expect(exportOnnx(model, { ...options, onnxruntime })).rejects.toThrow(
        "exportOnnx: expected no `onnxruntime` without `compute: 'int8'`, received one. It only runs the calibration.",
      );
    }
    const planned = { plan: planModel(TINY), arrays: await weightsOf(model) };
    await expect(exportOnnx(planned, { converters: { ReLU: () => 'x' } })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[OptionError: exportOnnx: expected nothing for a plan, which has no layers to convert, for \`converters\`, received { ReLU }.]`,
    );
  });

  test('weights are stored in the data type of the computation by default', async () => {
    const model = filled(TINY, {});
    await expect(exportOnnx(model, { compute: 'float16', dtype: 'float32' })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[OptionError: exportOnnx: expected 'float16' with \`compute: 'float16'\` for \`dtype\`, received 'float32'.]`,
    );
    const isSame = async (a: ExportOnnxOptions, b: ExportOnnxOptions): Promise<boolean> =>
      Buffer.from(await exportOnnx(model, a)).equals(await exportOnnx(model, b));
    expect(await isSame({ compute: 'float16', dtype: 'float16' }, { compute: 'float16' })).toBe(true);
    expect(await isSame({ compute: 'float32', dtype: 'float32' }, {})).toBe(true);
    expect(await isSame({ compute: 'float16' }, { dtype: 'float16' })).toBe(false);
  });

  test('leaks no tensor', async () => {
    const model = filled(TINY, {});
    await expectNoLeak(() => exportOnnx(model));
  });

  test('an error names the layer whose converter returns the name of no tensor in the graph', async () => {
    const input = tfl.input({ shape: [8, 8, 3] });
    const model = tfl.model({ inputs: input, outputs: tfl.layers.reLU({ name: 'act' }).apply(input) as tfl.SymbolicTensor });
    await expect(exportOnnx(model, { converters: { ReLU: () => 'nope' } })).rejects.toThrow(
      "exportOnnx: expected the converter of 'ReLU' to return the name of a tensor in the graph for 'act', received 'nope'. Return what `node` returned.",
    );
    await expect(exportOnnx(model, { converters: { ReLU: ({ node, name }) => node('Relu', name, ['nope']) } })).rejects.toThrow(
      "exportOnnx: expected the names of tensors in the graph for the inputs of 'act', which the converter of 'ReLU' adds, received 'nope'.",
    );
  });

  test('an error names the layer that ONNX cannot express', async () => {
    class Own extends tfl.layers.Layer {
      static readonly className = 'Own';
    }
    const input = tfl.input({ shape: [8, 8, 3] });
    const last = (layer: tfl.layers.Layer): tfl.LayersModel =>
      tfl.model({ inputs: input, outputs: layer.apply(input) as tfl.SymbolicTensor });
    await expect(exportOnnx(last(new Own({ name: 'mine' })))).rejects.toThrowErrorMatchingInlineSnapshot(
      `[OptionError: exportOnnx: expected layers that ONNX export supports for \`model\`, received 'mine' of class Own. Pass a converter of your own in \`converters\`, compose it of stock layers, or export the part before it with featureExtractor.]`,
    );
    await expect(exportOnnx(last(tfl.layers.activation({ activation: 'mish', name: 'act' })))).rejects.toThrowErrorMatchingInlineSnapshot(
      `[OptionError: exportOnnx: expected layers that ONNX export supports for \`model\`, received 'act' of activation 'mish'. Pass a converter of your own in \`converters\`, compose it of stock layers, or export the part before it with featureExtractor.]`,
    );
    await expect(exportOnnx(last(tfl.layers.permute({ dims: [2, 1, 3], name: 'swap' })))).rejects.toThrowErrorMatchingInlineSnapshot(
      `[OptionError: exportOnnx: expected layers that ONNX export supports for \`model\`, received 'swap' of class Permute. Pass a converter of your own in \`converters\`, compose it of stock layers, or export the part before it with featureExtractor.]`,
    );
    await expect(exportOnnx(last(tfl.layers.flatten()), { dtype: 'float8' as never })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[OptionError: exportOnnx: expected one of 'float32', 'float16', 'int8' for \`dtype\`, received 'float8'.]`,
    );
    await expect(exportOnnx(null as never)).rejects.toThrowErrorMatchingInlineSnapshot(
      `[OptionError: exportOnnx: expected a layers model, or { plan, arrays }, for \`model\`, received null.]`,
    );
  });
});
