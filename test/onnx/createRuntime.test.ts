// Models on ONNX Runtime: what goes in and out, and what is refused.

import { fromBinary, toBinary } from '@bufbuild/protobuf';
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import * as onnxruntime from 'onnxruntime-node';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { ImageBatch } from '../../src/data/index.js';
import { classify, evaluate, warmup } from '../../src/evaluation/predict/index.js';
import { efficientNet, featureExtractor, setClassNames } from '../../src/models/index.js';
import { createRuntime, exportOnnx, type OnnxRuntimeModule } from '../../src/onnx/index.js';
import { ModelProtoSchema } from '../../src/onnx/proto/onnx_pb.js';
import { VARIANTS } from '../../src/scaling/index.js';
import { trainHead } from '../../src/training/index.js';
import { fillModel } from '../support/fillModel.js';
import { expectNoLeak } from '../support/leaks.js';
import { startWasm } from '../support/wasm.js';

let model: tfl.LayersModel;

beforeAll(async () => {
  await startWasm();
  model = efficientNet({ ...VARIANTS.b0, widthCoefficient: 0.25, depthCoefficient: 0.5, inputSize: 64 }, { classes: 2 });
  fillModel(model, 2);
  setClassNames(model, ['cat', 'dog']);
});

describe('createRuntime', () => {
  test('a runtime has the shape of its input and the names of its outputs', async () => {
    const runtime = await createRuntime(model);
    expect(runtime.inputShape).toEqual([null, 64, 64, 3]);
    expect(runtime.outputNames).toEqual(['predictions']);
    expect(runtime.classNames).toEqual(['cat', 'dog']);
    await runtime.dispose();
  });

  test('run takes and returns typed arrays without a tensor', async () => {
    const runtime = await createRuntime(model, { threads: 1 });
    const before = tf.memory().numTensors;
    const { predictions } = await runtime.run(new Float32Array(2 * 64 * 64 * 3).fill(99), [2, 64, 64, 3]);
    expect(tf.memory().numTensors).toBe(before);
    expect(predictions!.shape).toEqual([2, 2]);
    expect(predictions!.values[0]! + predictions!.values[1]!).toBeCloseTo(1, 5);
  });

  test('a model with several outputs returns several tensors', async () => {
    const runtime = await createRuntime(featureExtractor(model, ['reduction_3', 'predictions']));
    const outputs = (await runtime.predict(tf.zeros([1, 64, 64, 3]))) as tf.Tensor[];
    expect(outputs.map(({ shape }) => shape)).toEqual([
      [1, 8, 8, 16],
      [1, 2],
    ]);
  });

  test('evaluate accepts a runtime in place of a model', async () => {
    const batch = (): { xs: tf.Tensor4D; ys: tf.Tensor }[] => [
      { xs: tf.randomUniform([6, 64, 64, 3], 0, 255, 'float32', 'x'), ys: tf.tensor1d([0, 1, 0, 1, 1, 1], 'int32') },
    ];
    const [own, theirs] = [await evaluate(model, batch() as never), await evaluate(await createRuntime(model), batch() as never)];
    expect([...theirs.predictions.probabilities]).toBeAllclose([...own.predictions.probabilities], { tolerance: 1e-5 });
  });

  test('trainHead computes its features with a runtime, and trains to the same weights', async () => {
    const batches = async function* (): AsyncGenerator<ImageBatch> {
      for (const seed of [1, 2])
        yield await Promise.resolve({
          xs: tf.randomUniform([4, 64, 64, 3], 0, 255, 'float32', String(seed)),
          ys: tf.oneHot([0, 1, 0, 1], 2),
        });
    };
    const runtime = vi.fn((features: tfl.LayersModel) => createRuntime(features, { threads: 1 }));
    const settings = { classNames: ['cat', 'dog'], epochs: 3, seed: 1, learningRate: 0.01 };
    const spec = { ...VARIANTS.b0, widthCoefficient: 0.25, depthCoefficient: 0.5, inputSize: 64 };
    const histories = [];
    for (const place of [{}, { runtime }]) {
      const backbone = efficientNet(spec, { includeTop: false });
      fillModel(backbone, 2);
      histories.push(
        (
          await trainHead(backbone, { train: batches(), preprocessing: { inputSize: 64, fit: 'stretch' }, ...settings, ...place })
        ).history.map(({ loss }) => loss),
      );
    }
    expect(runtime).toHaveBeenCalledOnce();
    expect(histories[1]).toBeAllclose(histories[0]!, { tolerance: 1e-4 });
  });

  test('threads that wait leave their core with `spinning: false`, and the results stay the same', async () => {
    const create = vi.fn((bytes: Uint8Array, options: object) => onnxruntime.InferenceSession.create(bytes, options));
    const observed = { Tensor: onnxruntime.Tensor, InferenceSession: { create } } as unknown as OnnxRuntimeModule;
    const images = tf.randomUniform([2, 64, 64, 3], 0, 255, 'float32', 'spinning');
    const results = [];
    for (const spinning of [true, false]) {
      const runtime = await createRuntime(model, { threads: 2, spinning, onnxruntime: observed });
      const probabilities = (await runtime.predict(images)) as tf.Tensor;
      results.push(await probabilities.data());
      probabilities.dispose();
      await runtime.dispose();
    }
    images.dispose();
    expect(results[1]).toEqual(results[0]);
    const settings = create.mock.calls.map(([, options]) => JSON.stringify(options).includes('"allow_spinning":"0"'));
    expect(settings).toEqual([false, true]);
  });

  test('classify and warmup accept a runtime', async () => {
    const runtime = await createRuntime(model);
    const picture = { width: 80, height: 70, channels: 3, data: Uint8Array.from({ length: 80 * 70 * 3 }, (_, i) => (i * 7) % 256) };
    const [[mine], [theirs]] = [await classify(model, picture), await classify(runtime, picture)];
    expect(theirs).toEqual({ ...mine, probability: expect.closeTo(mine!.probability, 5) as number });
    expect(theirs!.className).toMatch(/cat|dog/);
    expect(await warmup(runtime, { batchSize: 2 })).toBeGreaterThan(0);
  });

  test('predicting leaks no tensor', async () => {
    const runtime = await createRuntime(model);
    await expectNoLeak(async () => {
      const images = tf.zeros([1, 64, 64, 3], 'int32');
      tf.dispose([images, await runtime.predict(images)]);
    });
  });

  test('both packages of ONNX Runtime have the type of the option', () => {
    const node: OnnxRuntimeModule = onnxruntime;
    expect(node.Tensor).toBeTypeOf('function');
  });

  test('a wrong size, rank or number of values is refused', async () => {
    const runtime = await createRuntime(model);
    await expect(runtime.predict(tf.zeros([1, 32, 32, 3]))).rejects.toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: predict: expected images [null, 64, 64, 3], received [1, 32, 32, 3]. Resize them to the model's input.]`,
    );
    await expect(runtime.predict(tf.zeros([64, 64, 3]))).rejects.toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: predict: expected images [null, 64, 64, 3], received [64, 64, 3]. Resize them to the model's input.]`,
    );
    await expect(runtime.run(new Float32Array(5), [1, 64, 64, 3])).rejects.toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: run: expected values for shape [1, 64, 64, 3], received 5.]`,
    );
  });

  test('a disposed runtime refuses to predict, and can be disposed again', async () => {
    const runtime = await createRuntime(model, { threads: 1 });
    expect(runtime.isDisposed).toBe(false);
    await runtime.dispose();
    await runtime.dispose();
    expect(runtime.isDisposed).toBe(true);
    await expect(evaluate(runtime, [])).rejects.toThrow('evaluate: expected a model in use for `model`, received one that is disposed.');
    const images = tf.zeros([1, 64, 64, 3]);
    await expect(runtime.predict(images)).rejects.toThrow('predict: expected a runtime in use, received one that was disposed.');
    await expect(runtime.run(new Float32Array(64 * 64 * 3), [1, 64, 64, 3])).rejects.toThrow('run: expected a runtime in use');
    images.dispose();
    await expect(runtime.predict(images)).rejects.toThrow('predict: expected a tensor of numbers that is not disposed for `images`');
  });

  test('an ONNX file may be an ArrayBuffer', async () => {
    const bytes = await exportOnnx(model);
    const runtime = await createRuntime(bytes.slice().buffer);
    expect(runtime.inputShape).toEqual([null, 64, 64, 3]);
    await runtime.dispose();
  });

  test('an error blames the device that fails to start, not the model', async () => {
    const failing = (message: string): OnnxRuntimeModule => ({
      Tensor: onnxruntime.Tensor,
      InferenceSession: { create: () => Promise.reject(new Error(message)) },
    });
    for (const message of [
      'OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library',
      'no available backend found. ERR: [dml] backend not found.',
      'Failed to get a WebGPU adapter: No supported adapters\n',
    ]) {
      const error: unknown = await createRuntime(model, { device: 'cuda', onnxruntime: failing(message) }).catch((cause: unknown) => cause);
      expect(error).toMatchObject({ name: 'BackendError' });
      expect((error as Error).message).toBe(
        `createRuntime: expected a device ONNX Runtime has here for \`device\`, received 'cuda': ${message.trim().replace(/\.$/, '')}.`,
      );
    }
  });

  test('bytes that are not a model are refused', async () => {
    const bytes = await exportOnnx(model);
    await expect(createRuntime(new Uint8Array([1, 2, 3]))).rejects.toThrowErrorMatchingInlineSnapshot(
      `[DataError: createRuntime: expected the bytes of an ONNX file for \`model\`, received 3 other bytes. The file is damaged or no ONNX file.]`,
    );
    await expect(createRuntime(new Uint8Array(0))).rejects.toThrow(
      /^createRuntime: expected the bytes of an ONNX file for `model`, received an empty file\. Copy or download it again\.$/,
    );
    await expect(createRuntime(bytes.subarray(0, bytes.length / 2))).rejects.toThrow(/^createRuntime: expected the bytes of an ONNX file/);
    await expect(createRuntime(new TextEncoder().encode('<!DOCTYPE html><html></html>'))).rejects.toThrow(
      /, received a web page\. Servers send one if the file is not at that URL\.$/,
    );
    // Whole as a message, but a weight has lost its numbers.
    const scrambled = bytes.slice();
    scrambled.set(new TextEncoder().encode('Vonc'), new TextDecoder('latin1').decode(bytes).indexOf('Conv'));
    await expect(createRuntime(scrambled)).rejects.toThrow(
      /^createRuntime: expected a model that ONNX Runtime supports for `model`, received one that it refuses: .*Vonc/,
    );
  });

  test('the preprocessing of a file is checked, and that of another tool is ignored', async () => {
    const bytes = await exportOnnx(model);
    const saying = (value: (record: Record<string, unknown>) => string): Uint8Array => {
      const file = fromBinary(ModelProtoSchema, bytes);
      const entry = file.metadataProps.find(({ key }) => key === 'preprocessing')!;
      entry.value = value(JSON.parse(entry.value) as Record<string, unknown>);
      return toBinary(ModelProtoSchema, file);
    };
    const damaged = (change: object): Promise<unknown> => createRuntime(saying((record) => JSON.stringify({ ...record, ...change })));
    await expect(damaged({ fit: 'squash' })).rejects.toThrow(
      "createRuntime: the preprocessing in the metadata of the ONNX file is damaged: expected one of 'stretch', 'crop', 'pad', 'resizeCrop', 'resizePad' for `fit`, received 'squash'.",
    );
    await expect(damaged({ inputSize: 'large' })).rejects.toThrow(
      "damaged: expected a positive integer or [height, width] for `inputSize`, received 'large'.",
    );
    await expect(damaged({ gamma: 2 })).rejects.toThrow('received `gamma`');
    await expect(damaged({ inputSize: [96, 96] })).rejects.toThrow(
      "createRuntime: expected the input size of the ONNX file's `preprocessing` for its input [null, 64, 64, 3], received [96, 96].",
    );
    for (const foreign of ['resize 64, then divide by 255', '{"mean": [0.5]}', '[1, 2]', 'null', '']) {
      expect((await createRuntime(saying(() => foreign))).preprocessing).toBeUndefined();
    }
  });

  test('options are checked', async () => {
    await expect(createRuntime(model, { threads: 0 })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[OptionError: createRuntime: expected a positive integer for \`threads\`, received 0.]`,
    );
    await expect(createRuntime(model, { device: 'tpu' as never })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[OptionError: createRuntime: expected one of 'cpu', 'wasm', 'webgpu', 'webgl', 'webnn', 'cuda', 'dml', 'coreml' for \`device\`, received 'tpu'.]`,
    );
    await expect(createRuntime(model, { device: 'coreml' })).rejects.toThrow(
      /^createRuntime: expected a device ONNX Runtime has here for `device`, received 'coreml'/,
    );
    await expect(createRuntime('b0.onnx' as never)).rejects.toThrowErrorMatchingInlineSnapshot(
      `[OptionError: createRuntime: expected a layers model or the bytes of an ONNX file for \`model\`, received 'b0.onnx'. Read the file: \`await readFile(path)\` with \`readFile\` of 'node:fs/promises'.]`,
    );
    await expect(createRuntime(new URL('https://example.com/b0.onnx') as never)).rejects.toThrow(
      /received an instance of URL\. Fetch its bytes: `await \(await fetch\(url\)\)\.arrayBuffer\(\)`\.$/,
    );
    await expect(createRuntime(model, { onnxruntime: {} as never })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[OptionError: createRuntime: expected a package of ONNX Runtime for \`onnxruntime\`, received {  }.]`,
    );
  });

  test('an error names the package that cannot be loaded or has to be passed', async () => {
    vi.doMock('onnxruntime-node', () => {
      throw new Error('no engine for this processor');
    });
    await expect(createRuntime(model)).rejects.toMatchObject({ name: 'MissingPackageError', package: 'onnxruntime-node', installed: true });
    vi.doUnmock('onnxruntime-node');
    vi.stubGlobal('process', undefined);
    await expect(createRuntime(model)).rejects.toThrowErrorMatchingInlineSnapshot(
      `[BackendError: createRuntime: expected ONNX Runtime for \`onnxruntime\`, received none. Run \`npm install onnxruntime-web\` and give \`await import('onnxruntime-web')\`.]`,
    );
    vi.unstubAllGlobals();
  });
});
