import type * as tfl from '@tensorflow/tfjs-layers';
import { test } from 'vitest';
import { imageBatches, mixUp, type Dataset, type LabeledImage } from '../../src/data/index.js';
import { callback, fineTune } from '../../src/training/index.js';

declare const model: tfl.LayersModel;
declare const images: Dataset<LabeledImage>;

test('fineTune takes batches of pictures, mixed ones too, and no plain hooks', () => {
  const stages = [{ unfreeze: 'all', epochs: 1 }] as const;
  void fineTune(model, { train: imageBatches(images), stages });
  void fineTune(model, { train: imageBatches(images).map(mixUp()), stages, callbacks: [callback({ onEpochEnd: () => ({ own: 1 }) })] });
  // @ts-expect-error -- TensorFlow.js' hooks are wrapped in callback()
  void fineTune(model, { train: imageBatches(images), stages, callbacks: [{ onEpochEnd: () => undefined }] });
  // @ts-expect-error -- a stage says what trains
  void fineTune(model, { train: imageBatches(images), stages: [{ epochs: 1 }] });
});
