// The layers below the first one that trains. Their outputs do not depend on training, so they run as in inference, where the caller wants.

import * as tf from '@tensorflow/tfjs-core';
import type { layers, LayersModel } from '@tensorflow/tfjs-layers';
import { check, rule } from '../core/internal.js';
import { cutModel } from '../models/internal.js';
import { foldBatchNorm } from '../models/index.js';
import { allLayers } from './freeze.js';

/** Puts the part of a network that makes features where it is to run, as `createRuntime` of `effnet-ts/onnx` does. */
export type FeatureRuntime = (features: LayersModel) => Promise<{
  predict(images: tf.Tensor): tf.Tensor | tf.Tensor[] | Promise<tf.Tensor | tf.Tensor[]>;
  dispose(): unknown;
}>;

/** What a {@link FeatureRuntime} returns. */
export type RuntimeOfFeatures = Awaited<ReturnType<FeatureRuntime>>;

const runtimeRule = rule<RuntimeOfFeatures>('a function that returns a runtime with `predict` and `dispose`', (value) => {
  const { predict, dispose } = (value ?? {}) as Partial<RuntimeOfFeatures>;
  return typeof predict === 'function' && typeof dispose === 'function';
});

/** Opens the features in the runtime, or in TensorFlow.js with BatchNormalization folded. */
export async function openFeatures(where: string, features: LayersModel, runtime: FeatureRuntime | undefined): Promise<RuntimeOfFeatures> {
  const opened = await (runtime ?? foldBatchNorm)(features);
  check(where, 'runtime', opened, runtimeRule);
  return opened;
}

/** A model whose frozen part runs apart from the rest. */
export interface SplitModel {
  /** Computes what the rest of the model reads. The caller disposes the result with {@link releaseFeatures}. */
  readonly features: (images: tf.Tensor) => Promise<readonly tf.Tensor[]>;
  /** Computes the output of the model, which the caller disposes. */
  readonly predict: (features: readonly tf.Tensor[], training: boolean) => tf.Tensor;
  /** Reads the frozen weights again if they have changed. */
  readonly refresh: () => Promise<void>;
  readonly dispose: () => Promise<void>;
}

/**
 * Splits a model at the first layers that train.
 *
 * Dropout and stochastic depth below them are inactive, as in Keras' `base(x, training=False)`. Layers of other kinds that act during
 * training alone belong to the rest.
 */
export async function splitModel(where: string, model: LayersModel, runtime: FeatureRuntime | undefined): Promise<SplitModel> {
  const { below, above } = cutModel(model, isFrozen);
  if (below === undefined) {
    return { features: (images) => Promise.resolve([images]), predict: above, refresh: nothing, dispose: nothing };
  }
  const versions = (): readonly object[] => below.weights.map((weight) => (weight.read() as tf.Variable).dataId);
  let opened = await openFeatures(where, below, runtime);
  let read = versions();
  return {
    features: async (images) => [await opened.predict(images)].flat(),
    predict: above,
    refresh: async () => {
      const now = versions();
      if (now.every((version, i) => version === read[i])) return;
      await opened.dispose();
      opened = await openFeatures(where, below, runtime);
      read = now;
    },
    dispose: async () => {
      await opened.dispose();
    },
  };
}

/** Disposes features, unless they are the images themselves. */
export function releaseFeatures(features: readonly tf.Tensor[], images: tf.Tensor): void {
  tf.dispose(features.filter((tensor) => tensor !== images));
}

const nothing = (): Promise<void> => Promise.resolve();

/** Stock layers that change their input during training and are no dropout. */
const RANDOM = /^(GaussianNoise|GaussianDropout|AlphaDropout|RandomWidth)$/;

function isFrozen(layer: layers.Layer): boolean {
  return layer.trainableWeights.length === 0 && !leaves(layer).some((each) => RANDOM.test(each.getClassName()));
}

function leaves(layer: layers.Layer): readonly layers.Layer[] {
  return 'layers' in layer ? allLayers(layer as LayersModel) : [layer];
}
