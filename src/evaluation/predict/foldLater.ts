// Speeds up the prediction of many images: after the first ones, a copy of the model with BatchNormalization folded takes over.

import type * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { isFolded } from '../../models/internal.js';
import { foldBatchNorm } from '../../models/index.js';
import { predictBatch } from './predictBatch.js';
import type { Predictor } from './predictor.js';
import { wrappedModels, type WrappedModels } from './wrappedModels.js';

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
  let copy: Copy | undefined;
  let left = canFold(model) ? ENOUGH : Infinity;
  return {
    current: () => copy?.model ?? model,
    count: async (images, sample) => {
      left -= images;
      if (left > 0) return;
      left = Infinity;
      copy = await soundCopy(model, sample());
    },
    dispose: () => copy?.dispose(),
  };
}

/** A faster model, and a function that disposes what it consists of. */
interface Copy {
  readonly model: LayersModel | Predictor;
  readonly dispose: () => void;
}

/** Whether a model has BatchNormalization to fold, or consists of such models. Runtimes and other predictors have not. */
function canFold(model: LayersModel | Predictor): boolean {
  if (!('layers' in model)) return wrappedModels(model)?.models.some(canFold) === true;
  return !isFolded(model) && model.layers.some((layer) => layer.getClassName() === 'BatchNormalization');
}

async function foldedCopy(model: LayersModel | Predictor): Promise<Copy> {
  if (!canFold(model)) return { model, dispose: () => undefined };
  if ('layers' in model) {
    const folded = await foldBatchNorm(model);
    return { model: folded, dispose: () => void folded.dispose() };
  }
  const { models, rebuild } = wrappedModels(model) as WrappedModels;
  const copies: Copy[] = [];
  const dispose = (): void => {
    for (const each of copies) each.dispose();
  };
  try {
    for (const each of models) copies.push(await foldedCopy(each));
    return { model: rebuild(copies.map((each) => each.model)), dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** Returns a folded copy, or `undefined` if the model cannot be copied or the copy predicts something else, as with some custom layers. */
async function soundCopy(model: LayersModel | Predictor, images: tf.Tensor4D): Promise<Copy | undefined> {
  let copy: Copy | undefined;
  try {
    copy = await foldedCopy(model);
    const [own, folded] = [await predictBatch('foldBatchNorm', model, images), await predictBatch('foldBatchNorm', copy.model, images)];
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
