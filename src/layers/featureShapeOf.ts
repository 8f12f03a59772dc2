// What a block may be applied to.

import type * as tfl from '@tensorflow/tfjs-layers';
import { ShapeError, show, showShape } from '../core/index.js';
import type { FeatureShape } from '../scaling/index.js';

/** The `[height, width, channels]` of a feature map `[batch, height, width, channels]`. */
export function featureShapeOf(where: string, x: tfl.SymbolicTensor): FeatureShape {
  const shape = (x as Partial<tfl.SymbolicTensor> | undefined)?.shape;
  const channels = shape?.[3];
  if (shape?.length !== 4 || channels == null) {
    throw new ShapeError(`${where}: expected input [batch, height, width, channels] with known channels, received ${shape === undefined ? show(x) : showShape(shape)}.`);
  }
  return [shape[1] ?? null, shape[2] ?? null, channels];
}
