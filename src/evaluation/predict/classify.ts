// Classifies one image. classifyMany.ts classifies many in batches.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { arrayOf, checkOptions, positiveInteger, probability, text } from '../../core/internal.js';
import { DataError, ShapeError } from '../../core/index.js';
import type { Pixels, PreprocessingSource } from '../../image/index.js';
import { endsLinear } from '../../models/internal.js';
import { unknownThresholdOf } from '../../models/index.js';
import { checkNameOrder, knownClassNames } from './knownClassNames.js';
import { modelInput, preprocessingSource } from './modelInput.js';
import { checkFiniteOutputs } from './predictBatch.js';
import { checkPredictor, type Predictor } from './predictor.js';
import { predictValues } from './predictValues.js';

/** Options of {@link classify}. */
export interface ClassifyOptions {
  /** Maximum number of classes to return. @defaultValue 5 */
  readonly topK?: number | undefined;
  /** Names of the classes, in the order of the outputs. @defaultValue the names stored in the model */
  readonly classNames?: readonly string[] | undefined;
  /**
   * How the image is converted to the input of the model. With `{ inputSize, fit: 'stretch' }`, an image that already has that size is not
   * changed.
   * @defaultValue the preprocessing stored in the model, see `setPreprocessing`
   */
  readonly preprocessing?: PreprocessingSource | undefined;
  /**
   * The probability below which the most probable class counts as unknown, in [0, 1].
   * @defaultValue the threshold stored in the model, see `setUnknownThreshold`
   */
  readonly unknownThreshold?: number | undefined;
}

/** A class and its probability. */
export interface Classification {
  /** Index of the class in the outputs. Distinguishes classes that have the same name. */
  readonly index: number;
  /** `undefined` if the names are unknown. */
  readonly className: string | undefined;
  /** In [0, 1]. */
  readonly probability: number;
  /**
   * Only on the most probable class, and only with a threshold: whether its probability is below the threshold. The image then probably
   * shows none of the classes, or the model confuses them.
   */
  readonly unknown?: boolean | undefined;
  /** The threshold, where `unknown` is present. */
  readonly unknownThreshold?: number | undefined;
}

/**
 * Classifies an image and returns the most probable classes, most probable first. Classes with equal probabilities are sorted by index.
 *
 * The image is preprocessed in the same way as the images that the model was trained on. For published weights, it is preprocessed as in
 * the publisher's evaluation. If a model has one output and two class names, the output is the probability of the second class, and both
 * classes are returned. A runtime of `createRuntime` needs no backend of TensorFlow.js.
 *
 * With a threshold, the first class has `unknown`: whether it is less probable than the threshold.
 *
 * @param image - RGB in [0, 255], of any size.
 * @throws {OptionError} when an option is unknown or has a wrong value, the model is disposed, or the preprocessing is unknown.
 * @throws {ShapeError} when the image does not have as many channels as the model takes, or the model does not return one row of classes.
 * @throws {DataError} when a pixel or an output of the model is not finite, an output is not a probability, or the image has only values in
 *   [0, 1] although the model takes [0, 255].
 * @throws {BackendError} when the model needs a backend of TensorFlow.js and none is ready.
 * @example
 * const [best] = await classify(model, await decodeImage('panda.jpg'));
 * console.log(best?.className, best?.probability);
 */
export async function classify(model: LayersModel | Predictor, image: Pixels, options: ClassifyOptions = {}): Promise<Classification[]> {
  const where = 'classify';
  checkPredictor(where, model);
  const { preprocessing, ...rest } = checkOptions(where, options, classifyRules);
  checkNameOrder(where, model, rest.classNames);
  const [answer] = await classifyBatch(where, model, [modelInput(where, model, image, preprocessing)], rest);
  return answer ?? [];
}

export const classifyRules = {
  topK: positiveInteger,
  classNames: arrayOf(text),
  preprocessing: preprocessingSource,
  unknownThreshold: probability,
} as const;

/**
 * Classifies images that are already preprocessed, in one batch. Returns the classes of each, in the order of the images.
 *
 * @param predictor - The model or a copy of it, which predicts.
 */
export async function classifyBatch(
  where: string,
  model: LayersModel | Predictor,
  inputs: readonly Pixels[],
  { topK = 5, classNames, unknownThreshold = knownThreshold(model) }: Omit<ClassifyOptions, 'preprocessing'>,
  predictor: LayersModel | Predictor = model,
): Promise<Classification[][]> {
  const { values, columns } = await predictValues(where, predictor, ...joinPixels(inputs));
  checkFiniteOutputs(where, values);
  checkProbabilities(where, model, values, columns);
  const names = classNames ?? knownClassNames(model);
  // A single output is the probability of the second of two classes.
  const isBinary = columns === 1 && names?.length === 2;
  if (classNames !== undefined && classNames.length !== columns && !isBinary) {
    throw new ShapeError(`${where}: expected ${columns} names for \`classNames\`, one for each output, received ${classNames.length}.`);
  }
  return inputs.map((_, row) => {
    const own = values.subarray(row * columns, (row + 1) * columns);
    const ranked: Classification[] = Array.from(isBinary ? [1 - (own[0] as number), own[0] as number] : own, (probability, index) => ({
      index,
      className: names?.[index],
      probability,
    }))
      .sort((a, b) => b.probability - a.probability || a.index - b.index)
      .slice(0, topK);
    const [best, ...others] = ranked;
    if (best === undefined || unknownThreshold === undefined) return ranked;
    return [{ ...best, unknown: best.probability < unknownThreshold, unknownThreshold }, ...others];
  });
}

/** Returns the threshold of a model or runtime, or `undefined` if it has none. */
function knownThreshold(model: LayersModel | Predictor): number | undefined {
  return 'getUserDefinedMetadata' in model ? unknownThresholdOf(model) : model.unknownThreshold;
}

/** Joins images of one size. Returns their values and the shape `[images, height, width, channels]`. */
export function joinPixels(
  inputs: readonly Pixels[],
): [values: Float32Array, shape: [images: number, height: number, width: number, channels: number]] {
  const [{ height, width, channels }] = inputs as readonly [Pixels];
  const size = height * width * channels;
  const values = new Float32Array(inputs.length * size);
  inputs.forEach(({ data }, i) => {
    values.set(data, i * size);
  });
  return [values, [inputs.length, height, width, channels]];
}

// Rounding to float32 changes the sum of a row. `evaluate` has the same tolerance.
const TOLERANCE = 1e-3;

/** @throws {DataError} when the outputs of a model are logits instead of probabilities. */
function checkProbabilities(where: string, model: LayersModel | Predictor, values: Float32Array, columns: number): void {
  const outside = values.find((value) => value < -1e-6 || value > 1 + TOLERANCE);
  // The outputs of a multi-label model need not sum to 1, and it is unknown whether other predictors are multi-label.
  const sums = columns > 1 && 'outputs' in model && endsLinear(model) ? rowSums(values, columns) : [];
  const sum = sums.find((each) => Math.abs(each - 1) > TOLERANCE);
  if (outside === undefined && sum === undefined) return;
  const [expected, received] = outside === undefined ? [' that sum to 1', `a sum of ${sum}`] : [' in [0, 1]', outside];
  throw new DataError(
    `${where}: expected probabilities${expected} from the model, received ${received}. ` +
      "Build the model with `classifierActivation: 'softmax'` or 'sigmoid', or use `model.predict` to get its logits.",
  );
}

function rowSums(values: Float32Array, columns: number): number[] {
  return Array.from({ length: values.length / columns }, (_, row) =>
    values.subarray(row * columns, (row + 1) * columns).reduce((total, value) => total + value, 0),
  );
}
