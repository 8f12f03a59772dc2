// Detects a second copy of TensorFlow.js. Two copies in one process share the engine but not their classes.

import * as tf from '@tensorflow/tfjs-core';
import { BackendError } from '../core/index.js';

const REMEDY =
  'Keep one: `npm ls @tensorflow/tfjs-core` shows which package installs the other. `npm dedupe` or `overrides` in package.json removes it.';

/** Throws if another copy of tfjs-core created the engine. */
export function requireOneCopy(where: string): void {
  if (tf.env() instanceof tf.Environment) return;
  throw new BackendError(`${where}: expected one copy of @tensorflow/tfjs-core in this process, received two. ${REMEDY}`);
}

/** Creates the error for a model or optimizer that was created by another copy. */
export function anotherCopy(where: string, what: string): BackendError {
  return new BackendError(
    `${where}: expected ${what} of this library's copy of TensorFlow.js, received one created by another copy. ${REMEDY}`,
  );
}
