// Checks that a model and its loss can be copied to other threads.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { OptionError } from '../core/index.js';
import { invalid, rule } from '../core/internal.js';
import { BatchNormalization, SeededDropout } from '../layers/internal.js';
import { layersOf } from '../models/internal.js';
import { lossConfig, type Loss } from './losses.js';
import type { TrainingWorkers } from './replicas.js';

/** Accepts what `trainingWorkers` returns. */
export const trainingThreads = /* @__PURE__ */ rule<TrainingWorkers>('threads that trainingWorkers() returns', (value) => {
  const { threads, open } = (value ?? {}) as Partial<TrainingWorkers>;
  return typeof threads === 'number' && typeof open === 'function';
});

/** Layers that exist in every copy of this package and of TensorFlow.js. */
const isKnown = (layer: { getClassName(): string }): boolean =>
  layer instanceof SeededDropout ||
  layer instanceof BatchNormalization ||
  tf.serialization.SerializationMap.getMap().classNameMap[layer.getClassName()] !== undefined;

/** @throws {OptionError} when the backend is not wasm, or a layer cannot be copied to other threads. */
export function checkWorkers(where: string, model: LayersModel): void {
  if (tf.getBackend() !== 'wasm') throw invalid(where, 'workers', "the 'wasm' backend", tf.getBackend(), 'Leave `workers` out on others.');
  const own = layersOf(model).find((layer) => !isKnown(layer));
  if (own === undefined) return;
  throw new OptionError(
    `${where}: expected layers of this library or TensorFlow.js with \`workers\`, received '${own.name}' of the class ` +
      `${own.getClassName()}, which other threads do not have. Leave \`workers\` out.`,
  );
}

/** @throws {OptionError} when a loss cannot be copied to other threads. */
export function checkReplicableLoss(where: string, loss: Loss): void {
  if (lossConfig(loss) !== undefined) return;
  throw new OptionError(
    `${where}: expected a loss of this library with \`workers\`, received the function '${loss.name}', which other threads do not have. ` +
      'Leave `workers` out.',
  );
}
