// Shares the batches of a training step among threads, each of which has a copy of the model. The optimizer runs in this thread.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { BatchNormalization, readFloats, SeededDropout } from '../layers/internal.js';
import type { Attempt } from './attempt.js';
import { layersOf } from '../models/internal.js';
import { batchDivider, type SharedBatch } from './divideBatch.js';
import { createExchange, partOf } from './exchange.js';
import { lossConfig, type Loss } from './losses.js';
import type { NamedOptimizer } from './NamedOptimizer.js';
import { artifactsOf, type CopySetup, type Inputs } from './modelCopy.js';
import { joinRows, type PlainTensor } from './plainTensor.js';
import {
  statefulLayers,
  tensorsOf,
  type Reduction,
  type ReplicaSetup,
  type Share,
  type ShareResult,
  type StatefulLayers,
} from './replica.js';
import type { Changes } from './stateChanges.js';

/** Threads that train copies of a model. `trainingWorkers` of `effnet-ts/node` creates them. */
export interface TrainingWorkers {
  /** Number of threads. */
  readonly threads: number;
  /** How BatchNormalization that trains computes its statistics. */
  readonly batchNorm: 'frozen' | 'perThread';
  /** Creates a copy of a model in every thread, one per setup. The caller closes the copies; other copies remain. @internal */
  open(setups: readonly (ReplicaSetup | CopySetup)[]): Promise<readonly ReplicaThread[]>;
  /** Ends the threads. */
  dispose(): Promise<void>;
}

/** A copy of a model in one thread. Only copies that are opened with a {@link ReplicaSetup} can compute steps. @internal */
export interface ReplicaThread {
  step(share: Share): Promise<ShareResult>;
  predict(inputs: Inputs): Promise<readonly PlainTensor[]>;
  reduce(reduction: Reduction): Promise<void>;
  close(): Promise<void>;
}

/** The copies of a model during one stage. */
export interface Replicas {
  /** Computes a step. The caller takes or drops it, and disposes the predictions. */
  step(optimizer: NamedOptimizer, batch: SharedBatch): Promise<{ readonly attempt: Attempt; readonly predictions: tf.Tensor }>;
  /** Computes predictions in inference mode, which the caller disposes. */
  predict(batch: SharedBatch): Promise<tf.Tensor>;
  /** Copies the model again if weights have changed that do not train. */
  refresh(): Promise<void>;
  dispose(): Promise<void>;
}

/** Copies the model, whose layers are frozen and unfrozen as in the stage, to all threads. */
export async function openReplicas(where: string, model: LayersModel, loss: Loss, workers: TrainingWorkers): Promise<Replicas> {
  const trained = model.trainableWeights;
  const statistics = trainedNormalizations(model).flatMap((layer) => layer.weights.filter((weight) => !trained.includes(weight)));
  const weights = [...trained, ...statistics];
  const variables = weights.map((weight) => weight.read() as tf.Variable);
  const floats = variables.reduce((sum, { size }) => sum + size, 0);
  const exchange = createExchange(where, floats, workers.threads);
  const others = model.weights.filter((weight) => !weights.includes(weight)).map((weight) => weight.read() as tf.Variable);
  const open = async (): Promise<readonly ReplicaThread[]> => {
    const setup: Omit<ReplicaSetup, 'index'> = {
      where,
      artifacts: await artifactsOf(model),
      trainable: layersOf(model).map((layer) => layer.trainable),
      loss: lossConfig(loss) as ReplicaSetup['loss'],
      names: weights.map(({ originalName }) => originalName),
      count: trained.length,
      exchange,
    };
    return workers.open(Array.from({ length: workers.threads }, (_, index) => ({ ...setup, index })));
  };
  let threads = await open();
  const close = async (): Promise<void> => {
    await Promise.all(threads.map((thread) => thread.close()));
  };
  let copied = others.map(({ dataId }) => dataId);
  const values = partOf(exchange, 0);
  const sums = partOf(exchange, 1);
  let versions: readonly object[] = [];
  const layers = statefulLayers(model);
  const divide = batchDivider(layers, workers.threads);

  const publish = (): void => {
    const now = variables.map(({ dataId }) => dataId);
    if (now.every((version, i) => version === versions[i])) return;
    readFloats(variables, values);
    versions = now;
  };

  /** Lets each thread add up a part of the results. The sums replace the results of the first thread. */
  const reduce = async (weights: readonly number[]): Promise<void> => {
    if (weights.length === 1) return;
    const bounds = [...threads.keys(), threads.length].map((i) => Math.floor((i * floats) / threads.length));
    await Promise.all(threads.map((thread, i) => thread.reduce({ weights, start: bounds[i] as number, end: bounds[i + 1] as number })));
  };

  const refresh = async (): Promise<void> => {
    const now = others.map(({ dataId }) => dataId);
    if (now.every((version, i) => version === copied[i])) return;
    await close();
    threads = await open();
    copied = now;
  };

  return {
    async step(optimizer, batch) {
      publish();
      const shares = await divide(batch);
      const answers = await Promise.all(shares.map((share, i) => (threads[i] as ReplicaThread).step(share)));
      const fractions = shares.map(({ ys, rows }) => (ys.shape[0] as number) / rows.total);
      await reduce(fractions);
      advanceStreams(layers);
      const predictions = joinRows(answers.map((answer) => answer.predictions));
      const attempt = optimizer.attemptWith(() => {
        const tensors = tensorsOf(sums, variables);
        const changes: Changes = new Map();
        variables.slice(trained.length).forEach((variable, i) => changes.set(variable, tensors[trained.length + i] as tf.Tensor));
        return {
          cost: tf.scalar(answers.reduce((sum, { loss }, i) => sum + loss * (fractions[i] as number), 0)),
          gradients: variables.slice(0, trained.length).map(({ name }, i) => ({ name, tensor: tensors[i] as tf.Tensor })),
          changes,
        };
      });
      return { attempt, predictions };
    },
    async predict(batch) {
      await refresh();
      publish();
      const shares = await divide(batch);
      const answers = await Promise.all(shares.map((share, i) => (threads[i] as ReplicaThread).predict({ features: share.features })));
      return joinRows(answers.flat());
    },
    refresh,
    dispose: close,
  };
}

function trainedNormalizations(model: LayersModel): BatchNormalization[] {
  return layersOf(model).filter(
    (layer): layer is BatchNormalization => layer instanceof BatchNormalization && layer.trainableWeights.length > 0 && !layer.inference,
  );
}

/** Keeps the mask sequences of the model where they would be if it had computed the step itself. */
function advanceStreams(layers: StatefulLayers): void {
  for (const layer of layers.values()) {
    if (!(layer instanceof SeededDropout) || layer.inference || layer.rate * layer.rateScale === 0) continue;
    layer.stream = { ...layer.stream, step: layer.stream.step + 1 };
  }
}
