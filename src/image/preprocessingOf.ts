// Finds the preprocessing of a model, runtime or dataset.

import { invalid, isPlain, isPromise } from '../core/internal.js';
import type { OptionError } from '../core/index.js';
import { completePreprocessing, type CompletePreprocessing, type Preprocessing } from './preprocess.js';

/** A preprocessing, or an object that has one: a model of this library, a runtime, or a dataset of images. */
export type PreprocessingSource =
  Preprocessing | { readonly preprocessing?: Preprocessing | undefined } | { getUserDefinedMetadata(): unknown };

/**
 * Returns the preprocessing of a model, runtime or dataset.
 *
 * @returns The preprocessing with every default filled in, or `undefined` if it is unknown.
 * @throws {OptionError} when the argument cannot have a preprocessing, or its preprocessing is invalid.
 * @example
 * console.log(preprocessingOf(model)?.fit); // 'crop'
 */
export function preprocessingOf(source: PreprocessingSource): CompletePreprocessing | undefined {
  // Only this function rejects arrays. Others also look for a preprocessing in batches, which may be arrays.
  if (Array.isArray(source)) throw refused('preprocessingOf', source);
  return preprocessingFor('preprocessingOf', source);
}

/** Same as {@link preprocessingOf}. Errors begin with `where`, the function that the user called. */
export function preprocessingFor(where: string, source: PreprocessingSource): CompletePreprocessing | undefined {
  const carried = carriedBy(where, source);
  return carried === undefined ? undefined : completePreprocessing(where, carried);
}

/** Same as {@link preprocessingFor}, but throws if the preprocessing is unknown. */
export function requirePreprocessing(where: string, source: PreprocessingSource): CompletePreprocessing {
  const preprocessing = preprocessingFor(where, source);
  if (preprocessing !== undefined) return preprocessing;
  const remedy = "Give a preprocessing, such as { inputSize: 224, fit: 'stretch' }, or store one in the model with `setPreprocessing`.";
  throw invalid(where, 'preprocessing', 'a model, runtime or dataset whose preprocessing is known', source, remedy);
}

function carriedBy(where: string, source: PreprocessingSource): Preprocessing | undefined {
  // JavaScript callers may pass anything.
  if (typeof source !== 'object' || (source as unknown) === null || isPromise(source)) throw refused(where, source);
  // Checked first, because models also have a method named `fit`.
  if ('getUserDefinedMetadata' in source && typeof source.getUserDefinedMetadata === 'function') {
    const metadata = source.getUserDefinedMetadata() as { readonly effnet?: { readonly preprocessing?: Preprocessing } } | undefined;
    return metadata?.effnet?.preprocessing;
  }
  if ('fit' in source) return source;
  if ('preprocessing' in source) return source.preprocessing;
  // Custom predictors have no preprocessing. A plain object, however, is a preprocessing with missing or misspelled keys.
  const values = Object.values(source);
  if (!isPlain(source) || values.length === 0 || values.some((value) => typeof value === 'function')) return undefined;
  if ('inputSize' in source) return source as Preprocessing;
  throw refused(where, source);
}

function refused(where: string, source: unknown): OptionError {
  return invalid(where, 'preprocessing', 'a preprocessing, or a model, runtime or dataset that has one,', source);
}
