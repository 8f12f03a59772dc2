// Reads what PyTorch's torch.save writes: the zip archive of today and the bare pickles of before 1.6. Nothing of the file is run.
// Format: torch/serialization.py, `_save` and `_legacy_save`.

import { show, WeightsError } from '../core/index.js';
import { ELEMENT_BYTES, type ElementType } from './elements.js';
import { elementCount, encodedArray, type NamedArrays, type WeightArray } from './namedArrays.js';
import { Namespace, readPickle, type PickleContext, type PickleGlobal, type PickleValue } from './pickle.js';
import { openZip } from './zip.js';

const WHERE = 'readTorch';

const STORAGES: Readonly<Record<string, ElementType>> = {
  DoubleStorage: 'float64', FloatStorage: 'float32', HalfStorage: 'float16', BFloat16Storage: 'bfloat16', LongStorage: 'int64',
  IntStorage: 'int32', ShortStorage: 'int16', CharStorage: 'int8', ByteStorage: 'uint8', BoolStorage: 'bool',
};

/** A run of numbers that tensors are views of. */
class Storage {
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
class TorchTensor {
  readonly array: WeightArray;

  constructor(array: WeightArray) {
    this.array = array;
  }
}

/**
 * Reads the tensors of a PyTorch file (`.pth`, `.pt`, `.bin`): a state dict, or a checkpoint of dictionaries and lists around one.
 *
 * Names are the keys on the way, joined by dots. The pickle inside is interpreted by rules that know tensors and containers alone;
 * whatever else it asks for is refused by name, and nothing in it can run.
 *
 * @param bytes - The whole file; it is not copied, so it must not change while the arrays are in use.
 * @throws {WeightsError} when the file is damaged, holds no tensor, or asks for anything but tensors and containers.
 * @example
 * const arrays = readTorch(await readFile('efficientnet-b0-355c32eb.pth'));
 */
export function readTorch(bytes: Uint8Array): NamedArrays {
  const root = bytes[0] === 0x50 ? readZipped(bytes) : readLegacy(bytes);
  const arrays = new Map<string, WeightArray>();
  collect(root, '', arrays, new Set(), 0);
  if (arrays.size === 0) throw new WeightsError(`${WHERE}: the file holds no tensor.`);
  return arrays;
}

function readZipped(bytes: Uint8Array): PickleValue {
  const archive = openZip(WHERE, bytes);
  const pickle = archive.names.find((name) => /(^|\/)data\.pkl$/.test(name));
  if (pickle === undefined) throw new WeightsError(`${WHERE}: expected an archive with 'data.pkl', received one with ${show(archive.names.slice(0, 3))}.`);
  const folder = pickle.slice(0, -'data.pkl'.length);
  if (archive.names.includes(`${folder}byteorder`) && new TextDecoder().decode(archive.read(`${folder}byteorder`)) !== 'little') {
    throw new WeightsError(`${WHERE}: expected little-endian numbers, received big-endian ones.`);
  }
  return readPickle(WHERE, archive.read(pickle), contextOf((key, dtype, count) => {
    const read = (): Uint8Array => archive.read(`${folder}data/${key}`);
    if (read().byteLength < count * ELEMENT_BYTES[dtype]) throw new RangeError(`storage ${key} is too short`);
    return new Storage(dtype, count, read);
  })).value;
}

const LEGACY_MAGIC = 0x1950a86a20f9469cfc6cn;

// Magic number, protocol, system, then the objects, then the keys of the storages and their numbers.
function readLegacy(bytes: Uint8Array): PickleValue {
  const places = new Map<string, { start: number; count: number }>();
  const storages = new Map<string, Storage>();
  const context = contextOf((key, dtype, count) => {
    const storage = new Storage(dtype, count, () => {
      const place = places.get(key);
      if (place === undefined) throw new WeightsError(`${WHERE}: the file lacks the numbers of a tensor. It is truncated or damaged.`);
      return bytes.subarray(place.start, place.start + count * ELEMENT_BYTES[dtype]);
    });
    storages.set(key, storage);
    return storage;
  });
  let at = 0;
  const next = (): PickleValue => {
    const { value, end } = readPickle(WHERE, bytes, context, at);
    at = end;
    return value;
  };
  if (next() !== LEGACY_MAGIC) throw new WeightsError(`${WHERE}: expected a file written by torch.save, received another pickle.`);
  next();
  const system = next();
  if (system instanceof Map && system.get('little_endian') !== true) throw new WeightsError(`${WHERE}: expected little-endian numbers, received big-endian ones.`);
  const root = next();
  const keys = next();
  if (!Array.isArray(keys)) throw new WeightsError(`${WHERE}: the list of storages is damaged.`);

  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const key of keys as unknown[]) {
    const storage = storages.get(key as string);
    if (storage === undefined) throw new WeightsError(`${WHERE}: the file holds numbers of no tensor. It is damaged.`);
    const size = storage.count * ELEMENT_BYTES[storage.dtype];
    if (at + 8 + size > bytes.length) throw new WeightsError(`${WHERE}: the file ends within the numbers of its tensors. It is truncated.`);
    if (view.getBigInt64(at, true) !== BigInt(storage.count)) throw new WeightsError(`${WHERE}: a storage has another size than its tensor says. The file is damaged.`);
    places.set(key as string, { start: at + 8, count: storage.count });
    at += 8 + size;
  }
  if (places.size < storages.size) throw new WeightsError(`${WHERE}: the file lacks the numbers of a tensor. It is truncated or damaged.`);
  return root;
}

/** More than any network has, and little enough for memory and stack. */
const [MAX_COPIED, MAX_DEPTH, MAX_NAME] = [1_000_000, 100, 1000];

/** The only names a weight file may ask for. */
function contextOf(open: (key: string, dtype: ElementType, count: number) => Storage): PickleContext {
  const opened = new Map<string, Storage>();
  let copied = 0;
  const orderedDictionary: PickleGlobal = (items) => {
    if (!Array.isArray(items)) return new Map();
    // The same items, given again and again, would fill the memory from a few bytes.
    copied += items.length;
    if (copied > MAX_COPIED) throw new RangeError('too many items');
    return new Map(items as [PickleValue, PickleValue][]);
  };
  return {
    resolve: (name) => {
      if (name === 'collections.OrderedDict') return orderedDictionary;
      const [, storage] = /^torch\.(?:cuda\.)?(\w+Storage)$/.exec(name) ?? [];
      if (storage !== undefined && Object.hasOwn(STORAGES, storage)) {
        const dtype = STORAGES[storage];
        return () => dtype;
      }
      return Object.hasOwn(GLOBALS, name) ? GLOBALS[name] : undefined;
    },
    load(id) {
      // ('storage', type, key, device, count[, view]): the type is what resolve returned for its name.
      const [tag, type, key, , count, part] = Array.isArray(id) ? (id as unknown[]) : [];
      if (tag !== 'storage' || typeof type !== 'function' || typeof key !== 'string' || !isCount(count) || (part !== undefined && part !== null)) {
        throw new TypeError('no storage');
      }
      const dtype = (type as () => ElementType)();
      const known = opened.get(key) ?? open(key, dtype, count);
      if (known.dtype !== dtype || known.count !== count) throw new TypeError('one storage of two kinds');
      opened.set(key, known);
      return known;
    },
  };
}

const GLOBALS: Readonly<Record<string, PickleGlobal>> = {
  'argparse.Namespace': () => new Namespace(),
  'torch.Size': (sizes) => sizes,
  'torch._utils._rebuild_tensor': rebuildTensor,
  'torch._utils._rebuild_tensor_v2': rebuildTensor,
  'torch._utils._rebuild_parameter': (tensor) => tensor,
};

/** PyTorch's own limit. */
const MAX_AXES = 64;

function rebuildTensor(storage: PickleValue, offset: PickleValue, size: PickleValue, stride: PickleValue): TorchTensor {
  if (!(storage instanceof Storage) || !isCount(offset) || !isCounts(size) || !isCounts(stride) || size.length !== stride.length || size.length > MAX_AXES) {
    throw new TypeError('no tensor');
  }
  const count = elementCount(size);
  const last = size.reduce((sum, length, axis) => sum + (length - 1) * (stride[axis] as number), offset);
  // Also against tensors that repeat a few numbers a billion times.
  if (count > storage.count || (count > 0 && last >= storage.count)) throw new RangeError('a tensor beyond its storage');
  const { dtype } = storage;
  const width = ELEMENT_BYTES[dtype];
  const isContiguous = size.every((length, axis) => length === 1 || stride[axis] === elementCount(size.slice(axis + 1)));
  if (isContiguous) return new TorchTensor(encodedArray(size, dtype, () => storage.bytes().subarray(offset * width, (offset + count) * width)));
  return new TorchTensor(encodedArray(size, dtype, () => gather(storage.bytes(), width, offset, size, stride)));
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

// A container is entered once: pickles may share them, or put one into itself.
function collect(value: PickleValue, name: string, arrays: Map<string, WeightArray>, seen: Set<PickleValue>, depth: number): void {
  if (depth > MAX_DEPTH || name.length > MAX_NAME) throw new WeightsError(`${WHERE}: the file nests deeper than any checkpoint. It is damaged.`);
  if (value instanceof TorchTensor) {
    if (arrays.has(name)) throw new WeightsError(`${WHERE}: two tensors are named ${show(name)}.`);
    arrays.set(name, value.array);
    return;
  }
  const entries = value instanceof Map ? [...(value as Map<PickleValue, PickleValue>)] : Array.isArray(value) ? [...(value as PickleValue[]).entries()] : [];
  if (entries.length === 0 || seen.has(value)) return;
  seen.add(value);
  for (const [key, item] of entries) {
    if (typeof key === 'string' || typeof key === 'number') collect(item, name === '' ? String(key) : `${name}.${key}`, arrays, seen, depth + 1);
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every(isCount);
}
