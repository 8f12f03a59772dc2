import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import { SeededDropout } from '../../src/layers/internal.js';
import { efficientNet } from '../../src/models/index.js';
import { createRuntime } from '../../src/onnx/index.js';
import type { VariantSpec } from '../../src/scaling/index.js';
import { callback, fineTune, sgd, type FeatureRuntime, type FineTuneOptions } from '../../src/training/index.js';
import { fillModel } from '../support/fillModel.js';
import { expectNoLeak } from '../support/leaks.js';
import { memoryStore } from '../support/memoryStore.js';
import { SMALL, smallImages } from '../support/smallImages.js';
import { LITE, TINY } from '../support/tinyNetworks.js';
import { weightsOfAll } from '../support/tinyTraining.js';
import { startWasm } from '../support/wasm.js';
import { registerWasmTraining } from '../../src/wasm/index.js';

beforeAll(async () => {
  await registerWasmTraining();
  await startWasm();
});

const SIZE = SMALL;
const build = (spec: VariantSpec = TINY): tfl.LayersModel => {
  const model = efficientNet({ ...spec, inputSize: SIZE }, { classes: 3, dropoutRate: 0.2, seed: 1 });
  fillModel(model, 2);
  return model;
};
const twoThreads: FeatureRuntime = (features) => createRuntime(features, { threads: 2 });

const images = (): FineTuneOptions['train'] => smallImages('frozen/x', 12).map(({ xs, ys }) => ({ xs, ys }));

const options = (stages: FineTuneOptions['stages'], more: Partial<FineTuneOptions> = {}): FineTuneOptions => ({
  train: images(),
  validation: images(),
  stages,
  optimizer: () => sgd({ momentum: 0.9, learningRate: 0.01 }),
  preprocessing: { inputSize: [SIZE, SIZE], fit: 'stretch', interpolation: 'bilinear' },
  ...more,
});

test.each([
  ['B0', TINY, { from: 'block5a' }],
  ['B0', TINY, ['block3', 'block6', 'predictions']],
  ['B0', TINY, ['predictions']],
  ['B0', TINY, 'all'],
  ['Lite0', LITE, { from: 'block6a' }],
] as const)('%s (%#) learns the same with its frozen part in ONNX Runtime', async (_, spec, unfreeze) => {
  const [here, there] = [build(spec), build(spec)];
  const frozen = here.getLayer('stem_conv').getWeights()[0]!;
  const kernel = Array.from(await frozen.data());
  const stages = [{ unfreeze: unfreeze as 'all', epochs: 2 }];
  const [history, ofRuntime] = [await fineTune(here, options(stages)), await fineTune(there, options(stages, { runtime: twoThreads }))];
  history.forEach((epoch, i) => {
    expect(Math.abs(epoch.loss - ofRuntime[i]!.loss)).toBeLessThan(1e-5);
    expect(Math.abs(epoch.val_loss! - ofRuntime[i]!.val_loss!)).toBeLessThan(1e-5);
  });
  const [ours, theirs] = [await weightsOfAll(here), await weightsOfAll(there)];
  expect(ours.reduce((most, value, i) => Math.max(most, Math.abs(value - theirs[i]!)), 0)).toBeLessThan(1e-4);
  expect(Array.from(await here.getLayer('stem_conv').getWeights()[0]!.data()).join() === kernel.join()).toBe(unfreeze !== 'all');
  here.dispose();
  there.dispose();
});

test('dropout acts where it can reach a gradient: in the head, and not in frozen blocks', async () => {
  const model = build();
  const dropouts = model.layers.filter((layer): layer is SeededDropout => layer instanceof SeededDropout);
  const steps = (): Record<string, number> => Object.fromEntries(dropouts.map(({ name, stream }) => [name, stream.step]));
  await fineTune(model, options([{ unfreeze: ['predictions'], epochs: 2 }]));
  const used = steps();
  expect(used['top_dropout']).toBe(6);
  const frozen = Object.keys(used).filter((name) => name !== 'top_dropout');
  expect(frozen.length).toBeGreaterThan(0);
  for (const name of frozen) expect(used[name]).toBe(0);
  model.dispose();
});

test('every stage puts its own frozen part into the runtime, and disposes it', async () => {
  const model = build();
  const opened: string[] = [];
  let open = 0;
  const runtime: FeatureRuntime = async (features, { spinning }) => {
    // Threads that wait must not take the cores of those that train.
    expect(spinning).toBe(false);
    opened.push(features.outputs.map(({ sourceLayer }) => sourceLayer.name).join());
    open++;
    const made = await createRuntime(features, { threads: 1 });
    return { predict: (xs: tf.Tensor) => made.predict(xs), dispose: () => made.dispose().then(() => open--) };
  };
  await fineTune(
    model,
    options(
      [
        { unfreeze: ['predictions'], epochs: 1 },
        { unfreeze: { from: 'block7a' }, epochs: 1 },
        { unfreeze: 'all', epochs: 1 },
      ],
      { runtime },
    ),
  );
  expect(opened).toMatchInlineSnapshot(`
    [
      "avg_pool",
      "block6b_add",
    ]
  `);
  expect(open).toBe(0);
  model.dispose();
});

test('frozen weights that a callback changes are read again before the next epoch', async () => {
  const change = (model: tfl.LayersModel): FineTuneOptions['callbacks'] => [
    callback({
      onEpochEnd: () => {
        tf.tidy(() => {
          const layer = model.getLayer('stem_conv');
          layer.setWeights(layer.getWeights().map((weight) => tf.mul(weight, 20)));
        });
      },
    }),
  ];
  const losses = await Promise.all(
    [undefined, twoThreads].map(async (runtime) => {
      const model = build();
      const history = await fineTune(
        model,
        options([{ unfreeze: { from: 'block7a' }, epochs: 2, learningRate: 0 }], { runtime, callbacks: change(model)! }),
      );
      model.dispose();
      return history.map(({ val_loss }) => val_loss!);
    }),
  );
  const [[first, second] = [], [ofRuntime, secondOfRuntime] = []] = losses;
  expect(Math.abs(first! - second!)).toBeGreaterThan(1e-4);
  expect(first).toBeCloseTo(ofRuntime!, 5);
  expect(second).toBeCloseTo(secondOfRuntime!, 5);
});

test('a run stopped in the middle of a stage goes on bit by bit, with its frozen part in ONNX Runtime', async () => {
  const store = memoryStore();
  const stages = [{ unfreeze: { from: 'block6a' }, epochs: 3 }] as const;
  const [whole, part, rest] = [build(), build(), build()];
  await fineTune(whole, options(stages, { runtime: twoThreads }));
  const controller = new AbortController();
  const stop = callback({
    onBatchEnd: (step) => {
      if (step === 1 && store.bytes !== undefined) controller.abort(new Error('stop'));
    },
  });
  await expect(
    fineTune(part, options(stages, { runtime: twoThreads, store, callbacks: [stop], signal: controller.signal })),
  ).rejects.toThrow('stop');
  await fineTune(rest, options(stages, { runtime: twoThreads, store }));
  expect(await weightsOfAll(rest)).toEqual(await weightsOfAll(whole));
  for (const model of [whole, part, rest]) model.dispose();
});

test('a run leaves no tensor, and neither does one whose runtime fails', async () => {
  const model = build();
  const stages = [{ unfreeze: { from: 'block7a' }, epochs: 1 }] as const;
  await expectNoLeak(() => fineTune(model, options(stages, { runtime: twoThreads })));
  await expectNoLeak(() => fineTune(model, options(stages)));
  await expectNoLeak(async () => {
    await expect(fineTune(model, options(stages, { runtime: () => Promise.reject(new Error('no engine')) }))).rejects.toThrow('no engine');
  });
  await expect(
    fineTune(model, options(stages, { runtime: (() => Promise.resolve({})) as never })),
  ).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: fineTune: expected a function that returns a runtime with \`predict\` and \`dispose\` for \`runtime\`, received {  }.]`,
  );
  await expect(fineTune(model, options(stages, { runtime: 'onnx' as never }))).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: fineTune: expected a function for \`runtime\`, received 'onnx'.]`,
  );
  model.dispose();
});
