// The image library of the Node entry, loaded when first needed: whoever decodes nothing need not install it.

import type sharp from 'sharp';
import { BackendError } from '../core/index.js';

/** What the package exports. */
export type SharpModule = typeof sharp;

let loading: Promise<SharpModule> | undefined;

/** @throws {BackendError} when sharp is not installed, or not for this platform. */
export function loadSharp(): Promise<SharpModule> {
  loading ??= import('sharp').then(
    (module) => module.default,
    (cause: unknown) => {
      loading = undefined;
      throw new BackendError('decodeImage: expected the package sharp to read and write images in Node, and it could not be loaded. Run `npm install sharp`.', {
        cause,
      });
    },
  );
  return loading;
}
