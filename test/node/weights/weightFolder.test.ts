import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readWeightFile } from '../../../src/node/weights/index.js';
import { preprocessingOf } from '../../../src/image/index.js';
import {
  classNamesOf,
  efficientNet,
  setClassNames,
  setPreprocessing,
  setUnknownThreshold,
  unknownThresholdOf,
} from '../../../src/models/index.js';
import { VARIANTS } from '../../../src/scaling/index.js';
import { loadWeights, readWeights, weightArray, weightsOf, writeSafetensors } from '../../../src/weights/index.js';

const fixture = (name: string): string => fileURLToPath(new URL(`../../fixtures/weights/${name}`, import.meta.url));
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'effnet-shards-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Writes files into a new folder and returns its path. */
function folderWith(files: Readonly<Record<string, string | Uint8Array>>): string {
  const path = mkdtempSync(join(folder, 'case-'));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(path, name, '..'), { recursive: true });
    writeFileSync(join(path, name), content);
  }
  return path;
}

const refusal = async (source: string | Uint8Array): Promise<string> =>
  readWeightFile(source).then(
    () => 'read',
    (error: unknown) => String(error).replaceAll(/\/\S*case-\w+/g, 'FOLDER'),
  );

const array = (value: number) => weightArray([1], Float32Array.of(value));
const first = writeSafetensors(
  new Map([
    ['a', array(1)],
    ['b', array(2)],
  ]),
);
const second = writeSafetensors(new Map([['c', array(3)]]));
const index = (map: object): string => JSON.stringify({ metadata: { total_size: 12 }, weight_map: map });
const both = index({ c: 'model-2.safetensors', a: 'model-1.safetensors', b: 'model-1.safetensors' });

describe('sharded weights', () => {
  test('safetensors shards load from the index and from its folder, in the order of the index', async () => {
    const path = folderWith({ 'model.safetensors.index.json': both, 'model-1.safetensors': first, 'model-2.safetensors': second });
    for (const source of [path, join(path, 'model.safetensors.index.json')]) {
      const arrays = await readWeightFile(source);
      expect([...arrays].map(([name, shard]) => [name, ...shard.values()])).toEqual([
        ['c', 3],
        ['a', 1],
        ['b', 2],
      ]);
    }
  });

  test('the preprocessing, class names and threshold of a model survive in shards or in their index', async () => {
    await tf.setBackend('cpu');
    const variant = { ...VARIANTS.b0, widthCoefficient: 0.1, depthCoefficient: 0.3 };
    const classNames = ['cat', 'dog'];
    const model = efficientNet(variant, { classes: 2, inputSize: 32 });
    setClassNames(model, classNames);
    setPreprocessing(model, { inputSize: 32, fit: 'crop', interpolation: 'bicubic' });
    setUnknownThreshold(model, 0.625);
    const arrays = await weightsOf(model);
    const notes = { preprocessing: arrays.preprocessing, classNames: arrays.classNames, unknownThreshold: 0.625 };
    const halves = [[...arrays].slice(0, 20), [...arrays].slice(20)];
    const map = Object.fromEntries(halves.flatMap((half, i) => half.map(([name]) => [name, `model-${i}.safetensors`])));
    const shard = (half: (typeof halves)[number] = [], own = {}): Uint8Array => writeSafetensors(Object.assign(new Map(half), own));
    const strings = { preprocessing: JSON.stringify(notes.preprocessing), classes: JSON.stringify(classNames), unknownThreshold: '0.625' };
    for (const [own, metadata] of [
      [notes, { total_size: 12 }],
      [{}, { total_size: 12, ...strings }],
    ] as const) {
      const path = folderWith({
        'model.safetensors.index.json': JSON.stringify({ metadata, weight_map: map }),
        'model-0.safetensors': shard(halves[0]),
        'model-1.safetensors': shard(halves[1], own),
      });
      const read = await readWeightFile(path);
      expect({ preprocessing: read.preprocessing, classNames: read.classNames, unknownThreshold: read.unknownThreshold }).toEqual(notes);
      const loaded = efficientNet(variant, { classes: 2, inputSize: 32 });
      await loadWeights(loaded, read);
      expect([classNamesOf(loaded), preprocessingOf(loaded)]).toEqual([classNames, preprocessingOf(model)]);
      expect(unknownThresholdOf(loaded)).toBe(0.625);
      loaded.dispose();
    }
    model.dispose();
  });

  test('PyTorch shards load in the same way', async () => {
    const path = folderWith({ 'pytorch_model.bin.index.json': index({ 'state_dict.weight': 'x.bin', 'conv.slice': 'y.bin' }) });
    cpSync(fixture('safe-loader.pth'), join(path, 'x.bin'));
    cpSync(fixture('state.pth'), join(path, 'y.bin'));
    const arrays = await readWeightFile(path);
    expect([...arrays.keys()].slice(0, 2)).toEqual(['state_dict.weight', 'conv.slice']);
    expect([...arrays.keys()]).toContain('state_dict.bias');
  });

  test('a folder with one file of a known name loads', async () => {
    expect((await readWeightFile(folderWith({ 'config.json': '{}', 'model.safetensors': first }))).size).toBe(2);
  });

  test('an error names a shard that is missing, damaged or of another model', async () => {
    const name = 'model.safetensors.index.json';
    expect(await refusal(folderWith({ [name]: both, 'model-1.safetensors': first }))).toMatchInlineSnapshot(
      `"WeightsError: readWeightFile: 'FOLDER/model.safetensors.index.json' names the shard 'model-2.safetensors', which does not exist. Copy or download all 2 shards into its folder."`,
    );
    expect(
      await refusal(folderWith({ [name]: both, 'model-1.safetensors': first.slice(0, -1), 'model-2.safetensors': second })),
    ).toMatchInlineSnapshot(
      `"WeightsError: readWeightFile: the shard 'model-1.safetensors' of 'FOLDER/model.safetensors.index.json' cannot be read: 'b' ends at byte 8 of the data, the file has 7. It is truncated or damaged."`,
    );
    expect(await refusal(folderWith({ [name]: both, 'model-1.safetensors': first, 'model-2.safetensors': first }))).toMatchInlineSnapshot(
      `"WeightsError: readWeightFile: expected 'c' in the shard 'model-2.safetensors', as 'FOLDER/model.safetensors.index.json' says, received a shard without it. The shard is damaged or of another model."`,
    );
    expect(await refusal(folderWith({ [name]: '{"weight_map":{}}' }))).toMatchInlineSnapshot(
      `"WeightsError: readWeightFile: 'FOLDER/model.safetensors.index.json' names no shard."`,
    );
  });

  test.each(['../model-1.safetensors', '/etc/passwd', 'C:\\x', 'a/../../x', ''])(
    'a shard named %j does not lead outside the folder',
    async (shard) => {
      expect(await refusal(folderWith({ 'model.safetensors.index.json': index({ a: shard }) }))).toContain(
        'names a file outside its folder',
      );
    },
  );

  test('the error for the bytes of an index says how to load the shards', async () => {
    expect(await refusal(Buffer.from(both))).toMatchInlineSnapshot(
      `"WeightsError: readWeightFile: expected a file of safetensors, PyTorch or Keras, received the index of 2 shards. In Node, pass its path. Elsewhere read every shard with \`readWeights\` and load all arrays in one Map: \`new Map([...first, ...second])\`."`,
    );
  });
});

describe('files that hold no weights for this library are named for what they are', () => {
  const bytes = (...parts: readonly (string | number)[]): Uint8Array =>
    Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.alloc(part) : Buffer.from(part, 'latin1'))));

  test.each([
    ['an empty file', bytes()],
    ['a Git LFS pointer', bytes('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n')],
    ['a TensorFlow Lite model', bytes('\x1c\0\0\0TFL3', 20)],
    ['an ExecuTorch program', bytes('\x30\0\0\0ET12', 20)],
    ['the graph of a TensorFlow SavedModel', bytes('\x08\x01\x12\xbc\xfe\x01', 20)],
    ['an ONNX model', bytes('\x08\x08\x12\x07pytorch', 20)],
    ['an ONNX model', bytes('\x08\x0a\x3a\x80\x01', 20)],
    ['a NumPy array', bytes('\x93NUMPY\x01\0', 20)],
    ['a compressed file', bytes('\x1f\x8b\x08', 20)],
    ['a tar archive', bytes('weights.pth', 246, 'ustar\0', 300)],
    ['an archive of NumPy arrays', zipSync({ 'a.npy': bytes('\x93NUMPY') })],
    ['a TorchServe archive', zipSync({ 'MAR-INF/MANIFEST.json': bytes('{}'), 'model.pt': bytes('') })],
    ['a program of `torch.export`', zipSync({ 'm/archive_format': bytes('pt2'), 'm/models/model.json': bytes('{}') })],
    ['a zip archive of a TensorFlow SavedModel', zipSync({ 'm/saved_model.pb': bytes('x') })],
    [
      "a zip archive with 'converted/model.json'. Unpack it",
      zipSync({ 'converted/model.json': bytes('{}'), 'converted/weights.bin': bytes('') }),
    ],
    ['the configuration of a Keras model', bytes('{"class_name": "Functional", "config": {}}')],
    ['the index of sharded Keras weights', bytes('{"weight_map": {"/layers/dense/vars": ["a_00000.weights.h5"]}}')],
    ['a TensorFlow.js graph model', bytes('{"format": "graph-model", "weightsManifest": []}')],
    ['the model.json of a TensorFlow.js model', bytes('{"format": "layers-model", "weightsManifest": []}')],
    ['a web page', bytes('<!doctype html><p>')],
  ])('%s', async (what, content) => {
    expect(await refusal(content)).toContain(
      `WeightsError: readWeightFile: expected a file of safetensors, PyTorch or Keras, received ${what}`,
    );
    expect(() => readWeights(content)).toThrow(what);
  });

  test.each([
    ['model-1.index', 'a part of a TensorFlow checkpoint'],
    ['frozen.pb', 'a TensorFlow graph'],
    ['m.mlmodel', 'a Core ML model'],
    ['w.msgpack', 'a file of Flax'],
    ['m.onnx', 'an ONNX model'],
  ])('%s by its name', async (name, what) => {
    expect(await refusal(join(folderWith({ [name]: 'some bytes' }), name))).toContain(`received ${what}. `);
  });

  test.each([
    ['a TensorFlow SavedModel', { 'saved_model.pb': 'x', 'variables/variables.index': 'x' }],
    ['a distributed PyTorch checkpoint', { '.metadata': 'x', '__0_0.distcp': 'x' }],
    ['a folder of TensorFlow checkpoints', { checkpoint: 'x', 'model.ckpt-1.index': 'x' }],
    ['an unpacked PyTorch file', { 'data.pkl': 'x', version: '3' }],
  ])('the folder of %s', async (what, files) => {
    expect(await refusal(folderWith(files as Record<string, string>))).toContain(`received 'FOLDER', ${what}. `);
  });

  test('JSON files by their content, a folder without a known name by its files', async () => {
    const inFolder = async (content: string): Promise<string> => refusal(join(folderWith({ 'x.json': content }), 'x.json'));
    expect(
      await inFolder('{"format":"graph-model","modelTopology":{"node":[]},"weightsManifest":[{"paths":["a.bin"],"weights":[]}]}'),
    ).toMatchInlineSnapshot(
      `"WeightsError: readWeightFile: expected a weight file, received 'FOLDER/x.json', a TensorFlow.js graph model, which has operations instead of layers. Convert the Keras model again with \`tensorflowjs_converter --output_format=tfjs_layers_model\`, or run the graph model with \`loadGraphModel\` of '@tensorflow/tfjs-converter'."`,
    );
    expect(await inFolder('{"weight_map":{"/layers/dense/vars":["x_00000.weights.h5"]}}')).toMatchInlineSnapshot(
      `"WeightsError: readWeightFile: expected a weight file, received 'FOLDER/x_00000.weights.h5', which does not exist."`,
    );
    expect(await inFolder('{"class_name":"Functional"}')).toMatchInlineSnapshot(
      `"WeightsError: readWeightFile: expected a weight file, received 'FOLDER/x.json', the configuration of a Keras model, which has no weights. In Python, save the weights of the Keras model it came from: \`model.save_weights('model.weights.h5')\`."`,
    );
    expect(await refusal(folderWith({ 'best.pth': 'x', 'last.pth': 'x' }))).toMatchInlineSnapshot(
      `"WeightsError: readWeightFile: expected a folder with 'model.json', 'model.safetensors.index.json', 'model.safetensors', 'pytorch_model.bin.index.json' or 'pytorch_model.bin', received 'FOLDER' with ['best.pth', 'last.pth']. Pass the path of the weight file itself."`,
    );
  });
});

test('a Keras archive is told from another zip archive with a config.json', () => {
  const hub = zipSync({ 'config.json': Buffer.from('{}'), 'pytorch_model.bin': readFileSync(fixture('state.pth')) });
  expect(() => readWeights(hub)).toThrow("a zip archive with 'pytorch_model.bin'. Unpack it and load the weight file inside.");
});
