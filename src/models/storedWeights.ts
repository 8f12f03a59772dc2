// Splits the weight bytes of a model.json. The weights are stored one after another, without gaps.

import type { io } from '@tensorflow/tfjs-core';
import { joinBytes } from '../core/internal.js';

/** One weight and its bytes, which are a view of the file's bytes. */
export interface StoredWeight {
  readonly spec: io.WeightsManifestEntry;
  readonly bytes: Uint8Array;
}

/** Returns the number of bytes that a weight takes in its file. */
export function specBytes({ shape, dtype, quantization }: io.WeightsManifestEntry): number {
  const size = shape.reduce((product, length) => product * length, 1);
  const stored: string = quantization?.dtype ?? dtype;
  return size * (stored === 'uint8' || stored === 'bool' ? 1 : stored === 'uint16' || stored === 'float16' ? 2 : 4);
}

/** Returns all bytes of the weight files in one array. Copies them only if there are several files. */
export function joinedWeights(data: io.ModelArtifacts['weightData']): Uint8Array {
  const parts = (data === undefined ? [] : [data].flat()).map((part) => new Uint8Array(part));
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  return joinBytes(parts);
}

/** Returns the bytes of each weight. The caller must check beforehand that the total length matches the specs. */
export function splitWeights(specs: readonly io.WeightsManifestEntry[], data: io.ModelArtifacts['weightData']): StoredWeight[] {
  const bytes = joinedWeights(data);
  let at = 0;
  return specs.map((spec) => {
    const start = at;
    at += specBytes(spec);
    return { spec, bytes: bytes.subarray(start, at) };
  });
}
