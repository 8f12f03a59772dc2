// Compiles the AssemblyScript kernels for tensors (src/wasm) and for images (src/image) and writes them to binary.ts, as base64.
// `npm run build` runs this script. A test compares the committed files with a new compilation.

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { withSharedMemory } from '../src/wasm/sharedMemory.js';

const OPTIONS = [
  '-O3',
  '--enable',
  'simd',
  '--runtime',
  'stub',
  '--noAssert',
  '--use',
  'abort=',
  '--importMemory',
  '--noExportMemory',
  '--initialMemory',
  '0',
  // usize is i32 in the only WebAssembly TensorFlow.js has.
  '--disableWarning',
  '201',
];
const SHARED = ['--enable', 'threads', '--sharedMemory', '--maximumMemory', '65536'];

/** Compiles the kernels of a folder. With `shared`, they use shared memory, as the threaded build of TensorFlow.js does. */
async function compile(floor: 'wasm' | 'image', shared: boolean): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'kernels-'));
  try {
    const binary = join(folder, 'kernels.wasm');
    const compiler = 'node_modules/assemblyscript/bin/asc.js';
    const source = `src/${floor}/assembly/index.ts`;
    await promisify(execFile)(process.execPath, [compiler, source, '--outFile', binary, ...OPTIONS, ...(shared ? SHARED : [])]);
    const bytes = await readFile(binary);
    assertStateless(bytes);
    return bytes;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/**
 * Throws if the binary could overwrite the tensors of TensorFlow.js: if it has static data (sections 11 and 12), a start function (8),
 * globals such as a heap offset (6), or imports other than the memory.
 */
export function assertStateless(binary: Uint8Array): void {
  const forbidden = new Map([
    [6, 'a global'],
    [8, 'a start function'],
    [11, 'static data'],
    [12, 'static data'],
  ]);
  for (let at = 8; at < binary.length;) {
    const section = binary[at] ?? 0;
    const { value: size, next } = readLength(binary, at + 1);
    const reason = forbidden.get(section);
    if (reason !== undefined) throw new Error(`The kernels must not contain ${reason} (section ${section}).`);
    at = next + size;
  }
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(Uint8Array.from(binary)));
  if (imports.length !== 1 || imports[0]?.kind !== 'memory') throw new Error('The kernels must import a memory and nothing else.');
}

/** Reads a length in LEB128, the variable-length integer of WebAssembly. */
function readLength(bytes: Uint8Array, start: number): { readonly value: number; readonly next: number } {
  let value = 0;
  for (let at = start, shift = 0; ; at++, shift += 7) {
    const byte = bytes[at] ?? 0;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return { value, next: at + 1 };
  }
}

/** Returns the contents of the generated files by path. */
export async function kernelModules(): Promise<ReadonlyMap<string, string>> {
  const literal = (bytes: Uint8Array): string => `'${Buffer.from(bytes).toString('base64')}'`;
  const kernels = await compile('wasm', false);
  if (!Buffer.from(withSharedMemory(kernels)).equals(await compile('wasm', true)))
    throw new Error('Compiling for shared memory must change nothing but the import of the memory.');
  const lines = {
    wasm: ['/** The kernels, base64. */', `export const KERNELS = ${literal(kernels)};`],
    image: ['/** The kernels, base64. */', `export const PIXEL_KERNELS = ${literal(await compile('image', false))};`],
  };
  return new Map(
    Object.entries(lines).map(([floor, text]) => [
      `src/${floor}/binary.ts`,
      [`// Compiled from src/${floor}/assembly by scripts/buildKernels.ts; not edited by hand.`, '', ...text, ''].join('\n'),
    ]),
  );
}

if (process.argv[1] === import.meta.filename) for (const [file, text] of await kernelModules()) await writeFile(file, text);
