// Predicts in all threads at once: each has a copy of the model and takes its share of every batch.

import type * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { foldBatchNorm } from '../models/index.js';
import { isFolded } from '../models/internal.js';
import { tensorDivider } from './divideBatch.js';
import { artifactsOf } from './modelCopy.js';
import { joinRows, type PlainTensor } from './plainTensor.js';
import type { ReplicaThread, TrainingWorkers } from './replicas.js';

/** Copies of a model in threads. */
export interface ModelCopies {
  /** Predicts a batch. The caller disposes the images and the outputs. */
  predict(images: tf.Tensor): Promise<tf.Tensor[]>;
  /** Frees the memory of the copies. The threads remain. */
  dispose(): Promise<void>;
}

/**
 * Copies a model with BatchNormalization folded to all threads. The copies keep the weights that the model has now.
 *
 * @throws {BackendError} when a thread ends, or the threads were disposed.
 */
export async function openCopies(where: string, model: LayersModel, workers: TrainingWorkers): Promise<ModelCopies> {
  const threads = await openThreads(where, model, workers);
  const divide = tensorDivider(threads.length);
  return {
    async predict(images) {
      const shares = await divide(images);
      const answers = await Promise.all(shares.map((share, i) => (threads[i] as ReplicaThread).predict({ features: [share] })));
      return (answers[0] as readonly PlainTensor[]).map((_, output) => joinRows(answers.map((answer) => answer[output] as PlainTensor)));
    },
    async dispose() {
      await Promise.all(threads.map((thread) => thread.close()));
    },
  };
}

async function openThreads(where: string, model: LayersModel, workers: TrainingWorkers): Promise<readonly ReplicaThread[]> {
  const folded = isFolded(model) ? undefined : await foldBatchNorm(model);
  try {
    const artifacts = await artifactsOf(folded ?? model);
    return await workers.open(Array.from({ length: workers.threads }, () => ({ where, artifacts })));
  } finally {
    folded?.dispose();
  }
}
