// HDF5 files in memory, by h5wasm. Opened for as long as one task of the event loop reads from them, so that nobody has to close them.

import { File, ready, type Dataset, type Group } from 'h5wasm';
import { show } from '../core/internal.js';
import { WeightsError } from '../core/index.js';

/** A file that opens itself when it is used. */
export interface Hdf5File {
  /** Runs an action on the open file. Whatever it throws is wrapped into one sentence. */
  use<T>(action: (root: File) => T): T;
  /** The bytes of a dataset's numbers, little-endian; a copy. The dataset is one of this file, inside `use`. */
  bytesOf(dataset: Dataset): Uint8Array;
}

let files = 0;
/** What broke the library's memory; it cannot be started anew in a process. */
let fault: unknown;

let cleared: ReturnType<typeof clearing> | undefined;
/** The library, which frees whatever a failed read left in memory it took: cleared memory has nothing to free. */
async function library(): ReturnType<typeof clearing> {
  return (cleared ??= clearing());
}

async function clearing(): Promise<Awaited<typeof ready>> {
  const module = await ready;
  const take = module._malloc.bind(module);
  module._malloc = (size) => {
    const at = take(size);
    if (at !== 0) module.HEAPU8.fill(0, at, at + size);
    return at;
  };
  return module;
}

/**
 * Takes a file in memory; its bytes are not copied.
 *
 * @param where - The public function to name in errors.
 */
export async function hdf5File(where: string, bytes: Uint8Array): Promise<Hdf5File> {
  const module = await library();
  const path = `/effnet-${++files}.h5`;
  let open: File | undefined;
  const close = (): void => {
    // Nobody is there any more to catch what a damaged file does on its way out.
    quietly(() => open?.close());
    open = undefined;
    quietly(() => {
      module.FS.unlink(path);
    });
  };
  return {
    use(action) {
      if (fault !== undefined) {
        throw new WeightsError(`${where}: an earlier, damaged file broke the HDF5 library. Read this one in a new process or worker.`, {
          cause: fault,
        });
      }
      try {
        module.activate_throwing_error_handler();
        if (open === undefined) {
          module.FS.writeFile(path, bytes, { canOwn: true } as never);
          // Weights are read one after the other; the file closes once the caller comes to rest.
          setTimeout(close, 0);
          open = new File(path, 'r');
        }
        return action(open);
      } catch (cause) {
        if (cause instanceof WeightsError) throw cause;
        noteFault(cause);
        throw new WeightsError(`${where}: the HDF5 file cannot be read. It is truncated, damaged or no HDF5 file.`, { cause });
      } finally {
        quietly(() => {
          module.deactivate_throwing_error_handler();
        });
      }
    },
    // The library's own `value` has no numbers of 16 bits.
    bytesOf({ file_id, path: name, metadata }) {
      const size = metadata.size * metadata.total_size;
      const at = module._malloc(size);
      if (at === 0 && size > 0) throw new WeightsError(`${where}: no memory is left for the ${size} bytes of ${show(name)}.`);
      try {
        module.get_dataset_data(file_id, name, null, null, null, BigInt(at));
        return module.HEAPU8.slice(at, at + size);
      } finally {
        module._free(at);
      }
    },
  };
}

function quietly(action: () => void): void {
  try {
    action();
  } catch (cause) {
    noteFault(cause);
  }
}

function isFault(cause: unknown): boolean {
  return cause instanceof WebAssembly.RuntimeError || (cause instanceof RangeError && cause.message.includes('call stack'));
}

/** A trap or an overflow of the stack leaves the memory of the WebAssembly instance in the middle of something. */
function noteFault(cause: unknown): void {
  if (isFault(cause)) fault = cause;
}

/** Writes a file in memory. */
export async function createHdf5(write: (root: File) => void): Promise<Uint8Array> {
  const module = await library();
  const path = `/effnet-${++files}.h5`;
  module.activate_throwing_error_handler();
  try {
    const file = new File(path, 'w');
    try {
      write(file);
    } finally {
      file.close();
    }
    return module.FS.readFile(path);
  } finally {
    module.deactivate_throwing_error_handler();
    if (module.FS.analyzePath(path, false).exists) module.FS.unlink(path);
  }
}

/** What lies at a path, when it is a group. */
export function groupAt(parent: Group, path: string): Group | undefined {
  if (!hasPath(parent, path)) return undefined;
  const found = parent.get(path);
  return found !== null && 'keys' in found ? found : undefined;
}

/** What lies at a path, when it is a dataset. */
export function datasetAt(parent: Group, path: string): Dataset | undefined {
  if (!hasPath(parent, path)) return undefined;
  const found = parent.get(path);
  return found !== null && 'shape' in found ? found : undefined;
}

function hasPath(parent: Group, path: string): boolean {
  const [first = '', ...rest] = path.split('/');
  if (!parent.keys().includes(first)) return false;
  if (rest.length === 0) return true;
  const next = parent.get(first);
  return next !== null && 'keys' in next && hasPath(next, rest.join('/'));
}

/** An attribute of text or texts. */
export function texts(where: string, owner: Group, name: string): readonly string[] | undefined {
  const value: unknown = Object.hasOwn(owner.attrs, name) ? owner.attrs[name]?.value : undefined;
  if (typeof value === 'string') return [value];
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  if (value instanceof Float64Array && value.length === 0) return [];
  if (value === undefined || value === null) return undefined;
  throw new WeightsError(`${where}: expected the attribute '${name}' to be text, received ${show(value)}. The file is damaged.`);
}
