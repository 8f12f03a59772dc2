import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test, vi } from 'vitest';
import { preprocessingOf } from '../../../src/image/index.js';
import { classNamesOf } from '../../../src/models/index.js';
import { selectBackend } from '../../../src/node/backends/index.js';
import { folderFiles } from '../../../src/node/weights/folderFiles.js';
import { hubModel, type HubFiles, type HubModelOptions } from '../../../src/weights/internal.js';
import { fixture } from '../../support/hubFixture.js';

beforeAll(() => selectBackend(['cpu']));

const own = folderFiles('pretrained', fixture('file'));

/** The committed repository with some files replaced. `null` removes a file. */
function changed(changes: Readonly<Record<string, object | string | null>>): HubFiles & { readonly read: ReturnType<typeof vi.fn> } {
  const read = vi.fn(async (file: string) => {
    const change = changes[file];
    if (change === undefined) return own.read(file);
    if (change === null) return undefined;
    if (typeof change === 'string') return new TextEncoder().encode(change);
    const bytes = await own.read(file);
    const before = bytes === undefined ? {} : (JSON.parse(new TextDecoder().decode(bytes)) as object);
    return new TextEncoder().encode(JSON.stringify({ ...before, ...change }));
  });
  return { name: 'owner/name', read };
}

const NO_MODEL: readonly (readonly [why: string, changes: Readonly<Record<string, object | string | null>>, options?: HubModelOptions])[] =
  [
    ['no config.json', { 'config.json': null }],
    ['no JSON', { 'config.json': '{' }],
    ['a web page', { 'config.json': '<!doctype html><title>Log in</title>' }],
    ['a list', { 'config.json': '[1]' }],
    ['another network of transformers', { 'config.json': { model_type: 'vit', architectures: ['ViTForImageClassification'] } }],
    ['another network of timm', { 'config.json': '{"architecture":"resnet50","pretrained_cfg":{}}' }],
    ['a pruned network of timm', { 'config.json': '{"architecture":"efficientnet_b1_pruned","pretrained_cfg":{}}' }],
    ['neither', { 'config.json': '{"class_name":"Functional"}' }],
    ['no normalization', { 'preprocessor_config.json': null }],
    ['other classes', {}, { classes: 5 }],
    ['a classifier that is not there', { 'config.json': { architectures: ['EfficientNetModel'] } }, { includeTop: true }],
    ['an unknown option', {}, { clases: 5 } as object],
  ];

test.each(NO_MODEL.map(([why, changes, options = {}]) => [why, changes, options] as const))('%s: refused before the weights are read', async (_, changes, options) => {
  const files = changed(changes);
  await expect(hubModel('pretrained', files, options)).rejects.toThrowErrorMatchingSnapshot();
  expect(files.read.mock.calls.flat().filter((file) => !String(file).endsWith('config.json'))).toEqual([]);
});

test.each<[string, Readonly<Record<string, object | string | null>>]>([
  ['no weights', { 'model.safetensors': null }],
  ['damaged weights', { 'model.safetensors': 'version https://git-lfs.github.com/spec/v1' }],
  ['weights of another number of classes', { 'config.json': { id2label: { 0: 'cat', 1: 'dog' } } }],
  ['an index without a map', { 'model.safetensors': null, 'model.safetensors.index.json': '{}' }],
  ['a missing shard', { 'model.safetensors': null, 'model.safetensors.index.json': '{"weight_map":{"a":"b.safetensors"}}' }],
  ['a shard elsewhere', { 'model.safetensors': null, 'model.safetensors.index.json': '{"weight_map":{"a":"../b.safetensors"}}' }],
])('%s: refused, and nothing leaks', async (_, changes) => {
  const { numTensors } = tf.memory();
  await expect(hubModel('pretrained', changed(changes))).rejects.toThrowErrorMatchingSnapshot();
  expect(tf.memory().numTensors).toBe(numTensors);
});

test('the options of the caller override the repository', async () => {
  const model = await hubModel('pretrained', changed({}), { inputSize: 64, classes: 5, head: 'skip', dropoutRate: 0.1 });
  expect([model.inputs[0]?.shape, model.outputs[0]?.shape]).toEqual([
    [null, 64, 64, 3],
    [null, 5],
  ]);
  expect(preprocessingOf(model)).toMatchObject({ inputSize: [64, 64], resampler: 'pillow' });
  expect(classNamesOf(model)).toBeUndefined();
  model.dispose();
});

test('without its classifier, a network has features of any pooling', async () => {
  const model = await hubModel('pretrained', changed({}), { includeTop: false, inputSize: null });
  expect(model.outputs[0]?.shape).toEqual([null, null, null, 320]);
  expect(preprocessingOf(model)?.inputSize).toEqual([32, 32]);
  model.dispose();
});

test('a file of `EfficientNetModel` loads into a network with a new classifier', async () => {
  const config = { architectures: ['EfficientNetModel'] };
  const model = await hubModel('pretrained', changed({ 'config.json': config }), { includeTop: true, classes: 2, head: 'skip' });
  expect(model.outputs[0]?.shape).toEqual([null, 2]);
  model.dispose();
});

test('without a preprocessor, the caller states the normalization', async () => {
  const model = await hubModel('pretrained', changed({ 'preprocessor_config.json': null }), { normalization: { mean: 0.5, std: 0.5 } });
  expect(preprocessingOf(model)?.fit).toBe('crop');
  model.dispose();
});
