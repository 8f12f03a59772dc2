// Lists the functions that the pickle in a PyTorch file may call: those of torch/_weights_only_unpickler.py, and functions for plain data
// that checkpoints contain. None of them accesses anything outside the file.

import { isElementType, isCount, isCounts, opaqueTensor, rebuildTensor, Storage, TorchTensor } from './torchTensor.js';
import { ELEMENT_BYTES, type ElementType } from './elements.js';
import { NUMPY_GLOBALS, NumpyArray } from './numpyPickle.js';
import { PickleObject, type Buildable, type PickleContext, type PickleGlobal, type PickleValue } from './pickleValues.js';

const STORAGES: Readonly<Record<string, ElementType>> = {
  DoubleStorage: 'float64',
  FloatStorage: 'float32',
  HalfStorage: 'float16',
  BFloat16Storage: 'bfloat16',
  LongStorage: 'int64',
  IntStorage: 'int32',
  ShortStorage: 'int16',
  CharStorage: 'int8',
  ByteStorage: 'uint8',
  BoolStorage: 'bool',
  ComplexFloatStorage: 'complex64',
  ComplexDoubleStorage: 'complex128',
  UntypedStorage: 'uint8',
  QInt8Storage: 'int8',
  QUInt8Storage: 'uint8',
  QInt32Storage: 'int32',
  QUInt4x2Storage: 'uint8',
  QUInt2x4Storage: 'uint8',
};

/** Element types by PyTorch's older names. The other names are the same as in this library. */
const DTYPES: Readonly<Record<string, ElementType>> = {
  double: 'float64',
  float: 'float32',
  half: 'float16',
  long: 'int64',
  int: 'int32',
  short: 'int16',
};

/** Maximum number of copied items: more than any network has, and few enough to limit memory and stack use. */
const MAX_COPIED = 1_000_000;

/** Opens a storage by its key in the file, its type and its number of elements. */
export type OpenStorage = (key: string, dtype: ElementType, count: number) => Storage;

/**
 * Returns the context for reading the pickle of a PyTorch file.
 *
 * @param length - Number of bytes of the file. All byte strings in it together cannot be longer.
 */
export function torchContext(length: number, open: OpenStorage): PickleContext {
  let [copied, encoded] = [0, 0];
  // Counts copied items, because a small file that passes the same items again and again could fill the memory.
  const counted = <T>(items: readonly T[]): readonly T[] => {
    copied += items.length;
    if (copied > MAX_COPIED) throw new RangeError('too many items');
    return items;
  };
  const list: PickleGlobal = (items) => (Array.isArray(items) ? [...counted(items as PickleValue[])] : []);
  const dictionary: PickleGlobal = (items) => {
    if (items instanceof Map) return new Map(counted([...(items as Map<PickleValue, PickleValue>)]));
    return new Map(Array.isArray(items) ? counted(items as [PickleValue, PickleValue][]) : []);
  };
  const bytes: PickleGlobal = (text) => {
    if (typeof text !== 'string') throw new TypeError('no text');
    encoded += text.length;
    if (encoded > length) throw new RangeError('too many bytes');
    return latin1(text);
  };
  const functions: Readonly<Record<string, PickleGlobal>> = {
    '_codecs.encode': bytes,
    'builtins.bytearray': (content) => (content instanceof Uint8Array ? content : bytes(content ?? '')),
    'collections.OrderedDict': dictionary,
    'collections.Counter': dictionary,
    'collections.defaultdict': (_, items) => dictionary(items),
    'collections.deque': list,
    'builtins.set': list,
    'builtins.frozenset': list,
    'builtins.list': list,
    'builtins.tuple': list,
    'torch.jit._pickle.build_intlist': list,
    'torch.jit._pickle.build_tensorlist': list,
    'torch.jit._pickle.build_doublelist': list,
    'torch.jit._pickle.build_boollist': list,
  };
  return {
    resolve(name) {
      if (Object.hasOwn(functions, name)) return functions[name];
      if (Object.hasOwn(GLOBALS, name)) return GLOBALS[name];
      if (Object.hasOwn(NUMPY_GLOBALS, name)) return NUMPY_GLOBALS[name];
      const [, kind = ''] = /^torch\.(?:cuda\.|storage\.)?(\w+)$/.exec(name) ?? [];
      if (Object.hasOwn(STORAGES, kind)) return STORAGES[kind];
      if (isElementType(kind)) return kind;
      if (Object.hasOwn(DTYPES, kind)) return DTYPES[kind];
      return /^torch\.(cuda\.)?(\w*Tensor|nn\.parameter\.Parameter)$/.test(name) ? () => new EarlyTensor() : undefined;
    },
    load(id) {
      // ('storage', type, key, device, count[, view]): the type is what `resolve` returned for its name. Before 1.6, a class was stored
      // with its source code.
      const [tag, type, key, , count, part] = Array.isArray(id) ? (id as unknown[]) : [];
      if (tag === 'module') return type;
      if (tag !== 'storage' || !isElementType(type) || typeof key !== 'string' || !isCount(count)) throw new TypeError('no storage');
      const storage = open(key, type, count);
      return part === undefined || part === null ? storage : partOf(storage, part);
    },
  };
}

/** Returns a part of another storage, given its key, offset and number of elements. */
function partOf({ dtype, count, bytes }: Storage, part: unknown): Storage {
  const [, offset, length] = Array.isArray(part) ? (part as unknown[]) : [];
  if (!isCount(offset) || !isCount(length) || offset + length > count) throw new TypeError('no part of a storage');
  const width = ELEMENT_BYTES[dtype];
  return new Storage(dtype, length, () => bytes().subarray(offset * width, (offset + length) * width));
}

/** A tensor or parameter whose content follows, as written by the first versions of PyTorch. */
class EarlyTensor implements Buildable {
  tensor: TorchTensor | undefined;

  build(state: PickleValue): void {
    const [first, offset, size, stride] = Array.isArray(state) ? (state as PickleValue[]) : [];
    if (first instanceof Storage) this.tensor = rebuildTensor(first, offset, size, stride);
    else this.tensor = tensorOf(first);
  }
}

/** Returns the tensor that a value represents, if any. */
export function tensorOf(value: PickleValue): TorchTensor | undefined {
  if (value instanceof TorchTensor) return value;
  return value instanceof EarlyTensor || value instanceof NumpyArray ? value.tensor : undefined;
}

const same: PickleGlobal = (value) => value;
const nothing: PickleGlobal = () => null;
const record: PickleGlobal = () => new PickleObject();

const GLOBALS: Readonly<Record<string, PickleGlobal>> = {
  'torch.Size': same,
  'torch.device': nothing,
  'torch.serialization._get_layout': same,
  'torch._utils._rebuild_tensor': rebuildTensor,
  'torch._utils._rebuild_tensor_v2': (storage, offset, size, stride, _grad, _hooks, metadata) =>
    negated(rebuildTensor(storage, offset, size, stride), metadata),
  'torch._utils._rebuild_tensor_v3': (storage, offset, size, stride, _grad, _hooks, dtype) =>
    rebuildTyped(storage, offset, size, stride, dtype),
  'torch._utils._rebuild_parameter': same,
  'torch._utils._rebuild_parameter_with_state': same,
  'torch._utils._rebuild_device_tensor_from_cpu_tensor': same,
  'torch._utils._rebuild_device_tensor_from_numpy': same,
  'torch._utils._rebuild_xla_tensor': same,
  'torch._utils._rebuild_qtensor': (storage, _offset, size) =>
    opaqueTensor('a quantized tensor', storage instanceof Storage ? storage.dtype : undefined, size),
  'torch._utils._rebuild_sparse_tensor': (_layout, data) => rebuildSparse(data),
  'torch._utils._rebuild_nested_tensor': (buffer) =>
    opaqueTensor('a nested tensor', tensorOf(buffer)?.array.dtype, tensorOf(buffer)?.array.shape),
  'torch._utils._rebuild_meta_tensor_no_storage': (dtype, size) => opaqueTensor('a tensor without numbers (`device="meta"`)', dtype, size),
  'torch._utils._rebuild_wrapper_subclass': (_class, dtype, size) =>
    opaqueTensor('a tensor of another kind, such as one part of a distributed tensor', dtype, size),
  'torch._tensor._rebuild_from_type_v2': (rebuild, _type, parameters) => {
    if (typeof rebuild !== 'function' || !Array.isArray(parameters)) throw new TypeError('no tensor');
    return (rebuild as PickleGlobal)(...(parameters as PickleValue[]));
  },
  'torch.jit._pickle.restore_type_tag': same,
  'builtins.complex': nothing,
  'builtins.slice': nothing,
  'builtins.range': nothing,
  'argparse.Namespace': record,
  'types.SimpleNamespace': record,
  'copyreg._reconstructor': record,
  'functools.partial': record,
  ...Object.fromEntries(
    [
      'datetime.datetime',
      'datetime.date',
      'datetime.time',
      'datetime.timedelta',
      'datetime.timezone',
      'decimal.Decimal',
      'fractions.Fraction',
      'uuid.UUID',
      ...['PosixPath', 'WindowsPath', 'PurePosixPath', 'PureWindowsPath'].flatMap((path) => [`pathlib.${path}`, `pathlib._local.${path}`]),
    ].map((name) => [name, record]),
  ),
};

/** Returns a view of bytes as elements of a type. Types that are not supported, such as 4-bit floats, give an opaque tensor. */
function rebuildTyped(storage: PickleValue, offset: PickleValue, size: PickleValue, stride: PickleValue, dtype: PickleValue): TorchTensor {
  if (!(storage instanceof Storage)) throw new TypeError('no tensor');
  if (!isElementType(dtype)) return opaqueTensor('a tensor of packed or untyped bits', 'uint8', size);
  const { bytes, count } = storage;
  return rebuildTensor(
    new Storage(dtype, Math.floor((count * ELEMENT_BYTES[storage.dtype]) / ELEMENT_BYTES[dtype]), bytes),
    offset,
    size,
    stride,
  );
}

/** The arguments are (indices, values, size[, flag]), or (compressed indices, plain indices, values, size). */
function rebuildSparse(data: PickleValue): TorchTensor {
  const parts = Array.isArray(data) ? (data as PickleValue[]) : [];
  const size = parts.findIndex((part, i) => i >= 2 && isCounts(part));
  return opaqueTensor('a sparse tensor', tensorOf(parts[size - 1])?.array.dtype, parts[size]);
}

/** PyTorch stores the sign of a lazily negated view separately from its values. */
function negated(tensor: TorchTensor, metadata: PickleValue): TorchTensor {
  if (!(metadata instanceof Map) || metadata.get('neg') !== true) return tensor;
  const { array } = tensor;
  return new TorchTensor({ ...array, values: () => array.values().map((value) => -value) });
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => {
    const code = character.charCodeAt(0);
    if (code > 255) throw new RangeError('no byte');
    return code;
  });
}
