// An export of Teachable Machine: opened with its range and its class names, classified with, saved, opened again, and exported to ONNX.

import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import { classify } from '../../src/evaluation/predict/index.js';
import { classNamesOf } from '../../src/models/index.js';
import { loadModel, saveModel } from '../../src/node/weights/index.js';
import { selectBackend } from '../../src/node/backends/index.js';
import { createRuntime, exportOnnx } from '../../src/onnx/index.js';
import { inputPixels } from '../support/fill.js';
import { teachableMachine, type TeachableExport } from '../support/teachableMachine.js';

const LABELS = ['cat', 'dog', 'hen'];
// pixels / 127 - 1, as @teachablemachine/image has it: `capture` in libraries/image/src/utils/tf.ts.
const RANGE = { mean: 127 / 255, std: 127 / 255 } as const;
const SIZE = 64;
let exported: { model: tfl.LayersModel; files: TeachableExport };
let folder: string;

/** The layers of MobileNetV2, few of them. */
function mobilenet(): tfl.LayersModel {
  const input = tfl.input({ shape: [SIZE, SIZE, 3] });
  let x = tfl.layers
    .zeroPadding2d({
      padding: [
        [0, 1],
        [0, 1],
      ],
    })
    .apply(input);
  x = tfl.layers.conv2d({ filters: 8, kernelSize: 3, strides: 2, useBias: false, name: 'Conv1' }).apply(x);
  x = tfl.layers.batchNormalization({ axis: 3, epsilon: 1e-3, name: 'bn_Conv1' }).apply(x);
  x = tfl.layers.reLU({ maxValue: 6 }).apply(x);
  x = tfl.layers.depthwiseConv2d({ kernelSize: 3, padding: 'same', useBias: false, name: 'expanded_conv_depthwise' }).apply(x);
  x = tfl.layers.batchNormalization({ axis: 3, epsilon: 1e-3, name: 'expanded_conv_depthwise_BN' }).apply(x);
  x = tfl.layers.reLU({ maxValue: 6, name: 'out_relu' }).apply(x);
  return tfl.model({ inputs: input, outputs: x as tfl.SymbolicTensor });
}

const image = {
  data: Uint8ClampedArray.from(inputPixels({ seed: 'photo', shape: [SIZE, SIZE, 3], scale: 255.99 })),
  width: SIZE,
  height: SIZE,
  channels: 3,
} as const;

/** What Teachable Machine's own library answers: pixels / 127 - 1, and the model of TensorFlow.js. */
let expected: Float32Array;

async function write(files: Partial<TeachableExport>): Promise<string> {
  const target = await mkdtemp(path.join(tmpdir(), 'effnet-'));
  await Promise.all(Object.entries(files).map(([name, content]) => writeFile(path.join(target, name), content)));
  return target;
}

beforeAll(async () => {
  await selectBackend(['wasm']);
  exported = await teachableMachine(mobilenet(), LABELS);
  folder = await write(exported.files);
  const x = tf.tensor4d(
    Float32Array.from(image.data, (pixel) => pixel / 127 - 1),
    [1, SIZE, SIZE, 3],
  );
  const y = exported.model.predict(x) as tf.Tensor;
  expected = (await y.data()) as Float32Array;
  tf.dispose([x, y]);
});

async function probabilities(source: Parameters<typeof classify>[0]): Promise<number[]> {
  const answers = await classify(source, image, { preprocessing: { inputSize: SIZE, fit: 'stretch' } });
  expect(answers.map(({ className }) => className).sort()).toEqual(LABELS);
  return answers.sort((a, b) => a.index - b.index).map(({ probability }) => probability);
}

test('accepts RGB in [0, 255] and has class names, also after saving and loading without options', async () => {
  const before = tf.memory().numTensors;
  const model = await loadModel(folder, { normalization: RANGE });
  expect(await probabilities(model)).toBeAllclose(expected, { tolerance: 1e-6 });

  const target = path.join(await mkdtemp(path.join(tmpdir(), 'effnet-')), 'saved');
  await saveModel(model, target);
  const back = await loadModel(target);
  expect(await probabilities(back)).toBeAllclose(expected, { tolerance: 1e-6 });
  await expect(loadModel(target, { normalization: RANGE })).rejects.toThrow(
    'loadModel: expected none for `normalization`, received { mean, std }. The model was loaded with one before it was saved. The saved model contains it.',
  );
  model.dispose();
  back.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test('without the option it expects its training range, so predictions for [0, 255] differ', async () => {
  const model = await loadModel(folder);
  expect(classNamesOf(model)).toEqual(LABELS);
  const wrong = await probabilities(model);
  expect(Math.max(...wrong.map((value, i) => Math.abs(value - expected[i]!)))).toBeGreaterThan(0.01);
});

test('ONNX Runtime gives the same predictions for [0, 255]', async () => {
  const runtime = await createRuntime(await exportOnnx(await loadModel(folder, { normalization: RANGE })));
  expect(await probabilities(runtime)).toBeAllclose(expected, { tolerance: 1e-5 });
  await runtime.dispose();
});

test('opens from a server, with a query for every file, and from selected files', async () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const content = exported.files[path.basename((request.url ?? '').split('?')[0]!) as keyof TeachableExport] as
      string | Uint8Array | undefined;
    response.writeHead(content === undefined ? 404 : 200).end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/shared/model.json?key=1`;
    expect(await probabilities(await loadModel(url, { normalization: RANGE }))).toBeAllclose(expected, { tolerance: 1e-6 });
    expect(asked.sort()).toEqual(['/shared/metadata.json?key=1', '/shared/model.json?key=1', '/shared/weights.bin?key=1']);
    await expect(loadModel(url.replace('model.json', 'other.json'))).rejects.toThrow(
      /^loadModel: expected a saved model at 'http.*other\.json\?key=1', received nothing: the server answered 404 Not Found\.$/,
    );
  } finally {
    server.close();
  }
  const files = Object.entries(exported.files).map(([name, content]) => new File([content as BlobPart], name));
  expect(await probabilities(await loadModel(files, { normalization: RANGE }))).toBeAllclose(expected, { tolerance: 1e-6 });
  await expect(loadModel(files.slice(0, 1))).rejects.toThrow(
    "loadModel: expected the weight file 'weights.bin' beside 'model.json', received nothing: it is not among the 1 chosen files.",
  );
  await expect(loadModel(files.slice(1, 2))).rejects.toThrow(/expected files of one model: its model\.json and its weights for `source`/);
});

test('opens exports of older TensorFlow.js versions, whose Sequential is a list', async () => {
  const json = JSON.parse(exported.files['model.json'] as string) as { modelTopology: { config: { layers: object[] } | object[] } };
  json.modelTopology.config = (json.modelTopology.config as { layers: object[] }).layers;
  const old = await write({ ...exported.files, 'model.json': JSON.stringify(json) });
  expect(await probabilities(await loadModel(old, { normalization: RANGE }))).toBeAllclose(expected, { tolerance: 1e-6 });
});

test("the normalization 'none' changes nothing, so another can be set later", async () => {
  const target = path.join(await mkdtemp(path.join(tmpdir(), 'effnet-')), 'saved');
  await saveModel(await loadModel(folder, { normalization: 'none' }), target);
  expect(await probabilities(await loadModel(target, { normalization: RANGE }))).toBeAllclose(expected, { tolerance: 1e-6 });
});

test('labels of another model are rejected, and other files with that name are not read', async () => {
  const other = await write({ ...exported.files, 'metadata.json': JSON.stringify({ labels: ['cat', 'dog'] }) });
  await expect(loadModel(other)).rejects.toThrow(
    'loadModel: expected 3 class names, one per output, received 2. They belong to another model: correct or remove the metadata.json beside the model.',
  );
  for (const text of ['{ "keras_version": "3.15.1" }', 'no JSON', '{ "labels": [] }']) {
    expect(classNamesOf(await loadModel(await write({ ...exported.files, 'metadata.json': text })))).toBeUndefined();
  }
});

test('an invalid normalization is rejected before anything is built', async () => {
  await expect(loadModel(folder, { normalization: { mean: [0, 0], std: 1 } })).rejects.toThrow(
    'loadModel: expected one number or 3 for `normalization.mean`, received [0, 0].',
  );
  await expect(loadModel(folder, { normalization: 'half' as never })).rejects.toThrow(
    "loadModel: expected 'imagenet', 'none' or { mean, std } for `normalization`, received 'half'.",
  );
  await expect(loadModel(folder, { normalize: RANGE } as never)).rejects.toThrow(
    'loadModel: expected the option `normalization`, received `normalize`.',
  );
  const vector = tfl.sequential({ layers: [tfl.layers.dense({ inputShape: [4], units: 2 })] });
  let saved: tf.io.ModelArtifacts | undefined;
  await vector.save(
    tf.io.withSaveHandler(async (artifacts) => {
      saved = artifacts;
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } });
    }),
  );
  await expect(loadModel(tf.io.fromMemory(saved!), { normalization: RANGE })).rejects.toThrow(
    'loadModel: expected a model of one input [batch, height, width, channels] with `normalization`, received [null, 4]. Leave the option out.',
  );
});
