// Selects the first backend that loads, starts and computes correct results, and reports why the others were rejected.

import {
  absentPackage,
  callable,
  check,
  checkOptions,
  missingPackageError,
  oneOf,
  record,
  rule,
  show,
  text,
  type Rules,
} from '../core/internal.js';
import { BackendError, MissingPackageError } from '../core/index.js';
import { activate, inTurn, readyBackend, registeredBackends } from './activeBackend.js';
import { deviceOf, type Device } from './device.js';
import { requireOneCopy } from './oneCopy.js';
import { PROBE_RULES, probeBackend, type ProbeBackendOptions } from './probeBackend.js';
import { whyNoGpu, whySlow, warnOnce } from './slowBackend.js';
import { takeStartLines } from './startLines.js';
import { explainStart, whyUnregistered } from './startError.js';

/** A backend that is only imported when it is tried. */
export interface BackendLoader {
  /** The name of the backend in TensorFlow.js, for example `webgl`. */
  readonly name: string;
  /** Imports the package that registers the backend and does any other setup. */
  readonly load: () => Promise<unknown>;
  /** Called after the backend becomes active and before it is probed, for example to register kernels. @defaultValue none */
  readonly prepare?: (() => Promise<unknown>) | undefined;
  /** A note that is added to the report if this backend is selected. @defaultValue none */
  readonly note?: string | undefined;
}

/** A loader, or the name of an imported backend. */
export type BackendPreference = string | BackendLoader;

/** Options of {@link ensureBackend}. */
export interface EnsureBackendOptions {
  /** Receives a warning if only `cpu` is available or the GPU is a software renderer. @defaultValue none: nothing is printed */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** Options of {@link selectBackend}. */
export interface SelectBackendOptions extends ProbeBackendOptions {
  /**
   * Which devices are accepted. `'gpu'` refuses backends that compute on the CPU, and software renderers such as SwiftShader and llvmpipe.
   * @defaultValue 'any'
   */
  readonly device?: 'any' | 'gpu' | undefined;
  /**
   * Receives a warning if only `cpu` is available or the GPU is a software renderer.
   * @defaultValue `console.warn`, once per message
   */
  readonly onWarning?: ((message: string) => void) | undefined;
}

export const ENSURE_RULES = { onWarning: callable };
export const SELECT_RULES = { ...PROBE_RULES, ...ENSURE_RULES, device: oneOf('any', 'gpu') };

/** The result of trying one backend. */
export interface BackendAttempt {
  readonly name: string;
  readonly outcome: 'chosen' | 'not installed' | 'not loaded' | 'not started' | 'no GPU' | 'failed the probe';
  /** The reason for the outcome and how to fix a failure. */
  readonly reason: string;
}

/** The selected backend and the attempts that led to it. */
export interface BackendReport {
  /** The name of the active backend in TensorFlow.js. */
  readonly backend: string;
  /** The device of the backend, or `undefined` if the runtime does not report it. */
  readonly device: Device | undefined;
  /** All attempts in order. The last one is the selected backend. Empty if a ready backend was kept. */
  readonly tried: readonly BackendAttempt[];
}

const preferenceList = rule<readonly BackendPreference[]>(
  'an array of at least one backend name or { name, load }',
  (value) => Array.isArray(value) && value.length > 0 && Array.from(value).every((each) => text.accepts(each) || record.accepts(each)),
);
const LOADER_RULES: Rules<BackendLoader> = { name: text, load: callable, prepare: callable, note: text };

/** Throws unless all preferences are names or loaders. */
export function checkPreferences(where: string, preferences: readonly BackendPreference[]): void {
  check(where, 'preferences', preferences, preferenceList, text.accepts(preferences) ? `Write [${show(preferences)}].` : '');
  for (const [i, preference] of preferences.entries()) {
    if (typeof preference === 'string') continue;
    const { name, load } = checkOptions(where, preference, LOADER_RULES, `preferences[${i}]`);
    check(where, `preferences[${i}].name`, name, text);
    check(where, `preferences[${i}].load`, load, callable);
  }
}

/** Throws if there are no backends to try. */
function requirePreferences(where: string, preferences: readonly BackendPreference[]): void {
  if (preferences.length > 0) return;
  throw new BackendError(
    `${where}: expected a backend to choose from, found none imported. Import one, for example '@tensorflow/tfjs-backend-wasm', ` +
      "or pass `{ name, load }` for each backend. In Node, call `selectBackend` from 'effnet-ts/node', which imports one.",
  );
}

/**
 * Activates the first backend that loads, starts and passes {@link probeBackend}. Each one is imported only when it is tried. `onWarning`
 * is called if only `cpu` is available or the GPU is a software renderer.
 *
 * @param preferences - Backends to try, in order of preference. @defaultValue the imported backends, ordered by TensorFlow.js' priority
 * @throws {OptionError} when a preference or an option is invalid.
 * @throws {BackendError} when no backend works, or with `device: 'gpu'` none that computes on a GPU. The backend that was active before
 *   remains active.
 * @example
 * const { backend, tried } = await selectBackend([
 * { name: 'webgpu', load: () => import('@tensorflow/tfjs-backend-webgpu') },
 * { name: 'webgl', load: () => import('@tensorflow/tfjs-backend-webgl') },
 * ]);
 */
export async function selectBackend(
  preferences?: readonly BackendPreference[],
  options: SelectBackendOptions = {},
): Promise<BackendReport> {
  if (preferences !== undefined) checkPreferences('selectBackend', preferences);
  const given = checkOptions('selectBackend', options, SELECT_RULES);
  const candidates = preferences ?? registeredBackends();
  return inTurn(() => firstThatWorks('selectBackend', candidates, { onWarning: warnOnce, ...given }));
}

/** Tries the backends in order. The caller has checked the arguments and calls this within {@link inTurn}. */
export async function firstThatWorks(
  where: string,
  preferences: readonly BackendPreference[],
  { onWarning, ...options }: SelectBackendOptions,
): Promise<BackendReport> {
  requirePreferences(where, preferences);
  requireOneCopy(where);
  const before = readyBackend();
  const tried: BackendAttempt[] = [];
  const causes: unknown[] = [];
  for (const preference of preferences) {
    const candidate = typeof preference === 'string' ? imported(preference) : preference;
    const { attempt, cause } = await attemptBackend(where, candidate, options);
    if (attempt.outcome === 'chosen') {
      if (onWarning !== undefined) warnIfSlow(where, candidate.name, tried, onWarning);
      return { backend: candidate.name, device: deviceOf(candidate.name), tried: [...tried, attempt] };
    }
    tried.push(attempt);
    causes.push(cause);
  }
  if (before !== undefined) await activate(before);
  const failures = describe(tried);
  throw new BackendError(
    `${where}: expected a backend that works${options.device === 'gpu' ? ' and computes on a GPU' : ''}, found none. ${failures}`,
    {
      cause: new AggregateError(causes, failures),
    },
  );
}

function describe(attempts: readonly BackendAttempt[]): string {
  return attempts.map(({ name, outcome, reason }) => `${name} (${outcome}): ${/[.!?]$/.test(reason) ? reason : `${reason}.`}`).join(' ');
}

/** Warns about a slow backend, unless `cpu` was the user's first choice. */
function warnIfSlow(where: string, name: string, refused: readonly BackendAttempt[], warn: (message: string) => void): void {
  const slow = whySlow(name, deviceOf(name));
  if (slow === undefined || (name === 'cpu' && refused.length === 0)) return;
  warn(
    `${where}: the active backend is '${name}'. ${slow}${refused.length === 0 ? '' : ` The backends before it do not work: ${describe(refused)}`}`,
  );
}

interface Attempted {
  readonly attempt: BackendAttempt;
  readonly cause?: unknown;
}

async function attemptBackend(
  where: string,
  { name, load, prepare, note }: BackendLoader,
  { device = 'any', ...probe }: Omit<SelectBackendOptions, 'onWarning'>,
): Promise<Attempted> {
  const failed = (outcome: BackendAttempt['outcome'], cause: unknown): Attempted => ({
    attempt: { name, outcome, reason: firstSentence(where, cause) },
    cause,
  });
  try {
    await load();
  } catch (error) {
    const named = nameMissing(where, error);
    return failed(named instanceof MissingPackageError && !named.installed ? 'not installed' : 'not loaded', named);
  }
  if (!registeredBackends().includes(name)) {
    return failed('not loaded', whyUnregistered(name));
  }
  const lines = takeStartLines();
  try {
    try {
      await activate(name);
      await prepare?.();
    } catch (error) {
      return failed('not started', await explainStart(name, error, lines.aborted()));
    }
    // Checked before the probe, which takes long on a software renderer.
    const reason = device === 'gpu' ? whyNoGpu(name, deviceOf(name)) : undefined;
    if (reason !== undefined) return failed('no GPU', reason);
    try {
      const { milliseconds } = await probeBackend(probe);
      const parts = [`passed the probe in ${Math.round(milliseconds)} ms.`, whySlow(name, deviceOf(name)), note];
      return { attempt: { name, outcome: 'chosen', reason: parts.filter((part) => part !== undefined).join(' ') } };
    } catch (error) {
      return failed('failed the probe', error);
    }
  } finally {
    lines.stop();
  }
}

function imported(name: string): BackendLoader {
  return {
    name,
    load: () =>
      registeredBackends().includes(name)
        ? Promise.resolve()
        : Promise.reject(new BackendError(`no backend of this name is imported (imported: ${registeredBackends().join(', ') || 'none'})`)),
  };
}

/** Replaces the runtime's error for a missing package by a MissingPackageError. */
function nameMissing(where: string, error: unknown): unknown {
  const name = error instanceof MissingPackageError ? undefined : absentPackage(error);
  return name === undefined ? error : missingPackageError(where, name, error);
}

/** Returns the first line of an error message without the name of the function. */
function firstSentence(where: string, cause: unknown): string {
  const message = typeof cause === 'string' ? cause : String((cause as { readonly message?: unknown } | null)?.message ?? cause);
  const [first = ''] = message.split('\n');
  const line = [`${where}: `, 'probeBackend: '].reduce(
    (text, prefix) => (text.startsWith(prefix) ? text.slice(prefix.length) : text),
    first,
  );
  return /[.?!]$/.test(line) ? line : `${line}.`;
}
