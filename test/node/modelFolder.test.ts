// Models in folders: whole or not at all, and readable by TensorFlow.js alone.

import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { classNamesOf, efficientNet, planOf, replaceHead } from '../../src/models/index.js';
import { ensureBackend, loadModel, saveModel } from '../../src/node/index.js';
import { VARIANTS } from '../../src/scaling/index.js';
import { fillModel } from '../support/fillModel.js';

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
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], { cwd: path.join(import.meta.dirname, '../..') });
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
});

test('TensorFlow.js alone, in a process of its own, opens the folder and predicts the same', async () => {
  const model = build();
  await saveModel(model, path.join(folder, 'model'));
  expect(await openedByTensorFlow(path.join(folder, 'model'))).toBeAllclose(await predict(model), { tolerance: 1e-5 });
});

test.each(['float16', 'uint8'] as const)('a folder with kernels as %s is smaller, and opens here and in TensorFlow.js alone with the same answers', async (dtype) => {
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
  await expect(saveModel(model, small, { dtype: 'int8' as 'uint8' })).rejects.toThrow(/^saveModel: expected one of 'float32', 'float16', 'uint8' for `dtype`/);
  expect(await predict(await loadModel(small))).toEqual(answers);
});

test('a save that fails leaves the earlier model whole', async () => {
  const model = build();
  await saveModel(model, path.join(folder, 'model'));
  const broken = build(['x', 'y', 'z']);
  // JSON cannot write this, so the save breaks after the weights.
  const modelTopology = { toJSON: () => { throw new Error('disk on fire'); } };
  broken.save = (handler) => (handler as tf.io.IOHandler).save!({ modelTopology, weightSpecs: [], weightData: new ArrayBuffer(8) });
  await expect(saveModel(broken, path.join(folder, 'model'))).rejects.toThrow(/^saveModel: .*disk on fire/);
  expect(classNamesOf(await loadModel(path.join(folder, 'model')))).toEqual(['a', 'b']);
  expect(await readdir(folder)).toEqual(['model']);
});

test("a folder of somebody's files is not touched", async () => {
  await writeFile(path.join(folder, 'thesis.txt'), 'years of work');
  await expect(saveModel(build(), folder)).rejects.toThrow(/^saveModel: expected an empty folder or an earlier model at '.*', received one with 1 other files\. Choose another\.$/);
  expect(await readFile(path.join(folder, 'thesis.txt'), 'utf8')).toBe('years of work');
});

test('missing, truncated and foreign files are refused in one sentence', async () => {
  await expect(loadModel(path.join(folder, 'nothing'))).rejects.toThrow(/^loadModel: expected a saved model at '.*nothing', received an error: Error: ENOENT/);
  await saveModel(build(), path.join(folder, 'model'));
  await truncate(path.join(folder, 'model', 'weights.bin'), 1000);
  await expect(loadModel(path.join(folder, 'model'))).rejects.toThrow(/^loadModel: expected \d+ bytes of weights, received 1000\. The weight file is truncated/);
  await writeFile(path.join(folder, 'model', 'model.json'), '{ not json');
  await expect(loadModel(path.join(folder, 'model'))).rejects.toThrow(/^loadModel: expected a saved model/);
});
