// What a file says of its model in a table of strings, as safetensors and ONNX files have one: JSON under `preprocessing` and `classes`.

import { arrayOf, text } from '../core/internal.js';
import { storedPreprocessing } from '../image/internal.js';
import type { Preprocessing } from '../image/index.js';
import type { ModelNotes } from './modelNotes.js';

/** The entries for what is known of a model. */
export function writeNotes({ preprocessing, classNames }: ModelNotes): Record<string, string> {
  return {
    ...(preprocessing === undefined ? {} : { preprocessing: JSON.stringify(preprocessing) }),
    ...(classNames === undefined ? {} : { classes: JSON.stringify(classNames) }),
  };
}

/**
 * Reads the entries of this library. Another tool's entries of these names may contain anything, and are ignored.
 *
 * @param file - The file in words, for the error.
 * @throws {DataError} when the preprocessing is damaged.
 */
export function readNotes(where: string, file: string, strings: Readonly<Record<string, unknown>>): ModelNotes {
  const [record, classNames] = [json(strings['preprocessing']), json(strings['classes'])];
  return {
    ...(isOurs(record) ? { preprocessing: storedPreprocessing(where, file, withoutFormat(record)) } : {}),
    ...(arrayOf(text).accepts(classNames) ? { classNames } : {}),
  };
}

const isOurs = (record: unknown): record is Preprocessing => typeof record === 'object' && record !== null && 'fit' in record;

/** An ONNX file also says how the numbers of the input are laid out. */
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
