// The layers below the first one that trains. Their outputs do not depend on training, so they run as in inference, where the caller wants.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { check, rule } from '../core/internal.js';
import { foldBatchNorm } from '../models/index.js';
import { cutFrozen } from './cutFrozen.js';
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
