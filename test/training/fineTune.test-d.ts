import type * as tfl from '@tensorflow/tfjs-layers';
import { test } from 'vitest';
import { imageBatches, mixUp, type Dataset, type LabeledImage } from '../../src/data/index.js';
import { callback, fineTune } from '../../src/training/index.js';

declare const model: tfl.LayersModel;
declare const images: Dataset<LabeledImage>;

test('fineTune accepts batches of images, mixed or not, but no plain hooks', () => {
  const stages = [{ unfreeze: 'all', epochs: 1 }] as const;
  void fineTune(model, { train: imageBatches(images), stages });
  void fineTune(model, { train: imageBatches(images).map(mixUp()), stages, callbacks: [callback({ onEpochEnd: () => ({ own: 1 }) })] });
  // @ts-expect-error -- plain hooks must be passed to callback()
  void fineTune(model, { train: imageBatches(images), stages, callbacks: [{ onEpochEnd: () => undefined }] });
  // @ts-expect-error -- a stage must say which layers train
  void fineTune(model, { train: imageBatches(images), stages: [{ epochs: 1 }] });
});
