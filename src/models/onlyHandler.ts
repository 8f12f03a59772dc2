// The one handler TensorFlow.js has for a URL.

import type { io } from '@tensorflow/tfjs-core';
import { invalid } from '../core/index.js';

/** @throws {OptionError} when nothing handles that URL here. */
export function onlyHandler(where: string, url: string, handlers: readonly io.IOHandler[]): io.IOHandler {
  const [handler] = handlers;
  if (handler === undefined) {
    throw invalid(where, 'url', 'a URL TensorFlow.js can handle here', url, 'In Node, import from effnet-ts/node and give a folder.');
  }
  return handler;
}
