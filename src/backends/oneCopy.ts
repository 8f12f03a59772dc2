// Two copies of TensorFlow.js in one process share an engine and nothing else: no class of one is known to the other.

import * as tf from '@tensorflow/tfjs-core';
import { BackendError } from '../core/index.js';

const REMEDY =
  'Keep one: `npm ls @tensorflow/tfjs-core` shows who brings the other, `npm dedupe` or `overrides` in package.json remove it.';

/** Throws when another copy of tfjs-core started the engine before this library's did. */
export function requireOneCopy(where: string): void {
  if (tf.env() instanceof tf.Environment) return;
  throw new BackendError(`${where}: expected one copy of @tensorflow/tfjs-core in this process, received two. ${REMEDY}`);
}

/** The sentence for a model or optimizer that another copy made. */
export function anotherCopy(where: string, what: string): BackendError {
  return new BackendError(
    `${where}: expected ${what} of this library's copy of TensorFlow.js, received one that another copy made. ${REMEDY}`,
  );
}
