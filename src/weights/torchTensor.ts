// Tensors of PyTorch files: views of storages, as torch/_utils.py rebuilds them.

import { ELEMENT_BYTES, type ElementType } from './elements.js';
import { elementCount, encodedArray, type WeightArray } from './namedArrays.js';
import type { PickleValue } from './pickle.js';

/** A run of numbers that tensors are views of. */
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

/** A tensor before it has a name. */
export class TorchTensor {
  readonly array: WeightArray;
  /** What it is, where its numbers are not plain ones: quantized, sparse, without numbers. */
  readonly kind: string | null;

  constructor(array: WeightArray, kind: string | null = null) {
    this.array = array;
    this.kind = kind;
  }
}

/** PyTorch's own limit. */
const MAX_AXES = 64;
/** A view that repeats its numbers may be larger than its storage, up to this many numbers: more would fill the memory from a few bytes. */
const MAX_REPEATED = 1_000_000;

/** A strided view of a storage. */
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

/** A tensor whose numbers cannot be had as they are. */
export function opaqueTensor(kind: string, dtype: PickleValue, size: PickleValue): TorchTensor {
  if (!isCounts(size)) throw new TypeError('no tensor');
  return new TorchTensor({ shape: size, dtype: isElementType(dtype) ? dtype : 'float32', values: () => new Float32Array() }, kind);
}

/** The elements of a strided view, row-major. */
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

/** The same numbers with the bytes of each in the other order; both parts of a complex number are numbers. */
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

/** Whether a value is a whole number of at least 0. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Whether a value is a list of whole numbers of at least 0. */
export function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every(isCount);
}
