// Finds the TensorFlow.js handler for a URL.

import type { io } from '@tensorflow/tfjs-core';
import { invalid } from '../core/internal.js';

/** Returns the handler for a URL. @throws {OptionError} when no handler supports it here. */
export function onlyHandler(where: string, option: string, url: string, handlers: readonly io.IOHandler[]): io.IOHandler {
  const [handler] = handlers;
  if (handler === undefined) {
    const browser = /^(indexeddb|localstorage):/i.test(url) ? 'Only browsers have such a store. ' : '';
    const remedy = `${browser}In Node, ${where} of 'effnet-ts/node' takes the path of a folder.`;
    throw invalid(where, option, 'a URL TensorFlow.js can handle here', url, remedy);
  }
  return handler;
}
