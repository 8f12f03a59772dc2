// Chooses the first backend that installs, starts and computes correctly, and says why the others were passed over.

import {
  absentPackage,
  callable,
  check,
  checkOptions,
  missingPackageError,
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
import { whySlow, warnOnce } from './slowBackend.js';
import { takeStartLines } from './startLines.js';
import { explainStart, whyUnregistered } from './startError.js';

/** A backend that is imported only when its turn comes. */
export interface BackendLoader {
  /** The name the backend registers with TensorFlow.js, for example `webgl`. */
  readonly name: string;
  /** Imports the package that registers the backend, and prepares what it needs. */
  readonly load: () => Promise<unknown>;
  /** What to do once the backend is active and before it is proven, for example register kernels. @defaultValue nothing */
  readonly prepare?: (() => Promise<unknown>) | undefined;
  /** What to know once it is chosen, for the report. @defaultValue none */
  readonly note?: string | undefined;
}

/** A loader, or the name of a backend that is already imported. */
export type BackendPreference = string | BackendLoader;

/** Where a warning goes. */
export interface EnsureBackendOptions {
  /**
   * Receives the warning that only `cpu` is left, or that the GPU is a software renderer.
   * @defaultValue prints it with `console.warn`, once
   */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** What to prove, and where a warning goes. */
export interface SelectBackendOptions extends ProbeBackendOptions, EnsureBackendOptions {}

export const ENSURE_RULES = { onWarning: callable };
export const SELECT_RULES = { ...PROBE_RULES, ...ENSURE_RULES };

/** How one candidate fared. */
export interface BackendAttempt {
  readonly name: string;
  readonly outcome: 'chosen' | 'not installed' | 'not loaded' | 'not started' | 'failed the probe';
  /** Why, and what helps. */
  readonly reason: string;
}

/** The backend in use and how it came to be. */
export interface BackendReport {
  /** TensorFlow.js' name of the active backend. */
  readonly backend: string;
  /** What it runs on; `undefined` where the runtime tells nothing. */
  readonly device: Device | undefined;
  /** Every candidate tried, in order; the last one is the chosen one. Empty when a ready backend was kept. */
  readonly tried: readonly BackendAttempt[];
}

const preferenceList = rule<readonly BackendPreference[]>(
  'an array of at least one backend name or { name, load }',
  (value) => Array.isArray(value) && value.length > 0 && Array.from(value).every((each) => text.accepts(each) || record.accepts(each)),
);
const LOADER_RULES: Rules<BackendLoader> = { name: text, load: callable, prepare: callable, note: text };

/** Throws unless these are names and loaders, at least one. */
export function checkPreferences(where: string, preferences: readonly BackendPreference[]): void {
  check(where, 'preferences', preferences, preferenceList, text.accepts(preferences) ? `Write [${show(preferences)}].` : '');
  for (const [i, preference] of preferences.entries()) {
    if (typeof preference === 'string') continue;
    const { name, load } = checkOptions(where, preference, LOADER_RULES, `preferences[${i}]`);
    check(where, `preferences[${i}].name`, name, text);
    check(where, `preferences[${i}].load`, load, callable);
  }
}

/** Throws unless a backend was imported, for a caller who named none. */
function requirePreferences(where: string, preferences: readonly BackendPreference[]): void {
  if (preferences.length > 0) return;
  throw new BackendError(
    `${where}: expected a backend to choose from, found none imported. Import one, for example '@tensorflow/tfjs-backend-wasm', ` +
      "or pass `{ name, load }` for each one wanted. In Node, call `await selectBackend()` of 'effnet-ts/node', which imports one.",
  );
}

/**
 * Makes the first backend active that loads, starts and passes {@link probeBackend}; each candidate is imported only when its turn comes.
 * A warning tells when only `cpu` is left, or when the GPU is a software renderer (`onWarning`).
 *
 * @param preferences - Best first. @defaultValue the backends already imported, in TensorFlow.js' order
 * @throws {OptionError} when a preference or an option has a wrong value.
 * @throws {BackendError} when none works; the backend that was active before stays so.
 * @example
 * const { backend, tried } = await selectBackend([
 *   { name: 'webgpu', load: () => import('@tensorflow/tfjs-backend-webgpu') },
 *   { name: 'webgl', load: () => import('@tensorflow/tfjs-backend-webgl') },
 * ]);
 */
export async function selectBackend(
  preferences?: readonly BackendPreference[],
  options: SelectBackendOptions = {},
): Promise<BackendReport> {
  if (preferences !== undefined) checkPreferences('selectBackend', preferences);
  checkOptions('selectBackend', options, SELECT_RULES);
  const candidates = preferences ?? registeredBackends();
  return inTurn(() => firstThatWorks('selectBackend', candidates, options));
}

/** Tries the candidates, which are checked; call it in turn. */
export async function firstThatWorks(
  where: string,
  preferences: readonly BackendPreference[],
  { onWarning = warnOnce, ...probe }: SelectBackendOptions,
): Promise<BackendReport> {
  requirePreferences(where, preferences);
  requireOneCopy(where);
  const before = readyBackend();
  const tried: BackendAttempt[] = [];
  const causes: unknown[] = [];
  for (const preference of preferences) {
    const candidate = typeof preference === 'string' ? imported(preference) : preference;
    const { attempt, cause } = await attemptBackend(where, candidate, probe);
    if (attempt.outcome === 'chosen') {
      warnIfSlow(where, candidate.name, tried, onWarning);
      return { backend: candidate.name, device: deviceOf(candidate.name), tried: [...tried, attempt] };
    }
    tried.push(attempt);
    causes.push(cause);
  }
  if (before !== undefined) await activate(before);
  const failures = describe(tried);
  throw new BackendError(`${where}: expected a backend that works, found none. ${failures}`, {
    cause: new AggregateError(causes, failures),
  });
}

function describe(attempts: readonly BackendAttempt[]): string {
  return attempts.map(({ name, outcome, reason }) => `${name} (${outcome}): ${/[.!?]$/.test(reason) ? reason : `${reason}.`}`).join(' ');
}

/** Whoever asks for `cpu` first gets it without a word. */
function warnIfSlow(where: string, name: string, refused: readonly BackendAttempt[], warn: (message: string) => void): void {
  const slow = whySlow(name, deviceOf(name));
  if (slow === undefined || (name === 'cpu' && refused.length === 0)) return;
  warn(
    `${where}: the active backend is '${name}'. ${slow}${refused.length === 0 ? '' : ` Those before it do not work: ${describe(refused)}`}`,
  );
}

interface Attempted {
  readonly attempt: BackendAttempt;
  readonly cause?: unknown;
}

async function attemptBackend(
  where: string,
  { name, load, prepare, note }: BackendLoader,
  options: ProbeBackendOptions,
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
    try {
      const { milliseconds } = await probeBackend(options);
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
        : Promise.reject(new BackendError(`no backend of that name is imported (there is ${registeredBackends().join(', ') || 'none'})`)),
  };
}

/** Loaders of the caller throw what their runtime throws. */
function nameMissing(where: string, error: unknown): unknown {
  const name = error instanceof MissingPackageError ? undefined : absentPackage(error);
  return name === undefined ? error : missingPackageError(where, name, error);
}

/** The first line of what went wrong, without the name of the function. */
function firstSentence(where: string, cause: unknown): string {
  const message = typeof cause === 'string' ? cause : String((cause as { readonly message?: unknown } | null)?.message ?? cause);
  const [first = ''] = message.split('\n');
  const line = [`${where}: `, 'probeBackend: '].reduce(
    (text, prefix) => (text.startsWith(prefix) ? text.slice(prefix.length) : text),
    first,
  );
  return /[.?!]$/.test(line) ? line : `${line}.`;
}
