// Checks that a model and its loss can be copied to other threads.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { OptionError } from '../core/index.js';
import { BatchNormalization, SeededDropout } from '../layers/internal.js';
import { layersOf } from '../models/internal.js';
import { lossConfig, type Loss } from './losses.js';

/** Layers that exist in every copy of this package and of TensorFlow.js. */
const isKnown = (layer: { getClassName(): string }): boolean =>
  layer instanceof SeededDropout ||
  layer instanceof BatchNormalization ||
  tf.serialization.SerializationMap.getMap().classNameMap[layer.getClassName()] !== undefined;

/** @throws {OptionError} when a loss or a layer cannot be copied to other threads. */
export function checkReplicable(where: string, model: LayersModel, loss: Loss): void {
  if (lossConfig(loss) === undefined) {
    throw new OptionError(
      `${where}: expected a loss of this library with \`workers\`, received the function '${loss.name}', which other threads do not have. ` +
        'Leave `workers` out.',
    );
  }
  const own = layersOf(model).find((layer) => !isKnown(layer));
  if (own === undefined) return;
  throw new OptionError(
    `${where}: expected layers of this library or TensorFlow.js with \`workers\`, received '${own.name}' of the class ` +
      `${own.getClassName()}, which other threads do not have. Leave \`workers\` out.`,
  );
}
