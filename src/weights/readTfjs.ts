// Reads the weights of a TensorFlow.js model, including quantized ones, without building the model.

import type { io } from '@tensorflow/tfjs-core';
import { check, record, rule, show } from '../core/internal.js';
import { WeightsError } from '../core/index.js';
import { joinedWeights, kerasWeightNames, describeGraphModel } from '../models/internal.js';
import { decodeElements, ELEMENT_BYTES, type ElementType } from './elements.js';
import { elementCount, encodedArray, type NamedArrays, type WeightArray } from './namedArrays.js';

const DTYPES: Readonly<Record<string, ElementType>> = { float32: 'float32', float16: 'float16', int32: 'int32', bool: 'bool' };

/**
 * Reads the weights of a TensorFlow.js layers model from its artifacts, as load handlers return them. Weights of converted Keras models
 * are named `layer/weight` for all versions of Keras.
 *
 * @param artifacts - The `weightSpecs`, `weightData` and `modelTopology` of the model. The topology provides the names of a converted
 *   Keras 3 model. The data is not copied, so it must not change while the arrays are in use.
 * @throws {OptionError} when a part of the artifacts has the wrong type. {@link WeightsError} when specs and data do not match, a weight
 *   has an unsupported type, or the model is a graph model.
 * @example
 * const arrays = readTfjs(await (tf.io.http('https://.../model.json').load as () => Promise<tf.io.ModelArtifacts>)());
 * await loadWeights(model, arrays);
 */
export function readTfjs(artifacts: TfjsWeights): NamedArrays {
  check('readTfjs', 'artifacts', artifacts, record);
  const { weightSpecs = [], weightData, modelTopology, format } = artifacts;
  check('readTfjs', 'weightSpecs', weightSpecs, rule('an array', Array.isArray));
  if (weightData !== undefined) check('readTfjs', 'weightData', weightData, buffers);
  const graph = describeGraphModel({ modelTopology, format });
  if (graph !== undefined) throw new WeightsError(`readTfjs: expected a layers model, received ${graph}`);
  const nameOf = kerasWeightNames(modelTopology);
  const bytes = joinedWeights(weightData);
  const arrays = new Map<string, WeightArray>();
  let at = 0;
  for (const spec of weightSpecs) {
    const { name: stored, shape, dtype, quantization } = (spec as Partial<typeof spec> | null) ?? {};
    if (typeof stored !== 'string') throw broken(`expected a name for every weight, received ${show(stored)}`);
    const type = storedType(dtype, quantization);
    if (type === undefined)
      throw broken(
        `expected float32, float16, int32 or bool as the type of ${show(stored)}, received ${show(quantization?.dtype ?? dtype)}`,
      );
    if (!Array.isArray(shape) || !shape.every((length) => Number.isSafeInteger(length) && length >= 0))
      throw broken(`the shape of ${show(stored)} is ${show(shape)}`);
    // Arrays that are not weights of the model keep their names, so that a report can list them.
    const name = nameOf(stored) ?? stored;
    if (arrays.has(name)) throw broken(`two weights are named ${show(name)}`);
    const size = elementCount(shape) * ELEMENT_BYTES[type];
    if (at + size > bytes.byteLength) throw broken(`${show(name)} ends at byte ${at + size} of the data, there are ${bytes.byteLength}`);
    const place = bytes.subarray(at, at + size);
    arrays.set(
      name,
      quantization === undefined || quantization.dtype === 'float16'
        ? encodedArray(shape, type, () => place)
        : { shape, dtype: type, values: () => dequantized(place, type, quantization) },
    );
    at += size;
  }
  if (at !== bytes.byteLength) throw broken(`expected ${at} bytes of data, received ${bytes.byteLength}`);
  if (arrays.size === 0) throw broken('the model has no weights');
  return arrays;
}

/** The artifacts that {@link readTfjs} needs: the weights and, for a converted Keras 3 model, the `modelTopology`. */
export interface TfjsWeights {
  readonly weightSpecs?: readonly io.WeightsManifestEntry[] | undefined;
  readonly weightData?: io.WeightData | undefined;
  readonly modelTopology?: object | undefined;
  readonly format?: string | undefined;
}

const isBuffer = (value: unknown): boolean => value instanceof ArrayBuffer || ArrayBuffer.isView(value);
const buffers = rule('an ArrayBuffer or an array of them', (value) => (Array.isArray(value) ? value.every(isBuffer) : isBuffer(value)));

const QUANTIZED: readonly unknown[] = ['uint8', 'uint16', 'float16'];

function storedType(dtype: unknown, quantization: io.WeightsManifestEntry['quantization']): ElementType | undefined {
  if (quantization !== undefined)
    return QUANTIZED.includes((quantization as { readonly dtype?: unknown } | null)?.dtype) ? quantization.dtype : undefined;
  return typeof dtype === 'string' && Object.hasOwn(DTYPES, dtype) ? DTYPES[dtype] : undefined;
}

// value * scale + min, as in io_utils of tfjs-core. Values are stored in one or two bytes.
function dequantized(
  bytes: Uint8Array,
  stored: ElementType,
  { scale = 1, min = 0 }: { scale?: number | undefined; min?: number | undefined },
): Float32Array {
  return decodeElements(stored, bytes).map((step) => step * scale + min);
}

function broken(what: string): WeightsError {
  return new WeightsError(`readTfjs: ${what}. The model is truncated or damaged.`);
}
