// Rules and defaults for the options of the methods of Dataset.

import {
  boolean,
  callable,
  checkOptions,
  either,
  nonNegativeInteger,
  oneOf,
  positiveInteger,
  record,
  rule,
  seed as seedRule,
  signal as signalRule,
} from '../core/internal.js';
import type { DataError } from '../core/index.js';
import type { CacheStore } from './cache.js';
import type { InterleaveOptions, MapOptions, ShuffleOptions, TfDataModule } from './datasetOptions.js';
import type { Pass, SkipListener } from './operators.js';

export const cacheStore = rule<CacheStore<never>>('a cache store { read, write, release }', (value) => {
  const { read, write, release } = (value ?? {}) as Partial<CacheStore<never>>;
  return [read, write, release].every(callable.accepts);
});

export const passRule = rule<Pass>('a pass { epoch, signal }', (value) => {
  const { epoch, signal } = (value ?? {}) as Partial<Pass>;
  // Nested endless repetitions have epochs beyond the safe integers.
  return Number.isInteger(epoch) && (epoch as number) >= 0 && (signal === undefined || signalRule.accepts(signal));
});

export const asyncIterable = rule<AsyncIterable<unknown>>(
  'an async iterable',
  (value) => record.accepts(value) && Symbol.asyncIterator in value,
);

export const sizeRule = rule<number>(
  'an integer of at least 0, Infinity, or NaN for an unknown size',
  (value) => nonNegativeInteger.accepts(value) || value === Infinity || Number.isNaN(value),
);

export const prefetchCount = either(positiveInteger, oneOf('auto'));

export const tfDataModule = rule<TfDataModule<unknown>>(
  'the module @tensorflow/tfjs-data',
  (value) => typeof (value as TfDataModule<unknown> | null | undefined)?.generator === 'function',
);

interface MapSettings {
  readonly concurrency: number;
  readonly errors: 'throw' | 'skip';
  readonly onSkipped: SkipListener;
  /** `undefined` when the caller does not say. */
  readonly varies: boolean | undefined;
}

export function mapSettings(options: MapOptions): MapSettings {
  const rules = {
    concurrency: either(positiveInteger, oneOf('auto')),
    errors: oneOf('throw', 'skip'),
    onSkipped: callable,
    varies: boolean,
  };
  const { concurrency = 1, errors = 'throw', onSkipped = warnOfSkipped, varies } = checkOptions('Dataset.map', options, rules);
  return { concurrency: concurrency === 'auto' ? automaticConcurrency() : concurrency, errors, onSkipped, varies };
}

export function shuffleSettings(options: ShuffleOptions): { readonly seed: number; readonly reshuffleEachIteration: boolean } {
  const rules = { seed: seedRule, reshuffleEachIteration: boolean };
  const { seed = randomSeed(), reshuffleEachIteration = true } = checkOptions('Dataset.shuffle', options, rules);
  return { seed, reshuffleEachIteration };
}

export function interleaveSettings(options: InterleaveOptions): { readonly cycleLength: number; readonly blockLength: number } {
  const rules = { cycleLength: positiveInteger, blockLength: positiveInteger };
  const { cycleLength = 4, blockLength = 1 } = checkOptions('Dataset.interleave', options, rules);
  return { cycleLength, blockLength };
}

function automaticConcurrency(): number {
  const processors = (globalThis as { navigator?: { hardwareConcurrency?: number | undefined } | undefined }).navigator
    ?.hardwareConcurrency;
  return 2 * (processors ?? 2);
}

function randomSeed(): number {
  return Math.floor(Math.random() * 0x1_0000_0000);
}

function warnOfSkipped(errors: readonly DataError[]): void {
  const shown = errors.slice(0, 5).map((error) => error.message);
  const more = errors.length > shown.length ? `\n... and ${errors.length - shown.length} more` : '';
  console.warn(`Dataset.map: skipped ${errors.length} items that failed:\n${shown.join('\n')}${more}`);
}
