// What is given as a model but is none: named for what it is, with what to do.

import { cp, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { loadModel, readWeightFile } from '../../../src/node/weights/index.js';
import { selectBackend } from '../../../src/node/backends/index.js';
import { tfjsFolder } from '../../support/tfjsFixture.js';

let folder: string;
beforeAll(async () => {
  await selectBackend(['wasm']);
});
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'effnet-'));
});

const OTHERS: readonly (readonly [file: string, message: RegExp])[] = [
  [
    'saved_model.pb',
    /received a SavedModel of TensorFlow\. Build the network, .*--input_format=keras_saved_model --output_format=tfjs_layers_model`\. One that Keras 3 exported has no layers/,
  ],
  [
    'model.keras',
    /received a file of Keras 3\. .*`loadWeights`, or convert the model: `tensorflowjs_converter --input_format=keras_keras --output_format=tfjs_layers_model`/,
  ],
  ['model.h5', /received a file of Keras\. .*--input_format=keras --output_format/],
  [
    'model.weights.h5',
    /received weights of Keras\. Build the network, for example with efficientNet, and load its weights with `loadWeights`\.$/,
  ],
  ['model_00000.weights.h5', /received sharded weights of Keras\. .*after saving them in one file/],
  ['model.weights.json', /received sharded weights of Keras\./],
  ['model.safetensors.index.json', /received weights in safetensors\./],
  ['b0.pth', /received weights of PyTorch\./],
  ['b0.onnx', /received an ONNX model\. Open it with `createRuntime`/],
  ['b0.tflite', /received a TensorFlow Lite model\./],
  ['notes.txt', /received 'notes\.txt'\. Give the folder with the model\.json, or that file\.$/],
];

test.each(OTHERS)('%s is named, as a file and in a folder', async (file, message) => {
  await writeFile(path.join(folder, file), 'x');
  for (const source of [folder, path.join(folder, file)]) {
    await expect(loadModel(source)).rejects.toThrow(message);
    await expect(loadModel(source)).rejects.toMatchObject({ name: 'DataError', origin: source });
  }
});

test.each([
  [
    '{ "weight_map": { "a": "model-00001-of-00002.safetensors" } }',
    /received the index of sharded weights \(model-00001-of-00002\.safetensors, \.\.\.\)\./,
  ],
  ['{ "module": "keras", "class_name": "Functional", "config": {} }', /received the configuration of a Keras model without its weights\./],
  ['{ "architectures": ["EfficientNet"] }', /received a JSON file that is not the model\.json of a model\./],
  ['null', /received a JSON file that is not the model\.json of a model\./],
])('the JSON file %s is named', async (text, message) => {
  await writeFile(path.join(folder, 'model.json'), text);
  await expect(loadModel(folder)).rejects.toThrow(message);
});

test('a graph model and weights alone are named', async () => {
  await expect(loadModel(tfjsFolder('graph-model'))).rejects.toThrow(
    /^loadModel: expected a layers model of TensorFlow\.js, received a TensorFlow.js graph model, which has operations instead of layers\./,
  );
  await expect(loadModel(tfjsFolder('weights-only'))).rejects.toThrow(
    /received its weights alone\. Build the network, for example with efficientNet, and give this file to `loadWeights`\.$/,
  );
});

test('a weight file of a saved model leads to the folder of that model', async () => {
  await cp(tfjsFolder('sharded'), folder, { recursive: true });
  const [shard = ''] = (await readdir(folder)).filter((name) => name.endsWith('.bin'));
  const part = path.join(folder, shard);
  await expect(loadModel(part)).rejects.toThrow(
    `loadModel: expected a saved model, received '${part}', a part of the saved model in '${folder}'. Pass that folder.`,
  );
  await expect(readWeightFile(part)).rejects.toThrow(
    `readWeightFile: expected a weight file, received '${part}', a part of the saved model in '${folder}'. Pass that folder.`,
  );
});

test('a folder of saved models lists them, whatever lies beside them', async () => {
  for (const name of ['mine', 'other']) await cp(tfjsFolder('sharded'), path.join(folder, name), { recursive: true });
  await mkdir(path.join(folder, 'empty'));
  await writeFile(path.join(folder, 'b0.safetensors'), 'x');
  await expect(loadModel(folder)).rejects.toThrow(
    `loadModel: expected a saved model, received '${folder}', which contains saved models: ` +
      `'${path.join(folder, 'mine')}', '${path.join(folder, 'other')}'. Pass one of them.`,
  );
});

test('a URL that nothing loads says what Node takes', async () => {
  await expect(loadModel('indexeddb://mine')).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: loadModel: expected a URL TensorFlow.js can handle here for \`source\`, received 'indexeddb://mine'. Only browsers have such a store. In Node, loadModel of 'effnet-ts/node' takes the path of a folder.]`,
  );
  await expect(loadModel(new URL('https://example.com/model.json') as never)).rejects.toThrow(
    /received an instance of URL\. Pass its `href`\.$/,
  );
});

test('a missing, a truncated and a foreign weight file are refused', async () => {
  await cp(tfjsFolder('sharded'), folder, { recursive: true });
  const shards = (await readdir(folder)).filter((name) => name.endsWith('.bin')).sort();
  expect(shards.length).toBeGreaterThan(2);
  await truncate(path.join(folder, shards[1]!), 999);
  await expect(loadModel(folder)).rejects.toThrow(/^loadModel: expected \d+ bytes of weights, received \d+\. The weight file is truncated/);
  await rm(path.join(folder, shards[1]!));
  await expect(loadModel(folder)).rejects.toThrow(
    /^loadModel: expected the weight file 'group1-shard2of\d+\.bin' beside '.*model\.json', received nothing: there is no such file or folder\.$/,
  );
  const file = path.join(folder, 'model.json');
  const json = await readFile(file, 'utf8');
  for (const name of ['../secret.bin', '/etc/passwd', 'C:/secret', 'https://example.com/w.bin', 'a/../../b', 'file:///etc/passwd', 7]) {
    await writeFile(file, json.replace(`"${shards[0]!}"`, JSON.stringify(name)));
    await expect(loadModel(folder)).rejects.toThrow(/^loadModel: '.*model\.json' names a file outside its folder: /);
  }
});
