import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { classify, classifyMany, type Classification, type Predictor } from '../../../src/evaluation/predict/index.js';
import type { Pixels } from '../../../src/image/index.js';
import { efficientNet } from '../../../src/models/index.js';
import { VARIANTS } from '../../../src/scaling/index.js';
import { fillModel } from '../../support/fillModel.js';
import { startWasm } from '../../support/wasm.js';

const gray = (level: number, width = 8, height = 8): Pixels => ({
  width,
  height,
  channels: 3,
  data: new Uint8Array(width * height * 3).fill(level),
});

/** Creates a predictor that returns [level / 256, 100 / 256], where level is the mean of the image, and records its batch sizes. */
function echo(): Predictor & { readonly batches: number[] } {
  const batches: number[] = [];
  return {
    batches,
    inputShape: [null, 8, 8, 3],
    preprocessing: { inputSize: 8, fit: 'stretch' },
    classNames: ['level', 'hundred'],
    predict: (x) => {
      batches.push(x.shape[0]);
      return Promise.resolve(
        tf.tidy(() => tf.div(tf.concat([tf.mean(tf.reshape(x, [x.shape[0], -1]), 1, true), tf.fill([x.shape[0], 1], 100)], 1), 256)),
      );
    },
  };
}

async function all(results: AsyncIterable<Classification[]>): Promise<Classification[][]> {
  const list = [];
  for await (const result of results) list.push(result);
  return list;
}

beforeAll(startWasm);

test('results have the order of the images, which are predicted in full batches and a last one', async () => {
  const runtime = echo();
  const levels = [10, 250, 30, 240, 50];
  const answers = await all(
    classifyMany(
      runtime,
      levels.map((level, i) => gray(level, 8 + i, 9)),
      { batchSize: 2 },
    ),
  );
  expect(answers.map((answer) => answer.find(({ className }) => className === 'level')!.probability * 256)).toEqual(levels);
  expect(answers.map(([best]) => best!.className)).toEqual(['hundred', 'level', 'hundred', 'level', 'hundred']);
  expect(runtime.batches).toEqual([2, 2, 1]);
});

test('reads at most one batch ahead, and no images after the loop has ended', async () => {
  let taken = 0;
  let closed = false;
  function* endless(): Generator<Pixels> {
    try {
      for (;;) {
        taken += 1;
        yield gray(taken);
      }
    } finally {
      closed = true;
    }
  }
  for await (const answer of classifyMany(echo(), endless(), { batchSize: 3 })) if (answer[0]?.className === 'hundred' && taken > 3) break;
  expect(taken).toBe(6);
  expect(closed).toBe(true);
});

test('returns the same classes as classify, and leaves no tensors', async () => {
  const model = efficientNet({ ...VARIANTS.b0, widthCoefficient: 0.25, depthCoefficient: 0.5, inputSize: 32 }, { classes: 3 });
  fillModel(model, 2);
  const images = [gray(1, 50, 40), gray(200, 33, 64)];
  const single = await Promise.all(images.map((image) => classify(model, image)));
  const before = tf.memory().numTensors;
  const many = await all(classifyMany(model, images));
  expect(tf.memory().numTensors).toBe(before);
  expect(many.map((answer) => answer.map(({ index }) => index))).toEqual(single.map((answer) => answer.map(({ index }) => index)));
  for (const [i, answer] of many.entries()) {
    expect(answer.map(({ probability }) => probability)).toBeAllclose(
      single[i]!.map(({ probability }) => probability),
      { tolerance: 1e-5 },
    );
  }
});

test('can be aborted, and refuses unknown options and images with other channels', async () => {
  await expect(all(classifyMany(echo(), [gray(1)], { signal: AbortSignal.abort(new Error('enough')) }))).rejects.toThrow('enough');
  expect(() => classifyMany(echo(), [gray(1)], { batch: 2 } as never)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: classifyMany: expected one of the options \`topK\`, \`classNames\`, \`preprocessing\`, \`unknownThreshold\`, \`batchSize\`, \`workers\`, \`signal\`, received \`batch\`.]`,
  );
  await expect(all(classifyMany(echo(), [{ ...gray(1), channels: 1, data: new Uint8Array(64) }]))).rejects.toThrow(
    'received a grayscale image [8, 8, 1].',
  );
});
