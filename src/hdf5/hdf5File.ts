// Opens HDF5 files in memory with h5wasm. A file is closed automatically after the current task of the event loop.

import { File, ready, type Dataset, type Group } from 'h5wasm';
import { show } from '../core/internal.js';
import { WeightsError } from '../core/index.js';

/** A file that is opened when it is used. */
export interface Hdf5File {
  /** Runs an action on the open file. Errors of the action are wrapped. */
  use<T>(action: (root: File) => T): T;
  /** Returns a copy of a dataset's bytes, little-endian. Call it inside `use` with a dataset of this file. */
  bytesOf(dataset: Dataset): Uint8Array;
}

let files = 0;
/** The error that corrupted the memory of h5wasm. The library cannot be restarted in the same process. */
let fault: unknown;

let cleared: ReturnType<typeof clearing> | undefined;
/**
 * Loads h5wasm and makes it clear the memory it allocates. After a failed read it frees whatever pointers the memory contains, and zeros
 * are safe.
 */
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
 * Opens a file in memory without copying its bytes.
 *
 * @param where - The public function to name in errors.
 */
export async function hdf5File(where: string, bytes: Uint8Array): Promise<Hdf5File> {
  const module = await library();
  const path = `/effnet-${++files}.h5`;
  let open: File | undefined;
  const close = (): void => {
    // A damaged file may throw while it is closed, when no caller can catch the error.
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
          // Weights are read one after another, so the file stays open until the caller's current task ends.
          setTimeout(close, 0);
          open = new File(path, 'r');
        }
        return action(open);
      } catch (cause) {
        if (cause instanceof WeightsError) throw cause;
        noteFault(cause);
        throw new WeightsError(`${where}: the HDF5 file cannot be read. It is truncated, damaged or not an HDF5 file.`, { cause });
      } finally {
        quietly(() => {
          module.deactivate_throwing_error_handler();
        });
      }
    },
    // h5wasm's own `value` does not support 16-bit numbers.
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

/** Remembers a trap or a stack overflow, because it leaves the memory of the WebAssembly instance in an inconsistent state. */
function noteFault(cause: unknown): void {
  if (isFault(cause)) fault = cause;
}

/** Creates a file in memory. */
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

/** Returns the group at a path, or `undefined` if there is none. */
export function groupAt(parent: Group, path: string): Group | undefined {
  if (!hasPath(parent, path)) return undefined;
  const found = parent.get(path);
  return found !== null && 'keys' in found ? found : undefined;
}

/** Returns the dataset at a path, or `undefined` if there is none. */
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

/** Reads an attribute that contains one or more strings. */
export function texts(where: string, owner: Group, name: string): readonly string[] | undefined {
  const value: unknown = Object.hasOwn(owner.attrs, name) ? owner.attrs[name]?.value : undefined;
  if (typeof value === 'string') return [value];
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  if (value instanceof Float64Array && value.length === 0) return [];
  if (value === undefined || value === null) return undefined;
  throw new WeightsError(`${where}: expected the attribute '${name}' to be text, received ${show(value)}. The file is damaged.`);
}
