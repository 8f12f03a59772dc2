// Rebuilds the tensors of PyTorch files as views of storages, as torch/_utils.py does.

import { ELEMENT_BYTES, type ElementType } from './elements.js';
import { elementCount, encodedArray, type WeightArray } from './namedArrays.js';
import type { PickleValue } from './pickleValues.js';

/** A contiguous block of elements that tensors are views of. */
export class Storage {
  readonly dtype: ElementType;
  readonly count: number;
  readonly bytes: () => Uint8Array;

  constructor(dtype: ElementType, count: number, bytes: () => Uint8Array) {
    this.dtype = dtype;
    this.count = count;
    this.bytes = bytes;
  }
}

/** A tensor that has no name yet. */
export class TorchTensor {
  readonly array: WeightArray;
  /** Description of a tensor without plain elements: quantized, sparse, or without data. Otherwise `null`. */
  readonly kind: string | null;

  constructor(array: WeightArray, kind: string | null = null) {
    this.array = array;
    this.kind = kind;
  }
}

/** The limit of PyTorch. */
const MAX_AXES = 64;
/**
 * A view that repeats elements may be larger than its storage, up to this many elements. Without a limit, a small file could fill the
 * memory.
 */
const MAX_REPEATED = 1_000_000;

/** Returns a strided view of a storage. */
export function rebuildTensor(storage: PickleValue, offset: PickleValue, size: PickleValue, stride: PickleValue): TorchTensor {
  if (
    !(storage instanceof Storage) ||
    !isCount(offset) ||
    !isCounts(size) ||
    !isCounts(stride) ||
    size.length !== stride.length ||
    size.length > MAX_AXES
  ) {
    throw new TypeError('no tensor');
  }
  const count = elementCount(size);
  const last = size.reduce((sum, length, axis) => sum + (length - 1) * (stride[axis] as number), offset);
  if (count > Math.max(storage.count, MAX_REPEATED) || (count > 0 && last >= storage.count))
    throw new RangeError('a tensor beyond its storage');
  const { dtype } = storage;
  const width = ELEMENT_BYTES[dtype];
  const isContiguous = size.every((length, axis) => length === 1 || stride[axis] === elementCount(size.slice(axis + 1)));
  if (isContiguous)
    return new TorchTensor(encodedArray(size, dtype, () => storage.bytes().subarray(offset * width, (offset + count) * width)));
  return new TorchTensor(encodedArray(size, dtype, () => gather(storage.bytes(), width, offset, size, stride)));
}

/** Returns a tensor whose elements cannot be read. */
export function opaqueTensor(kind: string, dtype: PickleValue, size: PickleValue): TorchTensor {
  if (!isCounts(size)) throw new TypeError('no tensor');
  return new TorchTensor({ shape: size, dtype: isElementType(dtype) ? dtype : 'float32', values: () => new Float32Array() }, kind);
}

/** Copies the elements of a strided view in row-major order. */
function gather(bytes: Uint8Array, width: number, offset: number, size: readonly number[], stride: readonly number[]): Uint8Array {
  const result = new Uint8Array(elementCount(size) * width);
  const index = size.map(() => 0);
  for (let to = 0; to < result.length; to += width) {
    const from = index.reduce((sum, i, axis) => sum + i * (stride[axis] as number), offset) * width;
    for (let byte = 0; byte < width; byte++) result[to + byte] = bytes[from + byte] as number;
    for (let axis = size.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] as number) + 1;
      if ((index[axis] as number) < (size[axis] as number)) break;
      index[axis] = 0;
    }
  }
  return result;
}

/** Reverses the byte order of each element. The two parts of a complex number are reversed separately. */
export function swapBytes(bytes: Uint8Array, dtype: ElementType): Uint8Array {
  const width = ELEMENT_BYTES[dtype] / (dtype.startsWith('complex') ? 2 : 1);
  const swapped = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at += width) {
    for (let byte = 0; byte < width; byte++) swapped[at + byte] = bytes[at + width - 1 - byte] as number;
  }
  return swapped;
}

/** Whether a value is an element type. */
export function isElementType(value: unknown): value is ElementType {
  return typeof value === 'string' && Object.hasOwn(ELEMENT_BYTES, value);
}

/** Whether a value is a nonnegative integer. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Whether a value is a list of nonnegative integers. */
export function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every(isCount);
}
