// Stores preprocessing, class names and the threshold of unknown answers in the string metadata of safetensors and ONNX files, as JSON
// under `preprocessing`, `classes` and `unknownThreshold`.

import { arrayOf, probability, text } from '../core/internal.js';
import { storedPreprocessing } from '../image/internal.js';
import type { Preprocessing } from '../image/index.js';
import type { ModelNotes } from './modelNotes.js';

/** Returns the metadata entries for a model. */
export function writeNotes({ preprocessing, classNames, unknownThreshold }: ModelNotes): Record<string, string> {
  return {
    ...(preprocessing === undefined ? {} : { preprocessing: JSON.stringify(preprocessing) }),
    ...(classNames === undefined ? {} : { classes: JSON.stringify(classNames) }),
    ...(unknownThreshold === undefined ? {} : { unknownThreshold: JSON.stringify(unknownThreshold) }),
  };
}

/**
 * Reads the metadata entries of this library. Entries of other tools with the same names are ignored.
 *
 * @param file - Description of the file, for error messages.
 * @throws {DataError} when the preprocessing is damaged.
 */
export function readNotes(where: string, file: string, strings: Readonly<Record<string, unknown>>): ModelNotes {
  const [record, classNames, threshold] = ['preprocessing', 'classes', 'unknownThreshold'].map((name) => json(strings[name]));
  return {
    preprocessing: isOurs(record) ? storedPreprocessing(where, file, withoutFormat(record)) : undefined,
    classNames: arrayOf(text).accepts(classNames) ? classNames : undefined,
    ...(probability.accepts(threshold) ? { unknownThreshold: threshold } : {}),
  };
}

const isOurs = (record: unknown): record is Preprocessing => typeof record === 'object' && record !== null && 'fit' in record;

/** Removes the data format of the input, which ONNX files also contain. */
function withoutFormat(record: Preprocessing): Preprocessing {
  const { layout: _, color: __, range: ___, ...rest } = record as Preprocessing & Record<'layout' | 'color' | 'range', unknown>;
  return rest;
}

function json(value: unknown): unknown {
  try {
    return typeof value === 'string' ? JSON.parse(value) : undefined;
  } catch {
    return undefined;
  }
}
