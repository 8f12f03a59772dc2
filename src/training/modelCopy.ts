// A copy of a model in another thread that only predicts. replica.ts is one that trains.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { joinFloats } from '../core/internal.js';
import { modelFromArtifacts } from '../models/internal.js';
import { toPlain, toTensor, type PlainTensor } from './plainTensor.js';

/** What a copy is created from. */
export interface CopySetup {
  /** The function that errors name. */
  readonly where: string;
  readonly artifacts: tf.io.ModelArtifacts;
}

/** What a copy predicts from. */
export interface Inputs {
  /** What a model reads, or the part of it above the cut: images, or the features of frozen layers. */
  readonly features: readonly PlainTensor[];
}

/** A model in another thread that predicts. */
export interface ModelCopy {
  /** Computes all outputs in inference mode. */
  predict(inputs: Inputs): Promise<readonly PlainTensor[]>;
  dispose(): void;
}

/** Creates a copy. A backend must be active. */
export async function createCopy({ where, artifacts }: CopySetup): Promise<ModelCopy> {
  const model = await modelFromArtifacts(where, artifacts);
  return {
    async predict({ features }) {
      const outputs = tf.tidy(() => [model.predict(features.map(toTensor))].flat());
      try {
        return await Promise.all(outputs.map(toPlain));
      } finally {
        tf.dispose(outputs);
      }
    },
    dispose: () => {
      model.dispose();
    },
  };
}

/** Returns what a copy of a model is created from. */
export async function artifactsOf(model: LayersModel): Promise<tf.io.ModelArtifacts> {
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
