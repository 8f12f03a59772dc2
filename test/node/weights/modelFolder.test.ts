// Models in folders: whole or not at all, and readable by TensorFlow.js alone.

import { execFile } from 'node:child_process';
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { classNamesOf, efficientNet, planOf, replaceHead } from '../../../src/models/index.js';
import { ensureBackend } from '../../../src/node/backends/index.js';
import { loadModel, saveModel } from '../../../src/node/weights/index.js';
import { VARIANTS } from '../../../src/scaling/index.js';
import { fillModel } from '../../support/fillModel.js';

const SPEC = { ...VARIANTS.b0, widthCoefficient: 0.25, depthCoefficient: 0.5, inputSize: 32 };
let folder: string;

function build(classNames = ['a', 'b']): LayersModel {
  const model = replaceHead(efficientNet(SPEC, { seed: 1 }), { classes: classNames.length, classNames, seed: 1 });
  fillModel(model, 2);
  return model;
}

async function predict(model: LayersModel): Promise<number[]> {
  return [...(await (model.predict(tf.fill([1, 32, 32, 3], 100)) as tf.Tensor).data())];
}

/** Answers of the model in a process that has nothing of this library. */
async function openedByTensorFlow(model: string): Promise<number[]> {
  const script = `
    const { readFileSync } = require('node:fs');
    const tf = require('@tensorflow/tfjs-core');
    const { loadLayersModel } = require('@tensorflow/tfjs-layers');
    require('@tensorflow/tfjs-backend-cpu');
    const read = (name) => readFileSync(${JSON.stringify(model)} + '/' + name);
    const { weightsManifest: [{ weights }], ...rest } = JSON.parse(read('model.json'));
    const data = new Uint8Array(read('weights.bin')).buffer;
    loadLayersModel(tf.io.fromMemory({ ...rest, weightSpecs: weights, weightData: data })).then(async (model) => {
      console.log(JSON.stringify([...await model.predict(tf.fill([1, 32, 32, 3], 100)).data()]));
    });`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], { cwd: path.join(import.meta.dirname, '../../..') });
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as number[];
}

beforeAll(async () => {
  await ensureBackend();
});
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'effnet-'));
});

test('a saved model comes back with its answers, plan and class names, and nothing lies beside it', async () => {
  const model = build();
  const target = path.join(folder, 'new', 'model');
  await saveModel(model, target);
  for (const source of [target, path.join(target, 'model.json')]) {
    const back = await loadModel(source);
    expect(await predict(back)).toEqual(await predict(model));
    expect(planOf(back)).toEqual(planOf(model));
    expect(classNamesOf(back)).toEqual(['a', 'b']);
  }
  expect(await readdir(path.join(folder, 'new'))).toEqual(['model']);
});

test('an earlier model is replaced whole', async () => {
  await saveModel(build(), path.join(folder, 'model'));
  await saveModel(build(['x', 'y', 'z']), path.join(folder, 'model'));
  expect(classNamesOf(await loadModel(path.join(folder, 'model')))).toEqual(['x', 'y', 'z']);
  expect(await readdir(folder)).toEqual(['model']);
  expect(await readdir(path.join(folder, 'model'))).toHaveLength(2);
});

test("other files in a model's folder stay, and a link to a folder stays a link", async () => {
  const [target, link] = [path.join(folder, 'model'), path.join(folder, 'link')];
  await saveModel(build(), target);
  await writeFile(path.join(target, 'notes.txt'), 'keep me');
  await symlink(target, link);
  await saveModel(build(['x', 'y', 'z']), link);
  expect((await lstat(link)).isSymbolicLink()).toBe(true);
  expect(await readFile(path.join(target, 'notes.txt'), 'utf8')).toBe('keep me');
  expect(classNamesOf(await loadModel(target))).toEqual(['x', 'y', 'z']);
  expect(await readdir(target)).toHaveLength(3);
});

test('a save that was killed between its two files leaves the earlier model, or a folder that the next save takes', async () => {
  const target = path.join(folder, 'model');
  await saveModel(build(), target);
  const json = await readFile(path.join(target, 'model.json'));
  await saveModel(build(['x', 'y', 'z']), target);
  // The weights of the second save have another name: the first model.json is whole as long as its own are there.
  const [first] = (JSON.parse(json.toString()) as { weightsManifest: { paths: string[] }[] }).weightsManifest[0]!.paths;
  expect(await readdir(target)).not.toContain(first);
  await rm(path.join(target, 'model.json'));
  await writeFile(path.join(target, '.gitkeep'), '');
  await saveModel(build(), target);
  expect(classNamesOf(await loadModel(target))).toEqual(['a', 'b']);
});

test.each([
  ['model.json', "Give its folder: 'FOLDER'."],
  ['clothes.json', "Give its folder: 'FOLDER'."],
  ['clothes.keras', 'Write a .keras file with `writeKeras` of effnet-ts/hdf5.'],
  ['clothes.H5', 'Write a .keras file with `writeKeras` of effnet-ts/hdf5.'],
  ['clothes.weights.h5', 'Write the weights with `writeKerasWeights` of effnet-ts/hdf5.'],
  ['clothes.onnx', 'Write the bytes of `exportOnnx` of effnet-ts/onnx.'],
  ['clothes.safetensors', 'Write the bytes of `writeSafetensors(await weightsOf(model))`.'],
  ['clothes.tflite', 'Give a folder without such an ending.'],
])('the name of a file, %s, is refused as a target before a folder of that name is made', async (name, remedy) => {
  const target = path.join(folder, name);
  await expect(saveModel(build(), target)).rejects.toThrow(
    `saveModel: expected the path of a folder, not of a file for \`target\`, received '${target}'. ${remedy.replace('FOLDER', folder)}`,
  );
  expect(await readdir(folder)).toEqual([]);
});

test('a file URL, a file on the way and a folder that cannot be made are refused in one sentence', async () => {
  const file = path.join(folder, 'file');
  await writeFile(file, '');
  await expect(saveModel(build(), pathToFileURL(folder).href)).rejects.toThrow(
    /^saveModel: expected the path of a folder for `target`, received 'file:.*'\. Convert the URL with `fileURLToPath` of 'node:url'\.$/,
  );
  await expect(loadModel(pathToFileURL(folder).href)).rejects.toThrow(
    /^loadModel: expected the path of a folder for `source`, received 'file:.*'\. Convert the URL with `fileURLToPath` of 'node:url'\.$/,
  );
  for (const target of [file, path.join(file, 'model')]) {
    await expect(saveModel(build(), target)).rejects.toThrow(
      `saveModel: expected a folder for \`target\`, received '${target}': there is a file of that name, or on the way to it.`,
    );
  }
  await expect(saveModel(build(), path.join(folder, 'x'.repeat(300)))).rejects.toThrow(
    /^saveModel: expected a folder for `target`, received '.*x': the name is too long\.$/,
  );
  expect(await readdir(folder)).toEqual(['file']);
});

test('what is wrong with a folder, its model.json or its weights is said in one sentence', async () => {
  const target = path.join(folder, 'model');
  const json = path.join(target, 'model.json');
  const failure = async (source: string): Promise<string> =>
    loadModel(source).then(
      () => 'loaded',
      (error: unknown) => String(error).replaceAll(folder, ''),
    );
  expect(await failure(path.relative('.', target))).toMatch(
    /^DataError: loadModel: expected a saved model at '.*', received nothing: there is no such file or folder at '\/model'\.$/,
  );
  await mkdir(json, { recursive: true });
  expect(await failure(target)).toBe(
    "DataError: loadModel: expected a saved model at '/model/model.json', received nothing: it is a folder, not a file.",
  );
  await rm(json, { recursive: true });
  expect(await failure(target)).toBe(
    "DataError: loadModel: expected a saved model at '/model', a folder with a model.json of TensorFlow.js, received an empty folder. Give the folder with the model.json, or that file.",
  );
  await saveModel(build(), target);
  expect(await failure(path.join(json, 'model.json'))).toBe(
    "DataError: loadModel: expected a saved model at '/model/model.json/model.json', received nothing: a part of the path is a file, not a folder.",
  );
  const weights = path.join(target, 'weights.bin');
  await writeFile(weights, 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n');
  expect(await failure(target)).toBe(
    "WeightsError: loadModel: expected the weight file 'weights.bin' beside '/model/model.json', received a Git LFS pointer instead of the file itself. Run `git lfs pull`, or download the file from its page.",
  );
  await writeFile(weights, '');
  expect(await failure(target)).toMatch(
    /^WeightsError: loadModel: expected \d+ bytes of weights, received 0\. The weight file is truncated/,
  );
  await rm(weights);
  expect(await failure(target)).toBe(
    "WeightsError: loadModel: expected the weight file 'weights.bin' beside '/model/model.json', received nothing: there is no such file or folder.",
  );
  await writeFile(json, '');
  expect(await failure(target)).toBe(
    "DataError: loadModel: expected a saved model at '/model/model.json', received an empty file. Copy or download it again.",
  );
  await writeFile(json, '<!DOCTYPE html>');
  expect(await failure(json)).toBe(
    "DataError: loadModel: expected a saved model at '/model/model.json', received a web page. Servers send one if the file is not at that URL.",
  );
});

test('TensorFlow.js alone, in a process of its own, opens the folder and predicts the same', async () => {
  const model = build();
  await saveModel(model, path.join(folder, 'model'));
  expect(await openedByTensorFlow(path.join(folder, 'model'))).toBeAllclose(await predict(model), { tolerance: 1e-5 });
});

test.each(['float16', 'uint8'] as const)(
  'a folder with kernels as %s is smaller, and opens here and in TensorFlow.js alone with the same answers',
  async (dtype) => {
    const model = replaceHead(efficientNet(SPEC, { seed: 1 }), { classes: 120, seed: 1 });
    fillModel(model, 2);
    const [full, small] = [path.join(folder, 'full'), path.join(folder, 'small')];
    await saveModel(model, full);
    await saveModel(model, small, { dtype });
    const sizes = await Promise.all([full, small].map(async (place) => (await readFile(path.join(place, 'weights.bin'))).length));
    expect(sizes[1]! / sizes[0]!).toBeLessThan({ float16: 0.56, uint8: 0.5 }[dtype]);
    const answers = await predict(await loadModel(small));
    expect(answers).toBeAllclose(await predict(model), { tolerance: 0.05 * Math.max(...answers) });
    expect(await openedByTensorFlow(small)).toBeAllclose(answers, { tolerance: 1e-5 });
    await expect(saveModel(model, small, { dtype: 'int8' as 'uint8' })).rejects.toThrow(
      /^saveModel: expected one of 'float32', 'float16', 'uint8' for `dtype`/,
    );
    expect(await predict(await loadModel(small))).toEqual(answers);
  },
);

test('a save that fails leaves the earlier model whole', async () => {
  const model = build();
  await saveModel(model, path.join(folder, 'model'));
  const broken = build(['x', 'y', 'z']);
  // JSON cannot write this, so the save breaks after the weights.
  const modelTopology = {
    toJSON: () => {
      throw new Error('disk on fire');
    },
  };
  broken.save = (handler) => (handler as tf.io.IOHandler).save!({ modelTopology, weightSpecs: [], weightData: new ArrayBuffer(8) });
  await expect(saveModel(broken, path.join(folder, 'model'))).rejects.toThrow(/^saveModel: .*disk on fire/);
  expect(classNamesOf(await loadModel(path.join(folder, 'model')))).toEqual(['a', 'b']);
  expect(await readdir(path.join(folder, 'model'))).toEqual(['model.json', 'weights.bin']);
});

test("a folder of somebody's files is not touched", async () => {
  await writeFile(path.join(folder, 'thesis.txt'), 'years of work');
  await expect(saveModel(build(), folder)).rejects.toThrow(
    /^saveModel: expected an empty folder or an earlier model at '.*', received one with 'thesis\.txt' and no model\.json\. Choose another\.$/,
  );
  expect(await readFile(path.join(folder, 'thesis.txt'), 'utf8')).toBe('years of work');
});

test('missing, truncated and foreign files are refused in one sentence', async () => {
  await expect(loadModel(path.join(folder, 'nothing'))).rejects.toThrow(
    /^loadModel: expected a saved model at '.*nothing', received nothing: there is no such file or folder\.$/,
  );
  await saveModel(build(), path.join(folder, 'model'));
  await truncate(path.join(folder, 'model', 'weights.bin'), 1000);
  await expect(loadModel(path.join(folder, 'model'))).rejects.toThrow(
    /^loadModel: expected \d+ bytes of weights, received 1000\. The weight file is truncated/,
  );
  await writeFile(path.join(folder, 'model', 'model.json'), '{ not json');
  await expect(loadModel(path.join(folder, 'model'))).rejects.toThrow(/^loadModel: expected a saved model/);
});
