// Stores weights as float16 or uint8, in the quantized form of TensorFlow.js and its converter (`quantization` in the manifest).

import type { io } from '@tensorflow/tfjs-core';
import { encodeFloat16 } from '../core/internal.js';
import { splitWeights } from './storedWeights.js';

/**
 * Smaller kernels are stored as float16 in a uint8 file, because quantizing them costs more accuracy than the saved bytes are worth. See
 * docs/weights.md.
 */
const UINT8_FROM = 32_768;

/**
 * Returns a copy of the artifacts with kernels stored as float16 or uint8.
 *
 * Vectors (biases and normalization statistics) stay float32: they are small, and float16 cannot represent every variance. TensorFlow.js
 * has one scale per kernel. That is too coarse for small kernels and for depthwise kernels, whose channels differ widely, so a uint8 file
 * stores those as float16.
 *
 * @throws {WeightsError} when a weight exceeds the range of float16.
 */
export function quantizeWeights(where: string, artifacts: io.ModelArtifacts, dtype: 'float16' | 'uint8'): io.ModelArtifacts {
  const specs: io.WeightsManifestEntry[] = [];
  const parts: Uint8Array[] = [];
  for (const { spec, bytes } of splitWeights(artifacts.weightSpecs ?? [], artifacts.weightData)) {
    const stored =
      spec.dtype === 'float32' && spec.shape.length >= 2
        ? quantized(where, spec, new Float32Array(bytes.slice().buffer), dtype)
        : { spec, bytes };
    specs.push(stored.spec);
    parts.push(stored.bytes);
  }
  const data = new Uint8Array(parts.reduce((size, part) => size + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.byteLength;
  }
  return { ...artifacts, weightSpecs: specs, weightData: data.buffer };
}

interface Stored {
  readonly spec: io.WeightsManifestEntry;
  readonly bytes: Uint8Array;
}

function quantized(where: string, spec: io.WeightsManifestEntry, values: Float32Array, dtype: 'float16' | 'uint8'): Stored {
  if (dtype === 'uint8' && values.length >= UINT8_FROM && !spec.name.endsWith('/depthwise_kernel')) {
    const { steps, scale, min } = toUint8(values);
    return { spec: { ...spec, quantization: manifestEntry('uint8', { scale, min }) }, bytes: steps };
  }
  return {
    spec: { ...spec, quantization: manifestEntry('float16') },
    bytes: new Uint8Array(encodeFloat16(where, spec.name, values).buffer),
  };
}

/** Returns the manifest entry of a weight. Only the Python converter reads `original_dtype`; TensorFlow.js ignores it. */
function manifestEntry(
  dtype: 'float16' | 'uint8',
  range: { readonly scale?: number; readonly min?: number } = {},
): NonNullable<io.WeightsManifestEntry['quantization']> {
  const entry = { dtype, ...range, original_dtype: 'float32' };
  return entry;
}

/**
 * Quantizes linearly from the lowest to the highest value. Zero stays exact if it is in the range, as in the converter's quantization.py.
 */
function toUint8(values: Float32Array): { readonly steps: Uint8Array; readonly scale: number; readonly min: number } {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low === high) return { steps: new Uint8Array(values.length), scale: 1, min: low };
  const scale = (high - low) / 255;
  const min = low <= 0 && high >= 0 ? 0 - Math.round(-low / scale) * scale : low;
  const steps = Uint8Array.from(values, (value) => Math.min(255, Math.max(0, Math.round((value - min) / scale))));
  return { steps, scale, min };
}
