import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { classNamesOf } from '../../../src/models/index.js';
import { selectBackend } from '../../../src/node/backends/index.js';
import { folderFiles } from '../../../src/node/weights/folderFiles.js';
import { hubModel } from '../../../src/weights/internal.js';
import { uniform } from '../../support/fill.js';
import { fixture } from '../../support/hubFixture.js';

beforeAll(() => selectBackend(['cpu']));

interface Expected {
  readonly input: { readonly seed: string; readonly shape: readonly [number, number, number, number] };
  readonly output: readonly number[];
}
const { input, output } = JSON.parse(readFileSync(fixture('expected.json'), 'utf8')) as Expected;

test.each(['file', 'shards', 'bin'])('a folder of transformers (%s) answers like Python', async (form) => {
  const model = await hubModel('pretrained', folderFiles('pretrained', fixture(form)));
  const values = uniform(input.seed, 32 * 32 * 3);
  const pixels = tf.tensor4d(
    Float32Array.from(values, (u) => Math.floor(u * 255)),
    [...input.shape],
  );
  const answer = model.predict(pixels) as tf.Tensor;
  expect([...(await answer.data())]).toBeAllclose(output, { tolerance: 1e-6 });
  expect(classNamesOf(model)).toEqual(['cat', 'dog', 'horse']);
  tf.dispose([pixels, answer]);
  model.dispose();
});

test('a file that is not there is undefined, and a folder in its place an error', async () => {
  expect(await folderFiles('pretrained', fixture('file')).read('pytorch_model.bin')).toBeUndefined();
  await expect(folderFiles('pretrained', fixture('..')).read('hub')).rejects.toThrow(/^pretrained: 'hub' of '.*' cannot be read: /);
});
