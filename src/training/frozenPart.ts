// The layers below the first one that trains. Their outputs do not depend on training, so they run as in inference, where the caller wants.

import * as tf from '@tensorflow/tfjs-core';
import type { layers, LayersModel } from '@tensorflow/tfjs-layers';
import { check, rule } from '../core/internal.js';
import { SeededDropout } from '../layers/internal.js';
import { cutModel, layersOf, type CutModel } from '../models/internal.js';
import { foldBatchNorm } from '../models/index.js';
import { openCopies } from './modelCopies.js';
import type { TrainingWorkers } from './replicas.js';

/**
 * Creates a runtime for the part of a network that computes features, as `createRuntime` of `effnet-ts/onnx` does. The options say that
 * threads which wait should leave their cores to those that decode images and train.
 */
export type FeatureRuntime = (
  features: LayersModel,
  options: { readonly spinning: false },
) => Promise<{
  predict(images: tf.Tensor): tf.Tensor | tf.Tensor[] | Promise<tf.Tensor | tf.Tensor[]>;
  dispose(): unknown;
}>;

/** What a {@link FeatureRuntime} returns. */
export type RuntimeOfFeatures = Awaited<ReturnType<FeatureRuntime>>;

const runtimeRule = rule<RuntimeOfFeatures>('a function that returns a runtime with `predict` and `dispose`', (value) => {
  const { predict, dispose } = (value ?? {}) as Partial<RuntimeOfFeatures>;
  return typeof predict === 'function' && typeof dispose === 'function';
});

/** Where features are computed: in the runtime, else in the threads, else in TensorFlow.js in this thread. */
export interface FeaturePlace {
  readonly runtime?: FeatureRuntime | undefined;
  readonly workers?: TrainingWorkers | undefined;
}

/** Opens the features in the runtime, or in TensorFlow.js with BatchNormalization folded. */
export async function openFeatures(where: string, features: LayersModel, { runtime, workers }: FeaturePlace): Promise<RuntimeOfFeatures> {
  // Without weights there is too little to compute to send the images to other threads.
  if (runtime === undefined && workers !== undefined && features.weights.length > 0) return openCopies(where, features, workers);
  const opened = await (runtime === undefined ? foldBatchNorm(features) : runtime(features, { spinning: false }));
  check(where, 'runtime', opened, runtimeRule);
  return opened;
}

/** A model whose frozen part runs apart from the rest. */
export interface SplitModel {
  /** Computes what the rest of the model reads. The caller disposes the result with {@link releaseFeatures}. */
  readonly features: (images: tf.Tensor) => Promise<readonly tf.Tensor[]>;
  /** Computes the output of the model, which the caller disposes. */
  readonly predict: (features: readonly tf.Tensor[], training: boolean) => tf.Tensor;
  /** Whether `features` computes anything. Otherwise it returns the images. */
  readonly isFrozen: boolean;
  /** Reads the frozen weights again if they have changed, and returns whether they have. */
  readonly refresh: () => Promise<boolean>;
  readonly dispose: () => Promise<void>;
}

/**
 * Splits a model at the first layers that train.
 *
 * Dropout and stochastic depth before frozen weights are inactive, as in Keras' `base(x, training=False)`. Noise layers belong to the rest,
 * and so does dropout that follows the last frozen weights.
 */
export async function splitModel(where: string, model: LayersModel, place: FeaturePlace): Promise<SplitModel> {
  const { below, above } = cutFrozen(model);
  if (below === undefined) {
    return { features: (images) => Promise.resolve([images]), predict: above, isFrozen: false, refresh: unchanged, dispose: nothing };
  }
  const versions = (): readonly object[] => below.weights.map((weight) => (weight.read() as tf.Variable).dataId);
  let opened = await openFeatures(where, below, place);
  let read = versions();
  return {
    features: async (images) => [await opened.predict(images)].flat(),
    predict: above,
    isFrozen: true,
    refresh: async () => {
      const now = versions();
      if (now.every((version, i) => version === read[i])) return false;
      await opened.dispose();
      opened = await openFeatures(where, below, place);
      read = now;
      return true;
    },
    dispose: async () => {
      await opened.dispose();
    },
  };
}

/** Disposes features, unless they are the images themselves. */
export function releaseFeatures(features: readonly tf.Tensor[], images: tf.Tensor | undefined): void {
  tf.dispose(features.filter((tensor) => tensor !== images));
}

const nothing = (): Promise<void> => Promise.resolve();
const unchanged = (): Promise<boolean> => Promise.resolve(false);

/** Cuts a model where its frozen part ends. */
export function cutFrozen(model: LayersModel): CutModel {
  return cutModel(model, frozenLayers(model));
}

/** Stock layers that change their input during training and are no dropout. */
const RANDOM = /^(GaussianNoise|GaussianDropout|AlphaDropout|RandomWidth)$/;

/** Returns a function that says whether a layer can run as in inference, because nothing that trains comes before it. */
function frozenLayers(model: LayersModel): (layer: layers.Layer) => boolean {
  const own = new Set(model.layers);
  const isFixed = (layer: layers.Layer): boolean =>
    layer.trainableWeights.length === 0 && !leaves(layer).some((each) => RANDOM.test(each.getClassName()));
  // Layers whose output reaches a frozen layer with weights. Dropout after the last of those belongs to what trains, such as a new head.
  const leading = new Set<layers.Layer>();
  for (const layer of model.layers.toReversed()) {
    const readers = layer.outboundNodes.map(({ outboundLayer }) => outboundLayer).filter((reader) => own.has(reader) && isFixed(reader));
    if (readers.some((reader) => reader.weights.length > 0 || leading.has(reader))) leading.add(layer);
  }
  return (layer) => isFixed(layer) && (!isDropout(layer) || leading.has(layer));
}

/** Stochastic depth is part of its block, not of the layers after it. */
function isDropout(layer: layers.Layer): boolean {
  return layer.getClassName().includes('Dropout') && !(layer instanceof SeededDropout && layer.isStochasticDepth);
}

function leaves(layer: layers.Layer): readonly layers.Layer[] {
  return 'layers' in layer ? layersOf(layer as LayersModel) : [layer];
}
