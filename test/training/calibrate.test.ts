// `calibrate` of trainHead and fineTune: the temperature is part of the classifier's weights.

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { Dataset } from '../../src/data/index.js';
import { evaluatePredictions, fitTemperature, withTemperature, type Evaluation } from '../../src/evaluation/metrics/index.js';
import { adamW, fineTune, trainHead, type FineTuneOptions, type TrainHeadOptions } from '../../src/training/index.js';
import { uniform } from '../support/fill.js';
import { expectNoLeak } from '../support/leaks.js';
import { memoryStore } from '../support/memoryStore.js';
import { tinyData, tinyModel, weightsOfAll } from '../support/tinyTraining.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Evaluates a model on all batches. */
async function evaluated(model: tfl.LayersModel, data: AsyncIterable<{ xs: tf.Tensor; ys: tf.Tensor }>): Promise<Evaluation> {
  const [rows, labels]: [number[][], number[]] = [[], []];
  for await (const { xs, ys } of data) {
    const output = model.predict(xs) as tf.Tensor2D;
    rows.push(...(await output.array()));
    labels.push(...(await ys.data()));
    tf.dispose([output, xs, ys]);
  }
  return evaluatePredictions(rows, labels);
}

describe('fineTune', () => {
  const options = (more: Partial<FineTuneOptions> = {}): FineTuneOptions => ({
    train: tinyData(),
    validation: tinyData(false),
    stages: [{ unfreeze: 'all', epochs: 2, learningRate: 0.05 }],
    optimizer: () => adamW(),
    ...more,
  });

  test('divides the logits by the temperature that fits the validation data best', async () => {
    const [plain, calibrated] = [tinyModel(), tinyModel()];
    await fineTune(plain, options());
    const before = await evaluated(plain, tinyData(false));
    const history = await fineTune(calibrated, options({ calibrate: true }));
    const after = await evaluated(calibrated, tinyData(false));
    const temperature = fitTemperature(before);
    expect(Math.abs(Math.log(temperature))).toBeGreaterThan(0.1);
    expect(history.map((record) => record['temperature'])).toEqual([undefined, expect.closeTo(temperature, 4)]);
    expect([...after.predictions.probabilities]).toBeAllclose([...withTemperature(before, temperature).predictions.probabilities]);
    expect(after.predictions.predicted).toEqual(before.predictions.predicted);
    expect(after.loss).toBeLessThan(before.loss);
  });

  test('a finished run that is repeated from its store ends with the same weights', async () => {
    const store = memoryStore();
    const [first, again] = [tinyModel(), tinyModel()];
    const history = await fineTune(first, options({ calibrate: true, store }));
    expect(await fineTune(again, options({ calibrate: true, store }))).toEqual(history);
    expect(await weightsOfAll(again)).toEqual(await weightsOfAll(first));
  });

  test('reads no more than `validationSteps`, and keeps no tensor', async () => {
    const model = tinyModel();
    await expectNoLeak(async () => {
      const [record] = await fineTune(model, options({ stages: [{ unfreeze: 'all', epochs: 1 }], calibrate: true, validationSteps: 3 }));
      const part = await evaluated(model, tinyData(false).take(3));
      expect(record?.['temperature']).toBeGreaterThan(0);
      expect(fitTemperature(part)).toBeCloseTo(1, 3);
    });
  });

  test('is refused without validation data, and for a model without softmax', async () => {
    const { validation: _, ...without } = options({ calibrate: true });
    await expect(fineTune(tinyModel(), without)).rejects.toThrowErrorMatchingInlineSnapshot(
      `[OptionError: fineTune: expected false without \`validation\` of the last stage for \`calibrate\`, received true. Pass validation data.]`,
    );
    const input = tfl.input({ shape: [4] });
    const linear = tfl.model({ inputs: input, outputs: tfl.layers.dense({ units: 3 }).apply(input) as tfl.SymbolicTensor });
    await expect(fineTune(linear, options({ calibrate: true }))).rejects.toThrowErrorMatchingInlineSnapshot(
      `[OptionError: fineTune: expected false for a model that does not end in a dense layer with softmax for \`calibrate\`, received true.]`,
    );
  });
});

describe('trainHead', () => {
  const backbone = (): tfl.LayersModel => {
    const input = tfl.input({ shape: [4, 4, 3] });
    return tfl.model({
      inputs: input,
      outputs: tfl.layers.globalAveragePooling2d({ name: 'avg_pool' }).apply(input) as tfl.SymbolicTensor,
    });
  };
  /** Images of three classes, of which every seventh has a wrong label. */
  const batches = (): Dataset<{ xs: tf.Tensor4D; ys: tf.Tensor1D }> =>
    Dataset.from([0, 1, 2]).map((batch) => {
      const labels = Array.from({ length: 16 }, (_, i) => (i + batch) % 3);
      const values = labels.flatMap((label, i) =>
        [...uniform(`calibrate/${batch}/${i}`, 48)].map((value, k) => value + (k % 3 === label ? 1 : 0)),
      );
      return {
        xs: tf.tensor4d(values, [16, 4, 4, 3]),
        ys: tf.tensor1d(
          labels.map((label, i) => (i % 7 === 0 ? (label + 1) % 3 : label)),
          'int32',
        ),
      };
    });
  const options = (more: Partial<TrainHeadOptions> = {}): TrainHeadOptions => ({
    train: batches() as never,
    validation: batches() as never,
    classNames: ['red', 'green', 'blue'],
    preprocessing: { inputSize: 4, fit: 'stretch' },
    epochs: 10,
    learningRate: 0.1,
    seed: 1,
    ...more,
  });

  test.each([[], [5]])('divides the logits by the temperature, with hidden layers %j', async (...hidden) => {
    const { model: plain, temperature: none } = await trainHead(backbone(), options({ hidden }));
    const before = await evaluated(plain, batches());
    const { model, temperature } = await trainHead(backbone(), options({ hidden, calibrate: true }));
    const after = await evaluated(model, batches());
    expect(none).toBeUndefined();
    expect(temperature! / fitTemperature(before)).toBeCloseTo(1, 4);
    expect(fitTemperature(after)).toBeCloseTo(1, 3);
    expect([...after.predictions.probabilities]).toBeAllclose([...withTemperature(before, temperature!).predictions.probabilities]);
  });

  test('is refused without validation data, and for labels that do not exclude each other', async () => {
    const { validation: _, ...without } = options({ calibrate: true });
    await expect(trainHead(backbone(), without)).rejects.toThrowErrorMatchingInlineSnapshot(
      `[OptionError: trainHead: expected false without \`validation\` for \`calibrate\`, received true. Pass validation batches.]`,
    );
    await expect(
      trainHead(backbone(), options({ calibrate: true, classifierActivation: 'sigmoid' })),
    ).rejects.toThrowErrorMatchingInlineSnapshot(
      `[OptionError: trainHead: expected false without \`classifierActivation: 'softmax'\` for \`calibrate\`, received true.]`,
    );
  });
});
