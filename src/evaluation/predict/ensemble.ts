// Creates predictors that average several predictions: those of several models, or those of one model on several views of an image.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { arrayOf, check, checkOptions, invalid, nonNegative, oneOf, positiveInteger, rule, showShape } from '../../core/internal.js';
import { OptionError, ShapeError } from '../../core/index.js';
import { checkInputShape } from '../../data/internal.js';
import { describePreprocessing, preprocessingFor, samePreprocessing } from '../../image/internal.js';
import type { CompletePreprocessing } from '../../image/index.js';
import { inputShapeOf } from './inputShapeOf.js';
import { knownClassNames } from './knownClassNames.js';
import { checkPredictor, predictor, type Predictor } from './predictor.js';
import { wrapModels } from './wrappedModels.js';

const imagesRule = rule<tf.Tensor4D>('a tensor [batch, height, width, 3]', (value) => value instanceof tf.Tensor && value.rank === 4);

/** Options of {@link ensemble}. */
export interface EnsembleOptions {
  /** Weight of each member, for example its validation accuracy. Only the ratios matter. @defaultValue 1 for every member */
  readonly memberWeights?: readonly number[] | undefined;
}

/**
 * Combines several classifiers into one that returns the mean of their probabilities. The caller must dispose the members.
 *
 * All members must have the same classes in the same order, the same preprocessing and the same input size.
 *
 * @param members - One or more models or runtimes.
 * @throws {OptionError} when there is no member, a member is disposed, the class names or preprocessings differ, or `memberWeights` is not
 *   one number per member.
 * @throws {ShapeError} when the members have different input sizes. `predict` throws it when the images have another size, or the members
 *   return outputs of different shapes.
 * @example
 * const evaluation = await evaluate(ensemble([first, second, third]), images);
 */
export function ensemble(members: readonly (LayersModel | Predictor)[], options: EnsembleOptions = {}): Predictor {
  return ensembleFor('ensemble', members, options);
}

/** Same as {@link ensemble}. Errors begin with `where`, the function that the user called. */
export function ensembleFor(where: string, members: readonly (LayersModel | Predictor)[], options: EnsembleOptions = {}): Predictor {
  check(where, 'members', members, arrayOf(predictor));
  for (const [i, member] of members.entries()) checkPredictor(where, member, `members[${i}]`);
  if (members.length === 0) throw invalid(where, 'members', 'at least one model', members);
  const { memberWeights = members.map(() => 1) } = checkOptions(where, options, { memberWeights: arrayOf(nonNegative) });
  const sum = memberWeights.reduce((total, weight) => total + weight, 0);
  if (memberWeights.length !== members.length || sum === 0)
    throw invalid(where, 'memberWeights', `one number for each of the ${members.length} members, not all 0,`, memberWeights);
  const named = members.map(knownClassNames).filter((names) => names !== undefined);
  const [classNames] = named;
  const other = named.find((names) => names.join('\n') !== classNames?.join('\n'));
  if (other !== undefined) throw invalid(where, 'members', 'models with the same class names in the same order', other);
  const result: Predictor = {
    classNames,
    inputShape: sharedShape(where, members),
    preprocessing: sharedPreprocessing(where, members),
    predict: (images) =>
      meanPrediction(
        'ensemble.predict',
        members,
        memberWeights.map((weight) => weight / sum),
        images,
      ),
  };
  return wrapModels(result, { models: members, rebuild: (others) => ensembleFor(where, others, options) });
}

/** Returns the weighted mean of the predictions of the members. The caller must dispose it. */
async function meanPrediction(
  where: string,
  members: readonly (LayersModel | Predictor)[],
  shares: readonly number[],
  images: tf.Tensor4D,
): Promise<tf.Tensor> {
  check(where, 'images', images, imagesRule);
  let mean: tf.Tensor | undefined;
  try {
    for (const [i, member] of members.entries()) {
      const output = await predictOne(where, member, images, `members[${i}]`);
      const before = mean;
      try {
        if (before !== undefined && before.shape.join() !== output.shape.join()) {
          throw new ShapeError(
            `${where}: expected ${showShape(before.shape)} from every member, received ${showShape(output.shape)} from member ${i}.`,
          );
        }
        mean = tf.tidy(() => {
          const share = tf.mul(output, shares[i] as number);
          return before === undefined ? share : tf.add(before, share);
        });
        before?.dispose();
      } finally {
        output.dispose();
      }
    }
    return mean as tf.Tensor;
  } catch (error) {
    mean?.dispose();
    throw error;
  }
}

/** Options of {@link testTimeAugmentation}. */
export interface TestTimeAugmentationOptions {
  /**
   * Views of each image. `flip`: the image and its mirror image. `five`: crops of the corners and the center. `ten`: these crops and their
   * mirror images.
   * @defaultValue 'flip'
   */
  readonly views?: 'flip' | 'five' | 'ten' | undefined;
  /** Height and width of each crop in pixels, for `five` and `ten`. @defaultValue the input size of the model */
  readonly size?: number | undefined;
}

/**
 * Wraps a classifier so that it predicts several views of each image and returns the mean of their probabilities.
 *
 * With `flip`, the result takes the same images as the model. With `five` and `ten`, it takes larger images and crops them to the input
 * size of the model, for example 256 pixels to 224. If the preprocessing of the model includes a center crop, the result has the same
 * preprocessing without that crop. Otherwise the size of the larger images is unknown: pass `preprocessing` to `classify`.
 *
 * @throws {OptionError} when an option is unknown or has a wrong value, the model is disposed, or `size` differs from the input size of the
 *   model or is missing although the model has none.
 * @throws {ShapeError} when `predict` is called with images smaller than the crops.
 * @example
 * const evaluation = await evaluate(testTimeAugmentation(model), images);
 * @see AlexNet (Krizhevsky et al. 2012), section 4.1, for ten crops
 */
export function testTimeAugmentation(model: LayersModel | Predictor, options: TestTimeAugmentationOptions = {}): Predictor {
  const where = 'testTimeAugmentation';
  checkPredictor(where, model);
  const inputShape = inputShapeOf(model);
  const { views = 'flip', size = inputShape?.[1] ?? undefined } = checkOptions(where, options, {
    views: oneOf('flip', 'five', 'ten'),
    size: positiveInteger,
  });
  if (views === 'flip' && options.size !== undefined)
    throw invalid(where, 'size', "no value with `views: 'flip'`", options.size, 'Only crops have a size.');
  if (views !== 'flip' && size === undefined)
    throw invalid(where, 'size', 'the size of the crops', size, 'The input size of the model is unknown.');
  const [, height = null, width = null] = inputShape ?? [];
  if (views !== 'flip' && ((height ?? size) !== size || (width ?? size) !== size))
    throw invalid(where, 'size', `the model's input size ${showShape([height, width])}`, size);
  const record = preprocessingFor(where, model);
  const result: Predictor = {
    classNames: knownClassNames(model),
    inputShape: views === 'flip' ? inputShape : undefined,
    preprocessing: views === 'flip' || size === undefined ? record : uncropped(record, size),
    async predict(images) {
      const caller = `${where}.predict`;
      check(caller, 'images', images, imagesRule);
      const crops = views === 'flip' || size === undefined ? [whole] : cornersAndCenter(caller, images, size);
      const makers = views === 'five' ? crops : crops.flatMap((crop) => [crop, (x: tf.Tensor4D) => tf.reverse(crop(x), 2)]);
      // Views are predicted one after another, because all at once would need several times the memory.
      const predictors = makers.map((make): Predictor => ({
        predict: async (x) => {
          const view = tf.tidy(() => make(x));
          try {
            return await predictOne(caller, model, view, 'model');
          } finally {
            view.dispose();
          }
        },
      }));
      return meanPrediction(
        caller,
        predictors,
        predictors.map(() => 1 / predictors.length),
        images,
      );
    },
  };
  return wrapModels(result, { models: [model], rebuild: ([other = model]) => testTimeAugmentation(other, options) });
}

type View = (images: tf.Tensor4D) => tf.Tensor4D;

const whole: View = (images) => tf.clone(images);

function cornersAndCenter(where: string, images: tf.Tensor4D, size: number): View[] {
  const [batch, height, width, channels] = images.shape;
  if (height < size || width < size) {
    throw new ShapeError(
      `${where}: expected images of at least ${size} x ${size} pixels, received ${height} x ${width}. ` +
        'Resize them to at least the size of the crops.',
    );
  }
  const [bottom, right] = [height - size, width - size];
  const places: [number, number][] = [
    [0, 0],
    [0, right],
    [bottom, 0],
    [bottom, right],
    [Math.floor(bottom / 2), Math.floor(right / 2)],
  ];
  return places.map(
    ([top, left]) =>
      (x) =>
        tf.slice4d(x, [0, top, left, 0], [batch, size, size, channels]),
  );
}

/** Returns the common input shape of all members whose shape is known. A length is `null` if it is variable for all of them. */
function sharedShape(where: string, members: readonly (LayersModel | Predictor)[]): Predictor['inputShape'] {
  let shared: readonly (number | null)[] | undefined;
  for (const [i, member] of members.entries()) {
    const shape = inputShapeOf(member);
    if (shape === undefined) continue;
    const before = shared ?? shape;
    if (shape.length !== before.length || shape.some((length, axis) => length !== null && (before[axis] ?? length) !== length)) {
      throw new ShapeError(
        `${where}: expected members with the same input size, received ${showShape(before)} and ${showShape(shape)} for member ${i}.`,
      );
    }
    shared = before.map((length, axis) => length ?? shape[axis] ?? null);
  }
  return shared;
}

/** Returns the common preprocessing of all members, or `undefined` if that of a member is unknown. */
function sharedPreprocessing(where: string, members: readonly (LayersModel | Predictor)[]): CompletePreprocessing | undefined {
  const records = members.map((member) => preprocessingFor(where, member));
  const [first, ...others] = records.filter((record) => record !== undefined);
  const other = first === undefined ? undefined : others.find((record) => !samePreprocessing(first, record));
  if (first === undefined || other === undefined) return records.includes(undefined) ? undefined : first;
  throw new OptionError(
    `${where}: expected the same preprocessing for every member, ` +
      `received '${describePreprocessing(first)}' and '${describePreprocessing(other)}'. ` +
      'All members receive the same images, so they must be trained with the same preprocessing.',
  );
}

/** Returns the preprocessing of the images to crop: that of the model without its center crop, or `undefined` if it has none. */
function uncropped(record: CompletePreprocessing | undefined, size: number): CompletePreprocessing | undefined {
  if (record === undefined || record.cropFraction === 1 || record.inputSize.some((side) => side !== size)) return undefined;
  const side = Math.floor(size / record.cropFraction);
  return { ...record, inputSize: [side, side], cropFraction: 1 };
}

async function predictOne(where: string, model: LayersModel | Predictor, images: tf.Tensor4D, option: string): Promise<tf.Tensor> {
  // The model may have been disposed since the predictor was created.
  checkPredictor(where, model, option);
  checkInputShape(where, 'images', images.shape, inputShapeOf(model));
  const output = await (model as Predictor).predict(images);
  if (!Array.isArray(output)) return output;
  tf.dispose(output);
  throw new ShapeError(`${where}: expected a model that returns one tensor, received ${output.length} outputs. Give it a classifier head.`);
}
