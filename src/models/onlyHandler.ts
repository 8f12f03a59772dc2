// The one handler TensorFlow.js has for a URL.

import type { io } from '@tensorflow/tfjs-core';
import { invalid } from '../core/internal.js';

/** @throws {OptionError} when nothing handles that URL here. */
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
