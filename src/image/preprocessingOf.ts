// Who can say how images become its input: a preprocessing itself, a model, a runtime, a dataset.

import { invalid, isPlain, isPromise } from '../core/internal.js';
import type { OptionError } from '../core/index.js';
import { completePreprocessing, type CompletePreprocessing, type Preprocessing } from './preprocess.js';

/** A preprocessing, or anything that carries one: a model of this library, a runtime, a dataset of images. */
export type PreprocessingSource =
  Preprocessing | { readonly preprocessing?: Preprocessing | undefined } | { getUserDefinedMetadata(): unknown };

/**
 * Returns how images become the input of a model, a runtime or a dataset.
 *
 * @returns The preprocessing with every default filled in; `undefined` when nothing is known.
 * @throws {OptionError} when what is given is neither a preprocessing nor anything that could carry one, or what is carried is not a
 *   preprocessing.
 * @example
 * console.log(preprocessingOf(model)?.fit); // 'crop'
 */
export function preprocessingOf(source: PreprocessingSource): CompletePreprocessing | undefined {
  // Other functions look for one in batches, too, which may be an array.
  if (Array.isArray(source)) throw refused('preprocessingOf', source);
  return preprocessingFor('preprocessingOf', source);
}

/** Looks up the preprocessing for another function, under whose name it reports errors. */
export function preprocessingFor(where: string, source: PreprocessingSource): CompletePreprocessing | undefined {
  const carried = carriedBy(where, source);
  return carried === undefined ? undefined : completePreprocessing(where, carried);
}

/** Looks up the preprocessing for another function that cannot do without one. */
export function requirePreprocessing(where: string, source: PreprocessingSource): CompletePreprocessing {
  const preprocessing = preprocessingFor(where, source);
  if (preprocessing !== undefined) return preprocessing;
  const remedy = "Give a preprocessing, such as { inputSize: 224, fit: 'stretch' }, or store one in the model with `setPreprocessing`.";
  throw invalid(where, 'preprocessing', 'a model, runtime or dataset whose preprocessing is known', source, remedy);
}

function carriedBy(where: string, source: PreprocessingSource): Preprocessing | undefined {
  // JavaScript callers may pass anything.
  if (typeof source !== 'object' || (source as unknown) === null || isPromise(source)) throw refused(where, source);
  // First, because models have a method called fit, too.
  if ('getUserDefinedMetadata' in source && typeof source.getUserDefinedMetadata === 'function') {
    const metadata = source.getUserDefinedMetadata() as { readonly effnet?: { readonly preprocessing?: Preprocessing } } | undefined;
    return metadata?.effnet?.preprocessing;
  }
  if ('fit' in source) return source;
  if ('preprocessing' in source) return source.preprocessing;
  // A predictor of the caller's own carries none. Plain data is a preprocessing whose keys are missing or misspelled.
  const values = Object.values(source);
  if (!isPlain(source) || values.length === 0 || values.some((value) => typeof value === 'function')) return undefined;
  if ('inputSize' in source) return source as Preprocessing;
  throw refused(where, source);
}

function refused(where: string, source: unknown): OptionError {
  return invalid(where, 'preprocessing', 'a preprocessing, or a model, runtime or dataset that has one,', source);
}
