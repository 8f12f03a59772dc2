// Reads PyTorch files in the zip format and in the pickle format of versions before 1.6. No code of the file is run.
// Format: torch/serialization.py, `_save` and `_legacy_save`.

import { check, instanceOf, show } from '../core/internal.js';
import { WeightsError } from '../core/index.js';
import { collectTensors } from './collectTensors.js';
import { ELEMENT_BYTES } from './elements.js';
import type { NamedArrays } from './namedArrays.js';
import { readPickle } from './pickle.js';
import type { PickleValue } from './pickleValues.js';
import { torchContext } from './torchGlobals.js';
import { Storage, swapBytes } from './torchTensor.js';
import { refuseOtherFormat } from './weightFormat.js';
import { openZip } from './zip.js';

/**
 * Reads the tensors of a PyTorch file (`.pth`, `.pt`, `.bin`, `.ckpt`): a state dict, a training checkpoint that contains one, a whole
 * module, or TorchScript.
 *
 * Names are the keys that lead to a tensor, joined by dots. Tensors of a module get the names of its `state_dict()`. No code of the file
 * is run: a file that calls an unknown function is refused, and the error names the function.
 *
 * @param bytes - The whole file. It is not copied, so it must not change while the arrays are in use.
 * @throws {WeightsError} when the file is damaged, contains no tensor, or calls a function other than those that build tensors and plain
 *   data.
 * @example
 * const arrays = readTorch(await readFile('efficientnet-b0-355c32eb.pth'));
 */
export function readTorch(bytes: Uint8Array): NamedArrays {
  check('readTorch', 'bytes', bytes, instanceOf(Uint8Array, 'the bytes of a file'), 'Read the file first.');
  return readTorchFor('readTorch', bytes);
}

/** Same as {@link readTorch}, for another function that has checked the bytes. */
export function readTorchFor(where: string, bytes: Uint8Array): NamedArrays {
  refuseOtherFormat(where, bytes, 'torch');
  const arrays = collectTensors(where, bytes[0] === 0x50 ? readZipped(where, bytes) : readLegacy(where, bytes));
  if (arrays.size === 0) throw new WeightsError(`${where}: the file contains no tensor.${isFrozen(where, bytes) ? FROZEN : ''}`);
  return arrays;
}

const FROZEN =
  ' It is frozen TorchScript, whose weights are constants of its code. In Python, save the `state_dict()` of the module before it is frozen.';

function isFrozen(where: string, bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && openZip(where, bytes).names.some((name) => /(^|\/)constants\/\d+$/.test(name));
}

function readZipped(where: string, bytes: Uint8Array): PickleValue {
  const archive = openZip(where, bytes);
  const pickle = archive.names.find((name) => /(^|\/)data\.pkl$/.test(name));
  if (pickle === undefined)
    throw new WeightsError(`${where}: expected an archive with 'data.pkl', received one with ${show(archive.names.slice(0, 3))}.`);
  const folder = pickle.slice(0, -'data.pkl'.length);
  const order = archive.names.includes(`${folder}byteorder`) ? new TextDecoder().decode(archive.read(`${folder}byteorder`)) : 'little';
  if (order !== 'little' && order !== 'big')
    throw new WeightsError(`${where}: expected 'little' or 'big' as the order of bytes, received ${show(order)}.`);
  return readPickle(
    where,
    archive.read(pickle),
    torchContext(bytes.length, (key, dtype, count) => {
      const read = (): Uint8Array => archive.read(`${folder}data/${key}`).subarray(0, count * ELEMENT_BYTES[dtype]);
      if (read().byteLength < count * ELEMENT_BYTES[dtype]) throw new RangeError(`storage ${key} is too short`);
      return new Storage(dtype, count, order === 'little' ? read : () => swapBytes(read(), dtype));
    }),
  ).value;
}

const LEGACY_MAGIC = 0x1950a86a20f9469cfc6cn;

// The file contains a magic number, the protocol, system information, the objects, the keys of the storages, and their data.
function readLegacy(where: string, bytes: Uint8Array): PickleValue {
  const places = new Map<string, { start: number; count: number }>();
  const storages = new Map<string, Storage>();
  const context = torchContext(bytes.length, (key, dtype, count) => {
    const known = storages.get(key);
    if (known !== undefined) {
      if (known.dtype !== dtype || known.count !== count) throw new TypeError('one storage of two kinds');
      return known;
    }
    const storage = new Storage(dtype, count, () => {
      const place = places.get(key);
      if (place === undefined) throw new WeightsError(`${where}: the file lacks the data of a tensor. It is truncated or damaged.`);
      return bytes.subarray(place.start, place.start + count * ELEMENT_BYTES[dtype]);
    });
    storages.set(key, storage);
    return storage;
  });
  let at = 0;
  const next = (): PickleValue => {
    const { value, end } = readPickle(where, bytes, context, at);
    at = end;
    return value;
  };
  if (next() !== LEGACY_MAGIC) throw new WeightsError(`${where}: expected a file written by torch.save, received another pickle.`);
  // Protocol and system information are skipped. The data is little-endian on every machine (torch/csrc/serialization.cpp).
  next();
  next();
  const root = next();
  const keys = next();
  if (!Array.isArray(keys)) throw new WeightsError(`${where}: the list of storages is damaged.`);

  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const key of keys as unknown[]) {
    const storage = storages.get(key as string);
    if (storage === undefined) throw new WeightsError(`${where}: the file contains data that belongs to no tensor. It is damaged.`);
    const size = storage.count * ELEMENT_BYTES[storage.dtype];
    if (at + 8 + size > bytes.length) throw new WeightsError(`${where}: the file ends within the data of its tensors. It is truncated.`);
    if (view.getBigInt64(at, true) !== BigInt(storage.count))
      throw new WeightsError(`${where}: a storage does not have the size that its tensor states. The file is damaged.`);
    places.set(key as string, { start: at + 8, count: storage.count });
    at += 8 + size;
  }
  if (places.size < storages.size) throw new WeightsError(`${where}: the file lacks the data of a tensor. It is truncated or damaged.`);
  return root;
}
