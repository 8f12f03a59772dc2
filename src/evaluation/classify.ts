// One picture, named.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { arrayOf, check, checkOptions, oneOf, positiveInteger, rule, ShapeError, showShape, text } from '../core/index.js';
import { centerCrop, checkFinitePixels, checkPixels, preprocessFor, preprocessingFor, resize, resizeTo, type Pixels } from '../image/index.js';
import { checkFiniteOutputs, inputShapeOf, knownClassNames, predictBatch, predictor, type Predictor } from './evaluate.js';

/** Options of {@link classify}. */
export interface ClassifyOptions {
  /** How many answers, at most the number of classes. @defaultValue 5 */
  readonly topK?: number | undefined;
  /** Names in the order of the model's outputs. @defaultValue the model's own */
  readonly classNames?: readonly string[] | undefined;
  /**
   * `crop` scales the shorter side (bicubic) and cuts out the middle, as networks are tested on ImageNet; `stretch` resizes the whole
   * picture (bilinear), as `imageFolder` does. @defaultValue the model's own {@link Preprocessing}, 'crop' where it has none
   */
  readonly fit?: 'crop' | 'stretch' | undefined;
  /** The share of the shorter side that `crop` keeps, in (0, 1]. @defaultValue 0.875 */
  readonly cropFraction?: number | undefined;
  /** Height and width to predict at, for a model of open input size. @defaultValue the model's */
  readonly inputSize?: readonly [height: number, width: number] | undefined;
}

/** One answer. */
export interface Classification {
  /** Index of the class. */
  readonly index: number;
  /** `undefined` where no names are known. */
  readonly className: string | undefined;
  /** The model's output for it: a probability in [0, 1] unless its classifier is linear. */
  readonly probability: number;
}

/**
 * Names what a picture shows, most probable first, of equally probable classes the first one first; leaves no tensor behind.
 *
 * The image is made as those the model learned from, where the model says how.
 *
 * A model with one output and two class names gives both answers: its output is the probability of the second.
 *
 * @param image - A picture of any size; RGB in [0, 255].
 * @throws {OptionError} when an option is unknown or impossible. {@link ShapeError} when model and picture do not go together.
 * @throws {DataError} when a pixel or an output of the model is not finite.
 * @example
 * const [best] = await classify(model, await decodeImage('panda.jpg'));
 * console.log(best?.className, best?.probability);
 */
export async function classify(model: LayersModel | Predictor, image: Pixels, options: ClassifyOptions = {}): Promise<Classification[]> {
  checkClassify('classify', model, options);
  const [answer] = await classifyBatch('classify', model, [fitPicture('classify', model, image, options)], options);
  return answer ?? [];
}

const share = rule<number>('a number in (0, 1]', (value) => typeof value === 'number' && value > 0 && value <= 1);
export const classifyRules = {
  topK: positiveInteger, classNames: arrayOf(text), fit: oneOf('crop', 'stretch'), cropFraction: share, inputSize: arrayOf(positiveInteger, 2),
} as const;

function checkClassify(where: string, model: unknown, options: ClassifyOptions): void {
  check(where, 'model', model, predictor);
  checkOptions(where, options, classifyRules);
}

/** The picture at the size the model takes. */
export function fitPicture(where: string, model: LayersModel | Predictor, image: Pixels, options: ClassifyOptions): Pixels {
  checkPixels(where, image);
  checkFinitePixels(where, image);
  const { fit = 'crop', cropFraction = 0.875, inputSize } = options;
  const own = options.fit === undefined && options.cropFraction === undefined && inputSize === undefined ? preprocessingFor(where, model) : undefined;
  const [height, width] = inputSizeOf(where, model, image, inputSize ?? own?.inputSize);
  if (own !== undefined) return preprocessFor(where, image, own);
  return fit === 'stretch' ? resize(image, [height, width]) : cropTo(image, height, width, cropFraction);
}

/** Answers to pictures of one size, in their order. */
export async function classifyBatch(
  where: string, model: LayersModel | Predictor, pictures: readonly Pixels[], { topK = 5, classNames }: ClassifyOptions,
): Promise<Classification[][]> {
  const [{ height, width, channels }] = pictures as [Pixels];
  const data = new Float32Array(pictures.length * height * width * channels);
  pictures.forEach((picture, i) => {
    data.set(picture.data, i * height * width * channels);
  });
  const x = tf.tensor4d(data, [pictures.length, height, width, channels]);
  try {
    const { values, columns } = await predictBatch(where, model, x);
    checkFiniteOutputs(where, values);
    const names = classNames ?? knownClassNames(model);
    // One output with two names is the probability of the second.
    const isBinary = columns === 1 && names?.length === 2;
    if (classNames !== undefined && classNames.length !== columns && !isBinary) {
      throw new ShapeError(`${where}: expected ${columns} names for \`classNames\`, one an output, received ${classNames.length}.`);
    }
    return pictures.map((_, row) => {
      const own = values.subarray(row * columns, (row + 1) * columns);
      return Array.from(isBinary ? [1 - (own[0] as number), own[0] as number] : own, (probability, index) => ({ index, className: names?.[index], probability }))
        .sort((a, b) => b.probability - a.probability || a.index - b.index)
        .slice(0, topK);
    });
  } finally {
    x.dispose();
  }
}

function cropTo(image: Pixels, height: number, width: number, share: number): Pixels {
  const whole = [Math.round(height / share), Math.round(width / share)] as const;
  return centerCrop(resizeTo(image, whole, 'crop', { interpolation: 'bicubic', antialias: true }), [height, width]);
}

function inputSizeOf(
  where: string, model: LayersModel | Predictor, image: Pixels, asked: ClassifyOptions['inputSize'],
): readonly [number, number] {
  const shape = inputShapeOf(model);
  if (shape !== undefined && (shape.length !== 4 || shape[3] !== image.channels)) {
    throw new ShapeError(`${where}: expected a model that takes [batch, height, width, ${image.channels}], received ${showShape(shape)}.`);
  }
  const [, height, width] = shape ?? [];
  if (height != null && width != null) {
    if (asked === undefined || (asked[0] === height && asked[1] === width)) return [height, width];
    throw new ShapeError(`${where}: expected the model's own ${showShape([height, width])} for \`inputSize\`, received ${showShape(asked)}.`);
  }
  if (asked !== undefined) return asked;
  throw new ShapeError(`${where}: expected [height, width] for \`inputSize\`, received none. The model takes any size.`);
}
