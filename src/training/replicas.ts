// Shares the batches of a training step among threads, each of which has a copy of the model. The optimizer runs in this thread.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { OptionError } from '../core/index.js';
import { joinFloats } from '../core/internal.js';
import { BatchNormalization, SeededDropout } from '../layers/internal.js';
import type { Attempt } from './attempt.js';
import { layersOf } from '../models/internal.js';
import { lossConfig, type Loss } from './losses.js';
import type { NamedOptimizer } from './NamedOptimizer.js';
import { statefulLayers, toPlain, type LayerState, type PlainTensor, type ReplicaSetup, type Share, type ShareResult } from './replica.js';
import type { Changes } from './stateChanges.js';

/** Threads that train copies of a model. `trainingWorkers` of `effnet-ts/node` creates them. */
export interface TrainingWorkers {
  /** Number of threads. */
  readonly threads: number;
  /** How BatchNormalization that trains computes its statistics. */
  readonly batchNorm: 'frozen' | 'perThread';
  /** Creates a copy of the model in every thread. @internal */
  open(setups: readonly ReplicaSetup[]): Promise<readonly ReplicaThread[]>;
  /** Ends the threads. */
  dispose(): Promise<void>;
}

/** One thread with a copy of the model. @internal */
export interface ReplicaThread {
  step(share: Share): Promise<ShareResult>;
  close(): Promise<void>;
}

/** A batch, with the features that the frozen part of the model computed. */
export interface SharedBatch {
  readonly features: readonly tf.Tensor[];
  readonly ys: tf.Tensor;
  readonly sampleWeights?: tf.Tensor | undefined;
  readonly classWeights: tf.Tensor | undefined;
  readonly place: string;
}

/** The copies of a model during one stage. */
export interface Replicas {
  /** Computes a step. The caller takes or drops it, and disposes the predictions. */
  step(optimizer: NamedOptimizer, batch: SharedBatch): Promise<{ readonly attempt: Attempt; readonly predictions: tf.Tensor }>;
  /** Copies the model again if weights have changed that do not train. */
  refresh(): Promise<void>;
  dispose(): Promise<void>;
}

/** Layers that exist in every copy of this package and of TensorFlow.js. */
const isKnown = (layer: { getClassName(): string }): boolean =>
  layer instanceof SeededDropout ||
  layer instanceof BatchNormalization ||
  tf.serialization.SerializationMap.getMap().classNameMap[layer.getClassName()] !== undefined;

/** @throws {OptionError} when a loss or a layer cannot be copied to other threads. */
export function checkReplicable(where: string, model: LayersModel, loss: Loss): void {
  if (lossConfig(loss) === undefined) {
    throw new OptionError(
      `${where}: expected a loss of this library with \`workers\`, received the function '${loss.name}', which other threads do not have. ` +
        'Leave `workers` out.',
    );
  }
  const own = layersOf(model).find((layer) => !isKnown(layer));
  if (own === undefined) return;
  throw new OptionError(
    `${where}: expected layers of this library or TensorFlow.js with \`workers\`, received '${own.name}' of the class ` +
      `${own.getClassName()}, which other threads do not have. Leave \`workers\` out.`,
  );
}

/** Copies the model, whose layers are frozen and unfrozen as in the stage, to all threads. */
export async function openReplicas(where: string, model: LayersModel, loss: Loss, workers: TrainingWorkers): Promise<Replicas> {
  const trained = model.trainableWeights;
  const statistics = trainedNormalizations(model).flatMap((layer) => layer.weights.filter((weight) => !trained.includes(weight)));
  const weights = [...trained, ...statistics];
  const variables = weights.map((weight) => weight.read() as tf.Variable);
  const bytes = 4 * variables.reduce((sum, { size }) => sum + size, 0);
  const values = new SharedArrayBuffer(bytes);
  const others = model.weights.filter((weight) => !weights.includes(weight)).map((weight) => weight.read() as tf.Variable);
  const shared = Array.from({ length: workers.threads }, () => new SharedArrayBuffer(bytes));
  const open = async (): Promise<readonly ReplicaThread[]> => {
    const setup: Omit<ReplicaSetup, 'results'> = {
      where,
      artifacts: await artifactsOf(model),
      trainable: layersOf(model).map((layer) => layer.trainable),
      loss: lossConfig(loss) as ReplicaSetup['loss'],
      names: weights.map(({ originalName }) => originalName),
      count: trained.length,
      values,
    };
    return workers.open(shared.map((results) => ({ ...setup, results })));
  };
  let threads = await open();
  let copied = others.map(({ dataId }) => dataId);
  const current = new Float32Array(values);
  const results = shared.map((buffer) => new Float32Array(buffer));
  const versions: object[] = [];
  const layers = statefulLayers(model);

  const publish = async (): Promise<void> => {
    let offset = 0;
    for (const [i, variable] of variables.entries()) {
      if (versions[i] !== variable.dataId) current.set(await variable.data(), offset);
      versions[i] = variable.dataId;
      offset += variable.size;
    }
  };

  return {
    async step(optimizer, batch) {
      await publish();
      const shares = await sharesOf(batch, layers, threads.length);
      const answers = await Promise.all(shares.map((share, i) => (threads[i] as ReplicaThread).step(share)));
      const fractions = shares.map(({ ys, rows }) => (ys.shape[0] as number) / rows.total);
      const sums = weightedSum(results.slice(0, shares.length), fractions);
      advanceStreams(layers);
      const predictions = join(answers.map((answer) => answer.predictions));
      const attempt = optimizer.attemptWith(() => {
        let offset = 0;
        const tensors = variables.map(({ shape, size }) => tf.tensor(sums.subarray(offset, (offset += size)), shape));
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
    async refresh() {
      const now = others.map(({ dataId }) => dataId);
      if (now.every((version, i) => version === copied[i])) return;
      threads = await open();
      copied = now;
    },
    async dispose() {
      await Promise.all(threads.map((thread) => thread.close()));
    },
  };
}

function trainedNormalizations(model: LayersModel): BatchNormalization[] {
  return layersOf(model).filter(
    (layer): layer is BatchNormalization => layer instanceof BatchNormalization && layer.trainableWeights.length > 0 && !layer.inference,
  );
}

async function artifactsOf(model: LayersModel): Promise<tf.io.ModelArtifacts> {
  const weights = await Promise.all(
    model.weights.map(async (weight) => ({ weight, values: (await weight.read().data()) as Float32Array })),
  );
  return {
    modelTopology: JSON.parse(JSON.stringify(model.toJSON(null, false))) as object,
    weightSpecs: weights.map(({ weight }) => ({ name: weight.originalName, shape: weight.shape as number[], dtype: 'float32' })),
    weightData: joinFloats(weights.map(({ values }) => values)).buffer as ArrayBuffer,
    // Marks the model as one of this library, so that it gets this library's layer classes.
    userDefinedMetadata: { effnet: { format: 1 } },
  };
}

/** Divides a batch into contiguous rows, at most one part per thread. */
async function sharesOf(batch: SharedBatch, layers: ReturnType<typeof statefulLayers>, threads: number): Promise<Share[]> {
  const total = batch.ys.shape[0];
  const parts = Math.min(threads, total);
  const [features, ys, sampleWeights, classWeights] = await Promise.all([
    Promise.all(batch.features.map(toPlain)),
    toPlain(batch.ys),
    optional(batch.sampleWeights),
    optional(batch.classWeights),
  ]);
  const states = Object.fromEntries([...layers].map(([name, layer]) => [name, stateOf(layer)]));
  return Array.from({ length: parts }, (_, i): Share => {
    const start = Math.floor((i * total) / parts);
    const end = Math.floor(((i + 1) * total) / parts);
    return {
      place: batch.place,
      features: features.map((tensor) => rowsOf(tensor, start, end)),
      ys: rowsOf(ys, start, end),
      sampleWeights: sampleWeights && rowsOf(sampleWeights, start, end),
      classWeights,
      rows: { start, total },
      states,
    };
  });
}

async function optional(tensor: tf.Tensor | undefined): Promise<PlainTensor | undefined> {
  return tensor === undefined ? undefined : toPlain(tensor);
}

function stateOf(layer: SeededDropout | BatchNormalization): LayerState {
  if (layer instanceof BatchNormalization) return { inference: layer.inference };
  const { inference, stream, rateScale } = layer;
  return { inference, stream, rateScale };
}

/** Keeps the mask sequences of the model where they would be if it had computed the step itself. */
function advanceStreams(layers: ReturnType<typeof statefulLayers>): void {
  for (const layer of layers.values()) {
    if (!(layer instanceof SeededDropout) || layer.inference || layer.rate * layer.rateScale === 0) continue;
    layer.stream = { ...layer.stream, step: layer.stream.step + 1 };
  }
}

function rowsOf({ shape, dtype, values }: PlainTensor, start: number, end: number): PlainTensor {
  const [rows = 1, ...rest] = shape;
  const size = values.length / rows;
  return { shape: [end - start, ...rest], dtype, values: values.slice(start * size, end * size) };
}

function join(parts: readonly PlainTensor[]): tf.Tensor {
  const [first] = parts as readonly [PlainTensor, ...PlainTensor[]];
  const values = joinFloats(parts.map((part) => part.values));
  return tf.tensor(values, [parts.reduce((sum, { shape }) => sum + (shape[0] as number), 0), ...first.shape.slice(1)]);
}

function weightedSum(parts: readonly Float32Array[], weights: readonly number[]): Float32Array {
  const sum = new Float32Array(parts[0]?.length ?? 0);
  parts.forEach((part, k) => {
    const weight = weights[k] as number;
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (part[i] as number) * weight;
  });
  return sum;
}
