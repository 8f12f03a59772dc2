// Trains and evaluates one model per fold, so that every item is predicted by a model that was not trained on it.

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
import { evaluateFor, preprocessingRules, type EvaluateOptions, type EvaluationData } from './evaluate.js';
import { predictor, type Predictor } from './predictor.js';
import type { Evaluation, MultiLabelEvaluation } from '../metrics/index.js';
import { evaluatePredictions, type EvaluationOptions, type MultiLabelEvaluationOptions } from '../metrics/index.js';
import { rulesFor } from '../metrics/internal.js';

/** The training and validation items of one fold. */
export interface Fold<T> {
  /** Index of the fold, starting at 0. */
  readonly fold: number;
  readonly train: readonly T[];
  readonly validation: readonly T[];
}

/** Options of {@link crossValidate}. */
export interface CrossValidateOptions<T, M extends LayersModel | Predictor> extends SplitOptions<T> {
  /** Trains a new model on `train`. It may use `validation` for logging, but not for decisions such as early stopping. */
  readonly trainFold: (fold: Fold<T>) => Promise<M>;
  /** Returns the labeled images of items in the same order, for example `(files) => imageFiles(files, { inputSize: 224, classes: 10 })`. */
  readonly data: (items: readonly T[]) => EvaluationData;
  /** Number of folds, at least 2. @defaultValue 5 */
  readonly folds?: number | undefined;
  /** Options of the evaluation of each fold. @defaultValue as for `evaluate` */
  readonly evaluateOptions?: (Omit<EvaluationOptions, 'fromLogits'> & Pick<EvaluateOptions, 'otherPreprocessing'>) | undefined;
  /** Called after every fold. @defaultValue none */
  readonly onProgress?: ProgressListener | undefined;
  /** Aborts between folds. Pass it on in `trainFold` to abort the training as well. @defaultValue never */
  readonly signal?: AbortSignal | undefined;
}

/** Options of {@link crossValidate} for any number of classes per sample. */
export interface CrossValidateMultiLabelOptions<T, M extends LayersModel | Predictor> extends Omit<
  CrossValidateOptions<T, M>,
  'evaluateOptions'
> {
  /** Options of the evaluation of each fold, with `multiLabel: true`. */
  readonly evaluateOptions: Omit<MultiLabelEvaluationOptions, 'fromLogits'> & Pick<EvaluateOptions, 'otherPreprocessing'>;
}

/** The result of {@link crossValidate}. */
export interface CrossValidation<T, M, E extends Evaluation | MultiLabelEvaluation = Evaluation> {
  /** The model of each fold and its evaluation on the items that it was not trained on. The caller must dispose the models. */
  readonly folds: readonly (Fold<T> & { readonly model: M; readonly evaluation: E })[];
  /** Evaluation on all items, each predicted by the model that was not trained on it. */
  readonly evaluation: E;
  /** Predicts the mean of all models, for new images. Do not evaluate it on the items, because its models were trained on them. */
  readonly ensemble: Predictor;
}

/**
 * Trains one model per fold and evaluates it on the items that it was not trained on.
 *
 * If a fold fails, the models that were already trained are disposed.
 *
 * @throws {OptionError} when an option is unknown or has a wrong value, the models have different classes or preprocessings, or their
 *   preprocessing differs from that of the data.
 * @throws {DataError} when a class has fewer items (or groups) than there are folds, or `data` does not return one image per item.
 * @throws the errors of `trainFold`, and the reason of the signal.
 * @example
 * const { evaluation, ensemble } = await crossValidate(files, {
 *   folds: 5, seed: 1, stratifyBy: ({ label }) => label,
 *   trainFold: async ({ train }) => {
 *     const images = imageBatches(imageFiles(train, { inputSize: 224 }));
 *     return (await trainHead(await pretrained('b0'), { classNames, train: images })).model;
 *   },
 *   data: (validation) => imageFiles(validation, { inputSize: 224 }),
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
      // Added before it is evaluated, so that it is disposed if the evaluation fails.
      const result = { fold, ...share, model, evaluation: undefined as unknown as Evaluation | MultiLabelEvaluation };
      done.push(result);
      // Checks after every fold that the models can be combined, so that a mismatch is found after the second fold and not after the last.
      ensembleFor(
        where,
        done.map((each) => each.model),
      );
      result.evaluation = await evaluateFor(where, model, data(share.validation), evaluateOptions);
      checkFold(where, result, done[0] ?? result);
      report(fold + 1, { accuracy: result.evaluation.accuracy });
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

/** Throws unless the evaluation of a fold contains all its items, and has as many classes as that of the first fold. */
function checkFold<T>(
  where: string,
  { fold, validation, evaluation }: Fold<T> & { readonly evaluation: Evaluation | MultiLabelEvaluation },
  first: { readonly evaluation: Evaluation | MultiLabelEvaluation },
): void {
  if (evaluation.count !== validation.length) {
    throw new DataError(
      `${where}: expected ${validation.length} images from \`data\` for fold ${fold}, one for each item, received ${evaluation.count}.`,
    );
  }
  const [classes, others] = [evaluation.classNames.length, first.evaluation.classNames.length];
  if (classes !== others) {
    throw new OptionError(
      `${where}: expected models with the same number of classes in every fold from \`trainFold\`, ` +
        `received ${classes} classes in fold ${fold} and ${others} in fold 0.`,
    );
  }
}

type AllOptions<T, M extends LayersModel | Predictor> = Omit<CrossValidateOptions<T, M>, 'evaluateOptions'> & {
  readonly evaluateOptions?: FoldOptions | undefined;
};

type FoldOptions = (Omit<EvaluationOptions, 'fromLogits'> | Omit<MultiLabelEvaluationOptions, 'fromLogits'>) &
  Pick<EvaluateOptions, 'otherPreprocessing'>;

/** Evaluates the predictions of all folds together. */
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
  const all = { ...options, classNames, files: files.length === rows.length ? files : undefined };
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
