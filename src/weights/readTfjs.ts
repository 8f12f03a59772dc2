// Reads the weights of a TensorFlow.js model, quantised ones too, without building the model.

import type { io } from '@tensorflow/tfjs-core';
import { show, WeightsError } from '../core/index.js';
import { decodeElements, ELEMENT_BYTES, type ElementType } from './elements.js';
import { elementCount, encodedArray, type NamedArrays, type WeightArray } from './namedArrays.js';

const DTYPES: Readonly<Record<string, ElementType>> = { float32: 'float32', int32: 'int32', bool: 'bool' };

/**
 * Reads the weights of a TensorFlow.js layers model, as a load handler or `model.save` gives them.
 *
 * @param artifacts - Its `weightSpecs` and `weightData`; the data is not copied, so it must not change while the arrays are in use.
 * @throws {WeightsError} when specs and data do not agree, or a weight is of a type no network has.
 * @example
 * const arrays = readTfjs(await (tf.io.http('https://.../model.json').load as () => Promise<tf.io.ModelArtifacts>)());
 * await loadWeights(model, arrays);
 */
export function readTfjs({ weightSpecs = [], weightData }: Pick<io.ModelArtifacts, 'weightSpecs' | 'weightData'>): NamedArrays {
  const bytes = joined(weightData);
  const arrays = new Map<string, WeightArray>();
  let at = 0;
  for (const spec of weightSpecs) {
    const { name, shape, dtype, quantization } = (spec as Partial<typeof spec> | null) ?? {};
    if (typeof name !== 'string') throw broken(`expected a name for every weight, received ${show(name)}`);
    const stored = storedType(dtype, quantization);
    if (stored === undefined) throw broken(`expected float32, int32 or bool as the type of ${show(name)}, received ${show(quantization?.dtype ?? dtype)}`);
    if (!Array.isArray(shape) || !shape.every((length) => Number.isSafeInteger(length) && length >= 0)) throw broken(`the shape of ${show(name)} is ${show(shape)}`);
    if (arrays.has(name)) throw broken(`two weights are named ${show(name)}`);
    const size = elementCount(shape) * ELEMENT_BYTES[stored];
    if (at + size > bytes.byteLength) throw broken(`${show(name)} ends at byte ${at + size} of the data, there are ${bytes.byteLength}`);
    const place = bytes.subarray(at, at + size);
    arrays.set(name, quantization === undefined || quantization.dtype === 'float16'
      ? encodedArray(shape, stored, () => place)
      : { shape, dtype: stored, values: () => dequantized(place, stored, quantization) });
    at += size;
  }
  if (at !== bytes.byteLength) throw broken(`expected ${at} bytes of data, received ${bytes.byteLength}`);
  if (arrays.size === 0) throw broken('the model has no weights');
  return arrays;
}

const QUANTIZED: readonly unknown[] = ['uint8', 'uint16', 'float16'];

function storedType(dtype: unknown, quantization: io.WeightsManifestEntry['quantization']): ElementType | undefined {
  if (quantization !== undefined) return QUANTIZED.includes((quantization as { readonly dtype?: unknown } | null)?.dtype) ? quantization.dtype : undefined;
  return typeof dtype === 'string' && Object.hasOwn(DTYPES, dtype) ? DTYPES[dtype] : undefined;
}

// tfjs-core io_utils: value * scale + min, steps stored in one or two bytes.
function dequantized(bytes: Uint8Array, stored: ElementType, { scale = 1, min = 0 }: { scale?: number; min?: number }): Float32Array {
  return decodeElements(stored, bytes).map((step) => step * scale + min);
}

function joined(data: io.ModelArtifacts['weightData']): Uint8Array {
  const parts = (data === undefined ? [] : Array.isArray(data) ? data : [data]).map((part) => new Uint8Array(part));
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return bytes;
}

function broken(what: string): WeightsError {
  return new WeightsError(`readTfjs: ${what}. The model is truncated or damaged.`);
}
