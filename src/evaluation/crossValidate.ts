// k-fold training: every item is judged by a network that never saw it, and the networks vote at the end.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { anything, callable, check, checkOptions, instanceOf, rule, trackProgress, type ProgressListener } from '../core/index.js';
import { kFold, type SplitOptions } from '../data/index.js';
import { ensemble } from './ensemble.js';
import { evaluate, type EvaluationData, type Predictor } from './evaluate.js';
import type { Evaluation } from './evaluation.js';
import { evaluatePredictions, type EvaluationOptions } from './evaluatePredictions.js';

/** The items of one round. */
export interface Fold<T> {
  /** From 0. */
  readonly fold: number;
  readonly train: readonly T[];
  readonly validation: readonly T[];
}

/** Options of {@link crossValidate}. */
export interface CrossValidateOptions<T, M extends LayersModel | Predictor> extends SplitOptions<T> {
  /** Trains a new network on `train`; it may look at `validation` to log, not to choose. */
  readonly train: (fold: Fold<T>) => Promise<M>;
  /** Labeled images of some items, for example `(files) => imageFiles(files, { inputSize: 224, classes: 10 })`. */
  readonly data: (items: readonly T[]) => EvaluationData;
  /** @defaultValue 5 */
  readonly folds?: number | undefined;
  /** @defaultValue names the models carry, top 1 and 5, 15 bins */
  readonly evaluation?: Omit<EvaluationOptions, 'fromLogits'> | undefined;
  /** Told after every fold. @defaultValue nobody */
  readonly onProgress?: ProgressListener | undefined;
  /** Stops between folds; `train` hands it on to stop within. @defaultValue never */
  readonly signal?: AbortSignal | undefined;
}

/** What {@link crossValidate} found. */
export interface CrossValidation<T, M> {
  /** A network a fold and how it judges the items it was not trained on. The caller disposes the models. */
  readonly folds: readonly (Fold<T> & { readonly model: M; readonly evaluation: Evaluation })[];
  /** All items, each judged by the network that did not see it. */
  readonly evaluation: Evaluation;
  /** The mean of all networks, for new pictures; on the items themselves its figures would flatter. */
  readonly ensemble: Predictor;
}

/**
 * Trains one network a fold and evaluates each on what it was not trained on.
 *
 * @throws {OptionError} when an option is unknown or impossible.
 * @throws {DataError} when a class has fewer items (or groups) than there are folds.
 * @throws whatever `train` throws, and the signal's reason; the models trained before are disposed.
 * @example
 * const { evaluation, ensemble } = await crossValidate(files, {
 *   folds: 5, seed: 1, stratifyBy: ({ label }) => label,
 *   train: async ({ train }) => (await trainHead(await pretrained('b0'), { classNames, train: imageBatches(imageFiles(train, { inputSize: 224 })) })).model,
 *   data: (held) => imageFiles(held, { inputSize: 224 }),
 * });
 */
export async function crossValidate<T, M extends LayersModel | Predictor>(items: readonly T[], options: CrossValidateOptions<T, M>): Promise<CrossValidation<T, M>> {
  const where = 'crossValidate';
  const { train, data, folds = 5, evaluation: named = {}, onProgress, signal, ...split } = checkOptions(where, options, {
    train: callable, data: callable, folds: rule<number>('an integer of at least 2', (value) => Number.isSafeInteger(value) && (value as number) >= 2), evaluation: anything,
    onProgress: callable, signal: instanceOf(AbortSignal, 'an AbortSignal'), seed: anything, stratifyBy: callable, groupBy: callable,
  });
  check(where, 'train', train, callable);
  check(where, 'data', data, callable);
  const report = trackProgress(onProgress, 'cross-validation', 'folds', folds);
  const done: CrossValidation<T, M>['folds'][number][] = [];
  try {
    for (const [fold, shares] of kFold(items, folds, split as SplitOptions<T>).entries()) {
      signal?.throwIfAborted();
      const model = await train({ fold, ...shares });
      // Held before it is evaluated, so that a failure disposes it too.
      const held = { fold, ...shares, model, evaluation: undefined as unknown as Evaluation };
      done.push(held);
      held.evaluation = await evaluate(model, data(shares.validation), named);
      report(fold + 1, { accuracy: held.evaluation.accuracy });
    }
    return { folds: done, evaluation: joined(done.map(({ evaluation }) => evaluation), named), ensemble: ensemble(done.map(({ model }) => model)) };
  } catch (error) {
    for (const { model } of done) if ('dispose' in model) model.dispose();
    throw error;
  }
}

function joined(parts: readonly Evaluation[], options: Omit<EvaluationOptions, 'fromLogits'>): Evaluation {
  const [first] = parts as [Evaluation];
  const classes = first.classNames.length;
  const rows = parts.flatMap(({ predictions: { probabilities }, count }) =>
    Array.from({ length: count }, (_, i) => probabilities.subarray(i * classes, (i + 1) * classes)));
  const files = parts.flatMap(({ predictions }) => predictions.files ?? []);
  const labels = parts.flatMap(({ predictions }) => [...predictions.labels]);
  return evaluatePredictions(rows, labels, { ...options, classNames: first.classNames, ...(files.length === labels.length ? { files } : {}) });
}
