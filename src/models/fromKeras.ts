// Translates a Keras model from the `tensorflowjs` converter into the layers and weight names that TensorFlow.js expects.

import * as tf from '@tensorflow/tfjs-core';
import { splitWeights, type StoredWeight } from './storedWeights.js';
import { kerasWeightNames, modelConfig } from './kerasWeightNames.js';
import { translateModel } from './kerasTopology.js';
import type { SavedTopology } from './savedTopology.js';

/** Whether Keras wrote a model. TensorFlow.js writes its own name in the field where Keras writes its version. */
export function isFromKeras({ modelTopology, generatedBy }: tf.io.ModelArtifacts): boolean {
  const version = kerasVersion(modelTopology);
  return version === undefined ? generatedBy?.startsWith('keras ') === true : !version.startsWith('tfjs-layers');
}

/**
 * Translates a converted Keras model. The result shares no memory with the given artifacts.
 *
 * @throws {DataError} when TensorFlow.js lacks a layer or would compute a different result.
 */
export async function fromKeras(where: string, artifacts: tf.io.ModelArtifacts): Promise<tf.io.ModelArtifacts> {
  const { modelTopology, weightSpecs = [], weightData, userDefinedMetadata } = artifacts;
  const nameOf = kerasWeightNames(modelTopology);
  const weights = splitWeights(weightSpecs, weightData).flatMap((weight) => {
    const name = nameOf(weight.spec.name);
    return name === null ? [] : [{ ...weight, spec: { ...storedSpec(weight.spec), name } }];
  });
  const statistics = new Map<string, readonly number[]>();
  for (const weight of weights) if (/\/(mean|variance)$/.test(weight.spec.name)) statistics.set(weight.spec.name, await valuesOf(weight));
  const shapes = new Map(weights.map(({ spec }) => [spec.name, spec.shape]));
  const translated = new Set<string>();
  const topology = translateModel(modelConfig(modelTopology) as SavedTopology, {
    where,
    isKeras3: Number.parseInt(kerasVersion(modelTopology) ?? '2', 10) >= 3,
    shape: (name) => shapes.get(name),
    weight: (name) => {
      translated.add(name.slice(0, name.lastIndexOf('/')));
      return statistics.get(name);
    },
  });
  // The mean and variance of Normalization layers are now part of the topology, so they are no longer weights.
  const kept = weights.filter(({ spec: { name } }) => !translated.has(name.slice(0, name.lastIndexOf('/'))));
  return {
    modelTopology: topology,
    ...(weightData === undefined
      ? {}
      : { weightSpecs: kept.map(({ spec }) => spec), weightData: kept.map(({ bytes }) => bytes.slice().buffer) }),
    ...(userDefinedMetadata === undefined ? {} : { userDefinedMetadata }),
  };
}

function kerasVersion(topology: unknown): string | undefined {
  const version = (topology as { readonly keras_version?: unknown } | null | undefined)?.keras_version;
  return typeof version === 'string' ? version : undefined;
}

/** TensorFlow.js reads float16 only as quantized float32. */
function storedSpec(spec: tf.io.WeightsManifestEntry): tf.io.WeightsManifestEntry {
  return (spec.dtype as string) === 'float16' ? { ...spec, dtype: 'float32', quantization: { dtype: 'float16' } } : spec;
}

async function valuesOf({ spec, bytes }: StoredWeight): Promise<readonly number[]> {
  const { [spec.name]: tensor } = tf.io.decodeWeights(bytes.slice().buffer, [spec]);
  try {
    return [...((await tensor?.data()) ?? [])];
  } finally {
    tensor?.dispose();
  }
}
