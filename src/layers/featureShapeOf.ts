// Checks the inputs of blocks and returns their shapes.

import type * as tfl from '@tensorflow/tfjs-layers';
import { check, rule, showShape } from '../core/internal.js';
import { ShapeError } from '../core/index.js';
import type { FeatureShape } from '../scaling/index.js';

/** The output of a layer. Tensors have a shape as well, but no `sourceLayer`. */
export const symbolic = rule<tfl.SymbolicTensor>('a symbolic tensor', (value) => {
  const { shape, sourceLayer } = (value ?? {}) as Partial<tfl.SymbolicTensor>;
  return Array.isArray(shape) && typeof sourceLayer === 'object';
});

/** Throws unless the value is a symbolic tensor. */
export function checkSymbolic(where: string, x: tfl.SymbolicTensor): void {
  check(where, 'x', x, symbolic, 'Start from `tfl.input({ shape })`, or pass what the `apply` of a layer returned.');
}

/** Returns the `[height, width, channels]` of a feature map `[batch, height, width, channels]`. */
export function featureShapeOf(where: string, x: tfl.SymbolicTensor): FeatureShape {
  checkSymbolic(where, x);
  const [, height, width, channels] = x.shape;
  if (x.shape.length !== 4 || channels == null) {
    throw new ShapeError(`${where}: expected input [batch, height, width, channels] with known channels, received ${showShape(x.shape)}.`);
  }
  return [height ?? null, width ?? null, channels];
}
