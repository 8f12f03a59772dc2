// Selects backends by name in Node: loads the package that each one needs, and finds the .wasm binaries.

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as backends from '../../backends/index.js';
import { checkPreferences, SELECT_RULES, registeredBackends, readyBackend } from '../../backends/internal.js';
import { BackendError } from '../../core/index.js';
import { checkOptions, didYouMean, invalid, list, missingPackage, rule } from '../../core/internal.js';
import { registerWasmTraining } from '../../wasm/index.js';
import type { BackendLoader, BackendPreference, BackendReport, EnsureBackendOptions } from '../../backends/index.js';
import { enableRelaxedSimd } from './enableRelaxedSimd.js';
import { loadTensorFlow, loadWebGpu, thisFile } from './nativeBackends.js';

/** Options of {@link selectBackend}. */
export interface SelectBackendOptions extends backends.SelectBackendOptions {
  /**
   * The folder with the `.wasm` files of `@tensorflow/tfjs-backend-wasm`. Set it when the application is shipped without `node_modules`.
   * @defaultValue the folder of the installed package
   */
  readonly wasmFolder?: string | undefined;
}

/** The binary that TensorFlow.js loads in Node. */
const BINARY = 'tfjs-backend-wasm-simd.wasm';

const folderOfBinaries = rule<string>(
  `a folder that contains ${BINARY}`,
  (value) => typeof value === 'string' && existsSync(join(value, BINARY)),
);

const DEFAULT_PREFERENCES: readonly BackendPreference[] = ['wasm', 'cpu'];

/**
 * Activates the first backend that is installed, starts and passes `probeBackend`. If only `cpu` works, a warning says so (`onWarning`).
 *
 * @param preferences - Backends in order of preference: `'wasm'`, `'cpu'`, `'tensorflow'`, `'webgpu'`, the name of a backend that is
 *   already imported, or a loader.
 * @defaultValue wasm, then cpu
 * @throws {OptionError} when a name or option is unknown or has a wrong value. Also when `wasmFolder` contains no binaries, `'wasm'` is not
 *   among the preferences, or wasm has already started from another folder.
 * @throws {BackendError} when no backend works. The backend that was active before stays active.
 * @example
 * const { backend, tried } = await selectBackend(['tensorflow', 'wasm']);
 */
export async function selectBackend(
  preferences: readonly BackendPreference[] = DEFAULT_PREFERENCES,
  options: SelectBackendOptions = {},
): Promise<BackendReport> {
  checkPreferences('selectBackend', preferences);
  const { wasmFolder, ...others } = checkOptions('selectBackend', options, { ...SELECT_RULES, wasmFolder: folderOfBinaries });
  if (wasmFolder !== undefined && !preferences.includes('wasm')) {
    throw invalid('selectBackend', 'wasmFolder', "'wasm' among the preferences", preferences);
  }
  if (wasmFolder !== undefined && startedFrom !== undefined && startedFrom !== wasmFolder) {
    throw invalid('selectBackend', 'wasmFolder', 'the folder wasm was started from in this process', wasmFolder, 'Give it the first time.');
  }
  return backends.selectBackend(withLoaders('selectBackend', preferences, wasmFolder), others);
}

/**
 * Keeps the backend that is ready or starting. If there is none, selects one.
 *
 * @param preferences - As for {@link selectBackend}. @defaultValue wasm, then cpu
 * @throws {OptionError} when a name is unknown.
 * @throws {BackendError} when no backend is ready and none of the preferences works.
 */
export async function ensureBackend(
  preferences: readonly BackendPreference[] = DEFAULT_PREFERENCES,
  options: EnsureBackendOptions = {},
): Promise<BackendReport> {
  checkPreferences('ensureBackend', preferences);
  return backends.ensureBackend(withLoaders('ensureBackend', preferences), options);
}

function withLoaders(where: string, preferences: readonly BackendPreference[], wasmFolder?: string): readonly BackendPreference[] {
  const loaders = nodeLoaders(where, wasmFolder);
  return preferences.map((preference: BackendPreference) => {
    if (typeof preference !== 'string') return preference;
    const loader = loaders.find(({ name }) => name === preference);
    if (loader === undefined && !registeredBackends().includes(preference)) {
      const names = loaders.map(({ name }) => name);
      throw invalid(
        where,
        'preferences',
        `one of ${list(names)}`,
        preference,
        didYouMean(preference, names) || 'Pass another backend as { name, load }.',
      );
    }
    return loader ?? preference;
  });
}

function nodeLoaders(where: string, wasmFolder: string | undefined): readonly BackendLoader[] {
  return [
    { name: 'wasm', load: () => loadWasm(where, wasmFolder), prepare: prepareWasm },
    { name: 'cpu', load: () => import('@tensorflow/tfjs-backend-cpu').catch(missingPackage(where, '@tensorflow/tfjs-backend-cpu')) },
    { name: 'tensorflow', load: () => loadTensorFlow(where) },
    { name: 'webgpu', load: () => loadWebGpu(where) },
  ];
}

/** The folder that the wasm binaries were loaded from. The backend starts only once per process. */
let startedFrom: string | undefined;

async function loadWasm(where: string, folder: string | undefined): Promise<void> {
  const wasm = await import('@tensorflow/tfjs-backend-wasm').catch(missingPackage(where, '@tensorflow/tfjs-backend-wasm'));
  const binaries = folder ?? installedBinaries();
  if (binaries === undefined || readyBackend() === 'wasm') return;
  await requireBinary(binaries);
  wasm.setWasmPaths(join(binaries, '/'));
  startedFrom = binaries;
}

/** Checks the file before TensorFlow.js loads it, because after one failure the backend cannot start again in this process. */
async function requireBinary(folder: string): Promise<void> {
  const remedy =
    'Name the folder that contains it with `wasmFolder`, or delete node_modules/@tensorflow/tfjs-backend-wasm and run `npm install`.';
  const bytes = await readFile(join(folder, BINARY)).catch((cause: unknown) => {
    throw new BackendError(`expected '${BINARY}' in '${folder}', where it is missing. ${remedy}`, { cause });
  });
  await WebAssembly.compile(bytes).catch((cause: unknown) => {
    throw new BackendError(
      `expected a wasm file, received '${join(folder, BINARY)}', which is damaged (${(cause as Error).message}). ${remedy}`,
      { cause },
    );
  });
}

/** The folder of the installed binaries. `undefined` where the package is not installed; the backend then looks next to the bundle. */
function installedBinaries(): string | undefined {
  try {
    return join(dirname(createRequire(thisFile()).resolve('@tensorflow/tfjs-backend-wasm/package.json')), 'dist');
  } catch {
    return undefined;
  }
}

/** Compiles the kernels for training, which multiply and add in one instruction where that is possible. */
function prepareWasm(): Promise<void> {
  enableRelaxedSimd();
  return registerWasmTraining();
}
