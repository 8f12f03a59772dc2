// Small networks and helpers for tests of whole models.

import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { VARIANTS, type VariantSpec } from '../../src/scaling/index.js';

/** A small network of the first generation. */
export const TINY = { ...VARIANTS.b0, widthCoefficient: 0.25, depthCoefficient: 0.5, inputSize: 64 } satisfies VariantSpec;
/** A small Lite network. */
export const LITE = { ...VARIANTS.lite0, widthCoefficient: 0.25, depthCoefficient: 0.5, inputSize: 64 } satisfies VariantSpec;
/** A small network of the second generation. */
export const V2 = { ...VARIANTS['v2-b0'], widthCoefficient: 0.25, depthCoefficient: 0.5, inputSize: 64 } satisfies VariantSpec;

/** Creates random images, the same at every call. */
export function pixels(batch = 2, size = 64): tf.Tensor4D {
  return tf.randomUniform([batch, size, size, 3], 0, 255, 'float32', 'pixels');
}

/** Returns the predictions for those images. */
export async function predict(model: tfl.LayersModel, size = 64): Promise<Float32Array> {
  const x = pixels(2, size);
  const y = model.predict(x) as tf.Tensor;
  const values = (await y.data()) as Float32Array;
  tf.dispose([x, y]);
  return values;
}

/** Creates a save handler that stores the model in memory, and loads it from JSON like a file. */
export function memory(): tf.io.IOHandler & { saved?: tf.io.ModelArtifacts } {
  const handler: tf.io.IOHandler & { saved?: tf.io.ModelArtifacts } = {
    save(artifacts) {
      handler.saved = { ...artifacts, modelTopology: JSON.parse(JSON.stringify(artifacts.modelTopology)) as object };
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } });
    },
    load: () => Promise.resolve(structuredClone(handler.saved!)),
  };
  return handler;
}
