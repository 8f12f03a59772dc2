// One image, classified.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { arrayOf, checkOptions, positiveInteger, text } from '../../core/internal.js';
import { DataError, ShapeError } from '../../core/index.js';
import type { Pixels, PreprocessingSource } from '../../image/index.js';
import { endsLinear } from '../../models/internal.js';
import { checkFiniteOutputs, checkNameOrder, knownClassNames, checkPredictor, type Predictor } from './evaluate.js';
import { modelInput, preprocessingSource } from './modelInput.js';
import { predictValues } from './predictValues.js';

/** Options of {@link classify}. */
export interface ClassifyOptions {
  /** How many classes are returned, at most all of them. @defaultValue 5 */
  readonly topK?: number | undefined;
  /** Names in the order of the model's outputs. @defaultValue the model's own */
  readonly classNames?: readonly string[] | undefined;
  /**
   * How the image becomes the model's input. An image that already is one stays as it is with `{ inputSize, fit: 'stretch' }`.
   * @defaultValue the model's own, see `setPreprocessing`
   */
  readonly preprocessing?: PreprocessingSource | undefined;
}

/** One class with its probability. */
export interface Classification {
  /** Index of the class. */
  readonly index: number;
  /** `undefined` where no names are known. */
  readonly className: string | undefined;
  /** The model's output for it, in [0, 1]. */
  readonly probability: number;
}

/**
 * Classifies an image, most probable class first; of equally probable classes the first one comes first. No tensor is left.
 *
 * The image is preprocessed as the model says: as in its training, or else as in its publisher's evaluation. A model with one output and
 * two class names returns both classes: its output is the probability of the second. A runtime needs no backend of TensorFlow.js.
 *
 * @param image - An image of any size; RGB in [0, 255].
 * @throws {OptionError} when an option is unknown or impossible, or neither options nor model say how the image is preprocessed.
 * @throws {ShapeError} when the model takes other channels, or returns anything but one row of classes.
 * @throws {DataError} when a pixel or an output of the model is not finite, or the outputs are not probabilities.
 * @throws {BackendError} when the model needs a backend and none is ready.
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

export const classifyRules = { topK: positiveInteger, classNames: arrayOf(text), preprocessing: preprocessingSource } as const;

/** Classifies inputs of one size, in their order. */
export async function classifyBatch(
  where: string,
  model: LayersModel | Predictor,
  inputs: readonly Pixels[],
  { topK = 5, classNames }: Omit<ClassifyOptions, 'preprocessing'>,
): Promise<Classification[][]> {
  const [{ height, width, channels }] = inputs as [Pixels];
  const size = height * width * channels;
  const pixels = new Float32Array(inputs.length * size);
  inputs.forEach(({ data }, i) => {
    pixels.set(data, i * size);
  });
  const { values, columns } = await predictValues(where, model, pixels, [inputs.length, height, width, channels]);
  checkFiniteOutputs(where, values);
  checkProbabilities(where, model, values, columns);
  const names = classNames ?? knownClassNames(model);
  // One output with two names is the probability of the second.
  const isBinary = columns === 1 && names?.length === 2;
  if (classNames !== undefined && classNames.length !== columns && !isBinary) {
    throw new ShapeError(`${where}: expected ${columns} names for \`classNames\`, one per output, received ${classNames.length}.`);
  }
  return inputs.map((_, row) => {
    const own = values.subarray(row * columns, (row + 1) * columns);
    return Array.from(isBinary ? [1 - (own[0] as number), own[0] as number] : own, (probability, index) => ({
      index,
      className: names?.[index],
      probability,
    }))
      .sort((a, b) => b.probability - a.probability || a.index - b.index)
      .slice(0, topK);
  });
}

// A row of float32 may miss 1 by a rounding, as in evaluate.
const TOLERANCE = 1e-3;

/** Throws a DataError when a model returns logits, which would be taken for probabilities. */
function checkProbabilities(where: string, model: LayersModel | Predictor, values: Float32Array, columns: number): void {
  const outside = values.find((value) => value < -1e-6 || value > 1 + TOLERANCE);
  // Outputs of several labels need not sum to 1, and a predictor does not say what its outputs mean.
  const sums = columns > 1 && 'outputs' in model && endsLinear(model) ? rowSums(values, columns) : [];
  const sum = sums.find((each) => Math.abs(each - 1) > TOLERANCE);
  if (outside === undefined && sum === undefined) return;
  const [expected, received] = outside === undefined ? [' that sum to 1', `a sum of ${sum}`] : [' in [0, 1]', outside];
  throw new DataError(
    `${where}: expected probabilities${expected} from the model, received ${received}. ` +
      "Give it a classifier with `classifierActivation: 'softmax'` or 'sigmoid', or read its logits with `model.predict`.",
  );
}

function rowSums(values: Float32Array, columns: number): number[] {
  return Array.from({ length: values.length / columns }, (_, row) =>
    values.subarray(row * columns, (row + 1) * columns).reduce((total, value) => total + value, 0),
  );
}
