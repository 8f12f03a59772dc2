// Speeds up the prediction of many images: after the first ones, a copy of the model with BatchNormalization folded takes over.

import type * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { isFolded } from '../../models/internal.js';
import { foldBatchNorm } from '../../models/index.js';
import { predictBatch } from './predictBatch.js';
import type { Predictor } from './predictor.js';

/** Number of images after which a folded copy saves more time than its creation takes. */
const ENOUGH = 64;

/** Number of images on which the copy is compared with the model. */
export const SAMPLE = 8;

/** A model that may be replaced by a faster copy. */
export interface FoldLater {
  /** The model to predict with. */
  readonly current: () => LayersModel | Predictor;
  /**
   * Counts images that were predicted, and folds the model once it is worthwhile.
   *
   * @param sample - Returns at most {@link SAMPLE} of the images, on which the copy must predict the same. They are disposed.
   */
  readonly count: (images: number, sample: () => tf.Tensor4D) => Promise<void>;
  /** Disposes the copy. */
  readonly dispose: () => void;
}

/** Wraps a model that is going to predict an unknown number of images. */
export function foldLater(model: LayersModel | Predictor): FoldLater {
  let copy: LayersModel | undefined;
  // Runtimes, folded models and models without BatchNormalization remain as they are.
  let left = 'layers' in model && canFold(model) ? ENOUGH : Infinity;
  return {
    current: () => copy ?? model,
    count: async (images, sample) => {
      left -= images;
      if (left > 0) return;
      left = Infinity;
      copy = await soundCopy(model as LayersModel, sample());
    },
    dispose: () => {
      copy?.dispose();
    },
  };
}

function canFold(model: LayersModel): boolean {
  return !isFolded(model) && model.layers.some((layer) => layer.getClassName() === 'BatchNormalization');
}

/** Returns a folded copy, or `undefined` if the model cannot be copied or the copy predicts something else, as with some custom layers. */
async function soundCopy(model: LayersModel, images: tf.Tensor4D): Promise<LayersModel | undefined> {
  let copy: LayersModel | undefined;
  try {
    copy = await foldBatchNorm(model);
    const [own, folded] = [await predictBatch('foldBatchNorm', model, images), await predictBatch('foldBatchNorm', copy, images)];
    const isSame = own.values.every((value, i) => Math.abs(value - (folded.values[i] ?? NaN)) <= 1e-5 * Math.max(1, Math.abs(value)));
    if (isSame) return copy;
  } catch {
    // The model itself reports what is wrong with it, if anything.
  } finally {
    images.dispose();
  }
  copy?.dispose();
  return undefined;
}
