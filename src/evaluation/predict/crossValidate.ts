// k-fold training: every item is judged by a network that never saw it, and the networks vote at the end.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import {
  callable,
  check,
  checkOptions,
  integerFrom,
  invalid,
  record,
  seed as seedRule,
  signal as signalRule,
  trackProgress,
} from '../../core/internal.js';
import { DataError, OptionError, type ProgressListener } from '../../core/index.js';
import { foldsFor } from '../../data/internal.js';
import type { SplitOptions } from '../../data/index.js';
import { ensembleFor } from './ensemble.js';
import { evaluateFor, predictor, preprocessingRules, type EvaluateOptions, type EvaluationData, type Predictor } from './evaluate.js';
import type { Evaluation, MultiLabelEvaluation } from '../metrics/index.js';
import { evaluatePredictions, type EvaluationOptions, type MultiLabelEvaluationOptions } from '../metrics/index.js';
import { rulesFor } from '../metrics/internal.js';

/** The items of one round. */
export interface Fold<T> {
  /** From 0. */
  readonly fold: number;
  readonly train: readonly T[];
  readonly validation: readonly T[];
}

/** Options of {@link crossValidate}. */
export interface CrossValidateOptions<T, M extends LayersModel | Predictor> extends SplitOptions<T> {
  /** Trains a new network on the fold's `train`; it may look at `validation` to log, not to choose. */
  readonly trainFold: (fold: Fold<T>) => Promise<M>;
  /** Labeled images of some items in their order, for example `(files) => imageFiles(files, { inputSize: 224, classes: 10 })`. */
  readonly data: (items: readonly T[]) => EvaluationData;
  /** @defaultValue 5 */
  readonly folds?: number | undefined;
  /** @defaultValue names the models carry, top 1 and 5, 15 bins */
  readonly evaluateOptions?: (Omit<EvaluationOptions, 'fromLogits'> & Pick<EvaluateOptions, 'otherPreprocessing'>) | undefined;
  /** Told after every fold. @defaultValue nobody */
  readonly onProgress?: ProgressListener | undefined;
  /** Stops between folds; `trainFold` hands it on to stop within. @defaultValue never */
  readonly signal?: AbortSignal | undefined;
}

/** Options of {@link crossValidate} for any number of classes per sample. */
export interface CrossValidateMultiLabelOptions<T, M extends LayersModel | Predictor> extends Omit<
  CrossValidateOptions<T, M>,
  'evaluateOptions'
> {
  /** @defaultValue for all but `multiLabel`: names the models carry, a threshold of 0.5 */
  readonly evaluateOptions: Omit<MultiLabelEvaluationOptions, 'fromLogits'> & Pick<EvaluateOptions, 'otherPreprocessing'>;
}

/** What {@link crossValidate} found. */
export interface CrossValidation<T, M, E extends Evaluation | MultiLabelEvaluation = Evaluation> {
  /** One network per fold and its evaluation on the items it was not trained on. The caller disposes the models. */
  readonly folds: readonly (Fold<T> & { readonly model: M; readonly evaluation: E })[];
  /** All items, each judged by the network that did not see it. */
  readonly evaluation: E;
  /** The mean of all networks, for new images; its metrics on the items themselves would be too good. */
  readonly ensemble: Predictor;
}

/**
 * Trains one network a fold and evaluates each on what it was not trained on.
 *
 * @throws {OptionError} when an option is unknown or impossible, or the networks have different classes or preprocessings, or others than
 *   the data.
 * @throws {DataError} when a class has fewer items (or groups) than there are folds, or `data` returns another number of images than of
 *   the items it is given.
 * @throws whatever `trainFold` throws, and the signal's reason; the models trained before are disposed.
 * @example
 * const { evaluation, ensemble } = await crossValidate(files, {
 *   folds: 5, seed: 1, stratifyBy: ({ label }) => label,
 *   trainFold: async ({ train }) => {
 *     const images = imageBatches(imageFiles(train, { inputSize: 224 }));
 *     return (await trainHead(await pretrained('b0'), { classNames, train: images })).model;
 *   },
 *   data: (held) => imageFiles(held, { inputSize: 224 }),
 * });
 */
export async function crossValidate<T, M extends LayersModel | Predictor>(
  items: readonly T[],
  options: CrossValidateOptions<T, M>,
): Promise<CrossValidation<T, M>>;
export async function crossValidate<T, M extends LayersModel | Predictor>(
  items: readonly T[],
  options: CrossValidateMultiLabelOptions<T, M>,
): Promise<CrossValidation<T, M, MultiLabelEvaluation>>;
export async function crossValidate<T, M extends LayersModel | Predictor>(
  items: readonly T[],
  options: CrossValidateOptions<T, M> | CrossValidateMultiLabelOptions<T, M>,
): Promise<CrossValidation<T, M, Evaluation | MultiLabelEvaluation>> {
  const where = 'crossValidate';
  const {
    trainFold,
    data,
    folds = 5,
    evaluateOptions = {},
    onProgress,
    signal,
    ...split
  } = checkOptions<AllOptions<T, M>>(where, options, {
    trainFold: callable,
    data: callable,
    folds: integerFrom(2),
    evaluateOptions: record,
    onProgress: callable,
    signal: signalRule,
    seed: seedRule,
    stratifyBy: callable,
    groupBy: callable,
  });
  check(where, 'trainFold', trainFold, callable);
  check(where, 'data', data, callable);
  checkOptions<object>(where, evaluateOptions, { ...rulesFor(evaluateOptions), ...preprocessingRules }, 'evaluateOptions');
  const shares = foldsFor(where, items, folds, split as SplitOptions<T>);
  const report = trackProgress(onProgress, 'cross-validation', 'folds', folds);
  const done: CrossValidation<T, M, Evaluation | MultiLabelEvaluation>['folds'][number][] = [];
  try {
    for (const [fold, share] of shares.entries()) {
      signal?.throwIfAborted();
      const model = await trainFold({ fold, ...share });
      if (!predictor.accepts(model)) throw invalid(where, 'trainFold', 'a function that returns a model with `predict`', model);
      // Held before it is evaluated, so that a failure disposes it too.
      const held = { fold, ...share, model, evaluation: undefined as unknown as Evaluation | MultiLabelEvaluation };
      done.push(held);
      // What keeps the networks from voting is found after the second fold, not after the last.
      ensembleFor(
        where,
        done.map((each) => each.model),
      );
      held.evaluation = await evaluateFor(where, model, data(share.validation), evaluateOptions);
      checkFold(where, held, done[0] ?? held);
      report(fold + 1, { accuracy: held.evaluation.accuracy });
    }
    return {
      folds: done,
      evaluation: joined(
        done.map(({ evaluation }) => evaluation),
        evaluateOptions,
      ),
      ensemble: ensembleFor(
        where,
        done.map(({ model }) => model),
      ),
    };
  } catch (error) {
    for (const { model } of done) if ('dispose' in model) model.dispose();
    throw error;
  }
}

/** Throws unless a fold's evaluation is of all its items, and of as many classes as that of the first fold. */
function checkFold<T>(
  where: string,
  { fold, validation, evaluation }: Fold<T> & { readonly evaluation: Evaluation | MultiLabelEvaluation },
  first: { readonly evaluation: Evaluation | MultiLabelEvaluation },
): void {
  if (evaluation.count !== validation.length) {
    throw new DataError(
      `${where}: expected ${validation.length} images from \`data\` for fold ${fold}, one per item, received ${evaluation.count}.`,
    );
  }
  const [classes, others] = [evaluation.classNames.length, first.evaluation.classNames.length];
  if (classes !== others) {
    throw new OptionError(
      `${where}: expected models of as many classes in every fold from \`trainFold\`, ` +
        `received ${classes} classes in fold ${fold} and ${others} in fold 0.`,
    );
  }
}

type AllOptions<T, M extends LayersModel | Predictor> = Omit<CrossValidateOptions<T, M>, 'evaluateOptions'> & {
  readonly evaluateOptions?: FoldOptions | undefined;
};

type FoldOptions = (Omit<EvaluationOptions, 'fromLogits'> | Omit<MultiLabelEvaluationOptions, 'fromLogits'>) &
  Pick<EvaluateOptions, 'otherPreprocessing'>;

function joined(
  parts: readonly (Evaluation | MultiLabelEvaluation)[],
  { otherPreprocessing: _, ...options }: FoldOptions,
): Evaluation | MultiLabelEvaluation {
  const { classNames, multiLabel } = parts[0] as Evaluation | MultiLabelEvaluation;
  const classes = classNames.length;
  const rowsOf = <R extends Float32Array | Uint8Array>(values: R): R[] =>
    Array.from({ length: values.length / classes }, (_, i) => values.subarray(i * classes, (i + 1) * classes) as R);
  const rows = parts.flatMap(({ predictions }) => rowsOf(predictions.probabilities));
  const files = parts.flatMap(({ predictions }) => predictions.files ?? []);
  const all = { ...options, classNames, ...(files.length === rows.length ? { files } : {}) };
  return multiLabel
    ? evaluatePredictions(
        rows,
        parts.flatMap(({ predictions }) => rowsOf(predictions.labels as Uint8Array)),
        { ...all, multiLabel },
      )
    : evaluatePredictions(
        rows,
        parts.flatMap(({ predictions }) => [...predictions.labels]),
        { ...all, multiLabel },
      );
}
