// Trains the tiny model with TensorFlow.js, for tests of callbacks.

import type * as tf from '@tensorflow/tfjs-core';
import type * as layers from '@tensorflow/tfjs-layers';
import { callback, sgd, softmaxCrossEntropy, type TrainingCallback } from '../../src/training/index.js';
import { tinyData, tinyModel } from './tinyTraining.js';

interface FitOptions {
  readonly epochs?: number;
  readonly optimizer?: tf.Optimizer;
  readonly model?: layers.LayersModel;
  readonly validate?: boolean;
}

/** Trains the tiny model with `fitDataset` of TensorFlow.js. */
export async function fit(
  callbacks: TrainingCallback[],
  { epochs = 3, optimizer = sgd({ learningRate: 0.1 }), model = tinyModel(), validate = true }: FitOptions = {},
) {
  model.compile({ optimizer, loss: softmaxCrossEntropy() });
  const validation = validate ? { validationData: tinyData(false) as never } : {};
  const history = await model.fitDataset(tinyData(), { epochs, verbose: 0, callbacks, ...validation });
  return { model, history: history.history as Record<string, number[]> };
}

/** A callback that reports these values of `val_loss` in turn. */
export function scripted(values: readonly number[]): TrainingCallback {
  return callback({ onEpochEnd: (epoch) => ({ val_loss: values[epoch]! }) });
}
