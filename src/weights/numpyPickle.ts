// Reads NumPy arrays in PyTorch files. NumPy scalars are skipped, because they are training records and not weights.
// Format: numpy/_core/src/multiarray/methods.c, `array_reduce`, and descriptor.c, `arraydescr_reduce`.

import { ELEMENT_BYTES, type ElementType } from './elements.js';
import { elementCount } from './namedArrays.js';
import type { Buildable, PickleGlobal, PickleValue } from './pickleValues.js';
import { isCounts, rebuildTensor, Storage, swapBytes, type TorchTensor } from './torchTensor.js';

const TYPES: Readonly<Record<string, ElementType>> = {
  f8: 'float64',
  f4: 'float32',
  f2: 'float16',
  i8: 'int64',
  i4: 'int32',
  i2: 'int16',
  i1: 'int8',
  u8: 'uint64',
  u4: 'uint32',
  u2: 'uint16',
  u1: 'uint8',
  b1: 'bool',
  c8: 'complex64',
  c16: 'complex128',
};

class NumpyType implements Buildable {
  readonly element: ElementType | undefined;
  isBigEndian = false;

  constructor(code: PickleValue) {
    this.element = typeof code === 'string' && Object.hasOwn(TYPES, code) ? TYPES[code] : undefined;
  }

  build(state: PickleValue): void {
    this.isBigEndian = Array.isArray(state) && state[1] === '>';
  }
}

/** A NumPy array. It has no tensor if its elements are objects, strings or dates. */
export class NumpyArray implements Buildable {
  tensor: TorchTensor | undefined;

  build(state: PickleValue): void {
    const [, shape, type, isFortran, bytes] = Array.isArray(state) ? (state as PickleValue[]) : [];
    this.set(bytes, type, shape, isFortran === true ? 'F' : 'C');
  }

  set(bytes: PickleValue, type: PickleValue, shape: PickleValue, order: PickleValue): void {
    const dtype = type instanceof NumpyType ? type.element : undefined;
    if (dtype === undefined || !(bytes instanceof Uint8Array) || !isCounts(shape)) return;
    if (elementCount(shape) * ELEMENT_BYTES[dtype] !== bytes.byteLength) throw new RangeError('an array of another size');
    const { isBigEndian } = type as NumpyType;
    const storage = new Storage(dtype, elementCount(shape), () => (isBigEndian ? swapBytes(bytes, dtype) : bytes));
    const strides = shape.map((_, axis) => elementCount(order === 'F' ? shape.slice(0, axis) : shape.slice(axis + 1)));
    this.tensor = rebuildTensor(storage, 0, shape, strides);
  }
}

/** NumPy functions that a pickle may call. */
export const NUMPY_GLOBALS: Readonly<Record<string, PickleGlobal>> = {
  'numpy.dtype': (code) => new NumpyType(code),
  'numpy.core.multiarray.scalar': () => null,
  'numpy.core.multiarray._reconstruct': () => new NumpyArray(),
  'numpy.core.numeric._frombuffer': (bytes, type, shape, order) => {
    const array = new NumpyArray();
    array.set(bytes, type, shape, order);
    return array;
  },
};
