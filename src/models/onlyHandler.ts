// Finds the TensorFlow.js handler for a URL.

import type { io } from '@tensorflow/tfjs-core';
import { invalid } from '../core/internal.js';

/** Returns the handler for a URL. @throws {OptionError} when no handler supports it here. */
export function onlyHandler(where: string, option: string, url: string, handlers: readonly io.IOHandler[]): io.IOHandler {
  const [handler] = handlers;
  if (handler === undefined) {
    throw invalid(
      where,
      option,
      'a URL TensorFlow.js can handle here',
      url,
      'In Node, give a folder, and import the function from effnet-ts/node.',
    );
  }
  return handler;
}
