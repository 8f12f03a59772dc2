// A copy of a model in another thread. It computes the loss and the gradients of its share of every batch.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { EffnetError } from '../core/index.js';
import { addFloats, BatchNormalization, readFloats, SeededDropout, type DropoutStream } from '../layers/internal.js';
import { layersOf, modelFromArtifacts } from '../models/internal.js';
import { addressOfPart, partOf, type Exchange } from './exchange.js';
import { cutFrozen } from './cutFrozen.js';
import { lossFrom, type LossConfig } from './losses.js';
import type { CopySetup, Inputs, ModelCopy } from './modelCopy.js';
import { toPlain, toTensor, type PlainTensor } from './plainTensor.js';
import { withoutStateChanges } from './stateChanges.js';
import { meanLoss } from './meanLoss.js';

/** What a replica is created from. */
export interface ReplicaSetup extends CopySetup {
  /** Whether each layer trains, in the order of `layersOf`. */
  readonly trainable: readonly boolean[];
  readonly loss: LossConfig;
  /** Original names of the weights in `values`: those that train, followed by the moving statistics that change. */
  readonly names: readonly string[];
  /** Number of weights that train. */
  readonly count: number;
  /** Shared by all threads: the current values of the weights, and as results gradients followed by new moving statistics. */
  readonly exchange: Exchange;
  /** The position of this replica among all threads. */
  readonly index: number;
}

/** The state of a layer that is neither a weight nor part of its configuration. */
export interface LayerState {
  readonly stream?: DropoutStream | undefined;
  readonly rateScale?: number | undefined;
  readonly inference: boolean;
}

/** The share of a batch. */
export interface Share extends Inputs {
  readonly place: string;
  readonly ys: PlainTensor;
  readonly sampleWeights: PlainTensor | undefined;
  readonly classWeights: PlainTensor | undefined;
  readonly rows: { readonly start: number; readonly total: number };
  /** States by layer name. */
  readonly states: Readonly<Record<string, LayerState>>;
}

/** The result of a share. The gradients are in the shared memory. */
export interface ShareResult {
  readonly loss: number;
  readonly predictions: PlainTensor;
}

/** A part of the results of all replicas, and the weight of each replica. Replicas beyond the weights had no share. */
export interface Reduction {
  readonly weights: readonly number[];
  readonly start: number;
  readonly end: number;
}

/** A model in another thread. */
export interface Replica extends ModelCopy {
  /** Computes the gradients of a share. */
  step(share: Share): Promise<ShareResult>;
  /** Replaces a part of the first results with the weighted sum of all results, once all replicas have computed their shares. */
  reduce(reduction: Reduction): void;
}

/** The layers of a model whose behavior depends on a {@link LayerState}, by name. */
export type StatefulLayers = ReadonlyMap<string, SeededDropout | BatchNormalization>;

/** Returns the layers whose behavior depends on a {@link LayerState}. */
export function statefulLayers(model: LayersModel): StatefulLayers {
  const layers = layersOf(model).filter(
    (layer): layer is SeededDropout | BatchNormalization => layer instanceof SeededDropout || layer instanceof BatchNormalization,
  );
  return new Map(layers.map((layer) => [layer.name, layer]));
}

/** Creates a replica. A backend with gradients must be active. */
export async function createReplica(setup: ReplicaSetup): Promise<Replica> {
  const { where, names, count } = setup;
  const model = await modelFromArtifacts(where, setup.artifacts);
  layersOf(model).forEach((layer, i) => {
    layer.trainable = setup.trainable[i] ?? false;
  });
  const byName = new Map(model.weights.map((weight) => [weight.originalName, weight.read() as tf.Variable]));
  const variables = names.map((name) => {
    const variable = byName.get(name);
    if (variable === undefined) throw new EffnetError(`${where}: expected a weight '${name}' in the copy of the model, received none.`);
    return variable;
  });
  const trained = variables.slice(0, count);
  const layers = statefulLayers(model);
  const { above } = cutFrozen(model);
  const context = { where, loss: lossFrom(setup.loss) };
  const values = partOf(setup.exchange, 0);
  const results = partOf(setup.exchange, setup.index + 1);

  const receive = (): void => {
    tf.tidy(() => {
      // New tensors, because TensorFlow.js keeps rearranged copies of the filters of convolutions.
      const tensors = tensorsOf(values, variables);
      for (const [i, variable] of variables.entries()) variable.assign(tensors[i] as tf.Tensor);
    });
  };

  return {
    async step(share) {
      restore(layers, share);
      receive();
      const held: tf.Tensor[] = [];
      try {
        const { cost, predictions, outputs } = tf.tidy(() => {
          const features = share.features.map(toTensor);
          const batch = { xs: features[0] as tf.Tensor, ys: toTensor(share.ys), sampleWeights: optional(share.sampleWeights) };
          const classWeights = optional(share.classWeights) as tf.Tensor1D | undefined;
          let predicted: tf.Tensor | undefined;
          const { result, changes } = withoutStateChanges(
            () =>
              tf.variableGrads(() => {
                predicted = tf.keep(above(features, true));
                held.push(predicted);
                const mean = meanLoss({ ...context, classWeights }, batch, predicted, share.place);
                return tf.addN([mean, ...model.calculateLosses()]);
              }, trained),
            () => false,
          );
          const gradients = trained.map(({ name, shape }) => result.grads[name] ?? tf.zeros(shape));
          const statistics = variables.slice(count).map((variable) => changes.get(variable) ?? variable);
          return { cost: result.value, predictions: predicted as unknown as tf.Tensor, outputs: [...gradients, ...statistics] };
        });
        held.push(cost, ...outputs.filter((tensor) => !(tensor instanceof tf.Variable)));
        readFloats(outputs, results);
        const [loss = NaN] = await cost.data();
        return { loss, predictions: await toPlain(predictions) };
      } finally {
        tf.dispose(held);
      }
    },
    async predict({ features }) {
      receive();
      const predictions = tf.tidy(() => above(features.map(toTensor), false));
      try {
        return [await toPlain(predictions)];
      } finally {
        predictions.dispose();
      }
    },
    reduce: (reduction) => {
      addResults(setup.exchange, reduction);
    },
    dispose: () => {
      model.dispose();
    },
  };
}

function restore(layers: StatefulLayers, { states, rows }: Share): void {
  for (const [name, layer] of layers) {
    const state = states[name];
    if (state === undefined) continue;
    layer.inference = state.inference;
    if (!(layer instanceof SeededDropout)) continue;
    layer.rows = rows;
    layer.stream = state.stream ?? layer.stream;
    layer.rateScale = state.rateScale ?? 1;
  }
}

function optional(tensor: PlainTensor | undefined): tf.Tensor | undefined {
  return tensor === undefined ? undefined : toTensor(tensor);
}

/** Replaces floats of the first results with the weighted sum of all results. */
function addResults(exchange: Exchange, { weights: [first = 1, ...weights], start, end }: Reduction): void {
  const { memory } = exchange;
  const [to, ...others] = [first, ...weights].map((_, i) => addressOfPart(exchange, i + 1) + 4 * start) as [number, ...number[]];
  others.forEach((from, i) => {
    addFloats({ memory, to, from, count: end - start, toFactor: i === 0 ? first : 1, fromFactor: weights[i] as number });
  });
}

/** Creates tensors of consecutive values, shaped like the given ones. */
export function tensorsOf(values: Float32Array, like: readonly tf.Tensor[]): tf.Tensor[] {
  let offset = 0;
  return like.map(({ shape, size }) => tf.tensor(values.subarray(offset, (offset += size)), shape));
}
