// Speeds up the prediction of many images: after the first ones, a copy of the model with BatchNormalization folded takes over.

import type * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { invalid } from '../../core/internal.js';
import { isFolded } from '../../models/internal.js';
import { foldBatchNorm } from '../../models/index.js';
import { checkWorkers, openCopies } from '../../training/internal.js';
import type { TrainingWorkers } from '../../training/index.js';
import { inputShapeOf } from './inputShapeOf.js';
import { predictBatch } from './predictBatch.js';
import type { Predictor } from './predictor.js';
import { wrappedModels } from './wrappedModels.js';

/** Number of images after which a folded copy saves more time than its creation takes. */
const ENOUGH = 64;

/** Number of images on which the copy is compared with the model. */
export const SAMPLE = 8;

/** A model that may be replaced by a faster copy. */
export interface FasterModel {
  /** The model to predict with. */
  readonly current: () => LayersModel | Predictor;
  /**
   * Counts images that were predicted, and folds the model once it is worthwhile.
   *
   * @param sample - Returns at most {@link SAMPLE} of the images, on which the copy must predict the same. They are disposed.
   */
  readonly count: (images: number, sample: () => tf.Tensor4D) => Promise<void>;
  /** Disposes the copy. */
  readonly dispose: () => Promise<void>;
}

/** Wraps a model that is going to predict an unknown number of images. */
export function foldLater(model: LayersModel | Predictor): FasterModel {
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
    dispose: () => copy?.dispose() ?? Promise.resolve(),
  };
}

/** A faster model, and a function that disposes what it consists of. */
interface Copy {
  readonly model: LayersModel | Predictor;
  readonly dispose: () => Promise<void>;
}

/**
 * Copies a model to threads, which share every batch. Of an ensemble, the layers models are copied.
 *
 * @throws {OptionError} when there is no layers model, or a layer or the backend does not allow it.
 */
export async function inThreads(where: string, model: LayersModel | Predictor, workers: TrainingWorkers): Promise<FasterModel> {
  const models = layersModelsOf(model);
  if (models.length === 0)
    throw invalid(where, 'workers', 'nothing with a runtime or a predictor', workers, 'Runtimes have threads of their own.');
  for (const each of models) checkWorkers(where, each);
  const copy = await rebuilt(model, (each) => threadCopy(where, each, workers));
  return { current: () => copy.model, count: () => Promise.resolve(), dispose: copy.dispose };
}

/** Returns the layers models that a model is or consists of. */
function layersModelsOf(model: LayersModel | Predictor): LayersModel[] {
  return 'layers' in model ? [model] : (wrappedModels(model)?.models ?? []).flatMap(layersModelsOf);
}

async function threadCopy(where: string, model: LayersModel, workers: TrainingWorkers): Promise<Copy> {
  const copies = await openCopies(where, model, workers);
  return {
    model: {
      inputShape: inputShapeOf(model),
      predict: async (images: tf.Tensor4D) => {
        const outputs = await copies.predict(images);
        return outputs.length === 1 ? (outputs[0] as tf.Tensor) : outputs;
      },
    },
    dispose: () => copies.dispose(),
  };
}

/** Whether a model has BatchNormalization to fold, or consists of such models. Runtimes and other predictors have not. */
function canFold(model: LayersModel | Predictor): boolean {
  if (!('layers' in model)) return wrappedModels(model)?.models.some(canFold) === true;
  return !isFolded(model) && model.layers.some((layer) => layer.getClassName() === 'BatchNormalization');
}

async function foldedCopy(model: LayersModel): Promise<Copy> {
  if (!canFold(model)) return { model, dispose: () => Promise.resolve() };
  const folded = await foldBatchNorm(model);
  return {
    model: folded,
    dispose: () => {
      folded.dispose();
      return Promise.resolve();
    },
  };
}

/** Replaces the layers models that a model is or consists of with copies. */
async function rebuilt(model: LayersModel | Predictor, copyOf: (model: LayersModel) => Promise<Copy>): Promise<Copy> {
  if ('layers' in model) return copyOf(model);
  const parts = wrappedModels(model);
  if (parts === undefined) return { model, dispose: () => Promise.resolve() };
  const copies: Copy[] = [];
  const dispose = async (): Promise<void> => {
    for (const each of copies) await each.dispose();
  };
  try {
    for (const each of parts.models) copies.push(await rebuilt(each, copyOf));
    return { model: parts.rebuild(copies.map((each) => each.model)), dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** Returns a folded copy, or `undefined` if the model cannot be copied or the copy predicts something else, as with some custom layers. */
async function soundCopy(model: LayersModel | Predictor, images: tf.Tensor4D): Promise<Copy | undefined> {
  let copy: Copy | undefined;
  try {
    copy = await rebuilt(model, foldedCopy);
    const [own, folded] = [await predictBatch('foldBatchNorm', model, images), await predictBatch('foldBatchNorm', copy.model, images)];
    const isSame = own.values.every((value, i) => Math.abs(value - (folded.values[i] ?? NaN)) <= 1e-5 * Math.max(1, Math.abs(value)));
    if (isSame) return copy;
  } catch {
    // The model itself reports what is wrong with it, if anything.
  } finally {
    images.dispose();
  }
  await copy?.dispose();
  return undefined;
}
