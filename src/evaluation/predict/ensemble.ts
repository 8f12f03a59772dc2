// Predictors made of predictors: several networks that vote, or one that looks several times. evaluate and classify take them as they take
// a model.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { arrayOf, check, checkOptions, invalid, nonNegative, oneOf, positiveInteger, rule, showShape } from '../../core/internal.js';
import { OptionError, ShapeError } from '../../core/index.js';
import { checkInputShape } from '../../data/internal.js';
import { describePreprocessing, preprocessingFor, samePreprocessing } from '../../image/internal.js';
import type { CompletePreprocessing } from '../../image/index.js';
import { checkPredictor, inputShapeOf, knownClassNames, predictor, type Predictor } from './evaluate.js';

const imagesRule = rule<tf.Tensor4D>('a tensor [batch, height, width, 3]', (value) => value instanceof tf.Tensor && value.rank === 4);

/** Options of {@link ensemble}. */
export interface EnsembleOptions {
  /** How much each member's vote counts, for example its validation accuracy; only the ratios matter. @defaultValue 1 each */
  readonly memberWeights?: readonly number[] | undefined;
}

/**
 * Joins several classifiers into one whose probabilities are the mean of theirs; the members stay the caller's to dispose.
 *
 * @param members - At least one, all with the same classes in the same order, preprocessing and image size.
 * @throws {OptionError} when there is no member, class names or preprocessings differ, or `memberWeights` do not fit the members.
 * @throws {ShapeError} when members take images of different sizes; by `predict`, when the images have another size, or a member returns
 *   another shape than the first.
 * @example
 * const evaluation = await evaluate(ensemble([first, second, third]), images);
 */
export function ensemble(members: readonly (LayersModel | Predictor)[], options: EnsembleOptions = {}): Predictor {
  return ensembleFor('ensemble', members, options);
}

/** Makes an ensemble for another function, under whose name it reports errors. */
export function ensembleFor(where: string, members: readonly (LayersModel | Predictor)[], options: EnsembleOptions = {}): Predictor {
  check(where, 'members', members, arrayOf(predictor));
  for (const [i, member] of members.entries()) checkPredictor(where, member, `members[${i}]`);
  if (members.length === 0) throw invalid(where, 'members', 'at least one model', members);
  const { memberWeights = members.map(() => 1) } = checkOptions(where, options, { memberWeights: arrayOf(nonNegative) });
  const sum = memberWeights.reduce((total, weight) => total + weight, 0);
  if (memberWeights.length !== members.length || sum === 0)
    throw invalid(where, 'memberWeights', `${members.length} numbers, one per member and not all 0,`, memberWeights);
  const named = members.map(knownClassNames).filter((names) => names !== undefined);
  const [classNames] = named;
  const other = named.find((names) => names.join('\n') !== classNames?.join('\n'));
  if (other !== undefined) throw invalid(where, 'members', 'the same classes in the same order for every member', other);
  return {
    classNames,
    ...sharedShape(where, members),
    preprocessing: sharedPreprocessing(where, members),
    predict: (images) =>
      meanAnswer(
        'ensemble.predict',
        members,
        memberWeights.map((weight) => weight / sum),
        images,
      ),
  };
}

/** The weighted mean of what the members answer. */
async function meanAnswer(
  where: string,
  members: readonly (LayersModel | Predictor)[],
  shares: readonly number[],
  images: tf.Tensor4D,
): Promise<tf.Tensor> {
  check(where, 'images', images, imagesRule);
  let mean: tf.Tensor | undefined;
  try {
    for (const [i, member] of members.entries()) {
      const answer = await predictOne(where, member, images);
      const before = mean;
      try {
        if (before !== undefined && before.shape.join() !== answer.shape.join()) {
          throw new ShapeError(
            `${where}: expected ${showShape(before.shape)} from every member, received ${showShape(answer.shape)} from member ${i}.`,
          );
        }
        mean = tf.tidy(() => {
          const share = tf.mul(answer, shares[i] as number);
          return before === undefined ? share : tf.add(before, share);
        });
        before?.dispose();
      } finally {
        answer.dispose();
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
   * `flip`: the image and its mirror image. `five`: the corners and the center at `size`. `ten`: those and their mirror images.
   * @defaultValue 'flip'
   */
  readonly views?: 'flip' | 'five' | 'ten' | undefined;
  /** Height and width of a crop in pixels, for `five` and `ten`. @defaultValue the model's input size */
  readonly size?: number | undefined;
}

/**
 * Lets a classifier look at several views of each image; its probabilities are the mean over them.
 *
 * With `flip` the images are those of the model, and so is the preprocessing. Crops are cut from larger images, 256 pixels for a network of
 * 224: the preprocessing is then the model's without its center crop. A model that crops nothing does not say how the larger images are
 * made: pass `preprocessing` to `classify`.
 *
 * @throws {OptionError} when an option is unknown, `size` is not the model's input size, or it is missing where the model has none.
 * @throws {ShapeError} by `predict`, when images are smaller than the crops.
 * @example
 * const evaluation = await evaluate(testTimeAugmentation(model), images);
 * @see AlexNet (Krizhevsky et al. 2012), section 4.1, for ten crops
 */
export function testTimeAugmentation(model: LayersModel | Predictor, options: TestTimeAugmentationOptions = {}): Predictor {
  const where = 'testTimeAugmentation';
  checkPredictor(where, model);
  const { views = 'flip', size = shapeFor(model).inputShape?.[1] ?? undefined } = checkOptions(where, options, {
    views: oneOf('flip', 'five', 'ten'),
    size: positiveInteger,
  });
  if (views === 'flip' && options.size !== undefined) throw invalid(where, 'size', "no crop with `views: 'flip'`", options.size);
  if (views !== 'flip' && size === undefined) throw invalid(where, 'size', 'the size of the crops, which this model does not tell', size);
  const [, height = null, width = null] = shapeFor(model).inputShape ?? [];
  if (views !== 'flip' && ((height ?? size) !== size || (width ?? size) !== size))
    throw invalid(where, 'size', `the model's input size ${showShape([height, width])}`, size);
  const record = preprocessingFor(where, model);
  return {
    classNames: knownClassNames(model),
    ...(views === 'flip' || size === undefined
      ? { ...shapeFor(model), preprocessing: record }
      : { preprocessing: uncropped(record, size) }),
    async predict(images) {
      const caller = `${where}.predict`;
      check(caller, 'images', images, imagesRule);
      const crops = views === 'flip' || size === undefined ? [whole] : cornersAndCentre(caller, images, size);
      const makers = views === 'five' ? crops : crops.flatMap((crop) => [crop, (x: tf.Tensor4D) => tf.reverse(crop(x), 2)]);
      // One view at a time: all at once would take their multiple of the memory.
      const looks = makers.map((make): Predictor => ({
        predict: async (x) => {
          const view = tf.tidy(() => make(x));
          try {
            return await predictOne(caller, model, view);
          } finally {
            view.dispose();
          }
        },
      }));
      return meanAnswer(
        caller,
        looks,
        looks.map(() => 1 / looks.length),
        images,
      );
    },
  };
}

type View = (images: tf.Tensor4D) => tf.Tensor4D;

const whole: View = (images) => tf.clone(images);

function cornersAndCentre(where: string, images: tf.Tensor4D, size: number): View[] {
  const [batch, height, width, channels] = images.shape;
  if (height < size || width < size) {
    throw new ShapeError(
      `${where}: expected images of at least ${size} x ${size} pixels, received ${height} x ${width}. Resize them to more than the crops.`,
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

function shapeFor(model: LayersModel | Predictor | undefined): Pick<Predictor, 'inputShape'> {
  const shape = model === undefined ? undefined : inputShapeOf(model);
  return shape === undefined ? {} : { inputShape: shape };
}

/** The input shape of all members that say one: a length is open where it is open for all. */
function sharedShape(where: string, members: readonly (LayersModel | Predictor)[]): Pick<Predictor, 'inputShape'> {
  let shared: readonly (number | null)[] | undefined;
  for (const [i, member] of members.entries()) {
    const shape = inputShapeOf(member);
    if (shape === undefined) continue;
    const before = shared ?? shape;
    if (shape.length !== before.length || shape.some((length, axis) => length !== null && (before[axis] ?? length) !== length)) {
      throw new ShapeError(
        `${where}: expected members that take images of one size, received ${showShape(before)} and ${showShape(shape)} for member ${i}.`,
      );
    }
    shared = before.map((length, axis) => length ?? shape[axis] ?? null);
  }
  return shared === undefined ? {} : { inputShape: shared };
}

/** The preprocessing that all members have in common; `undefined` where a member does not say one. */
function sharedPreprocessing(where: string, members: readonly (LayersModel | Predictor)[]): CompletePreprocessing | undefined {
  const records = members.map((member) => preprocessingFor(where, member));
  const [first, ...others] = records.filter((record) => record !== undefined);
  const other = first === undefined ? undefined : others.find((record) => !samePreprocessing(first, record));
  if (first === undefined || other === undefined) return records.includes(undefined) ? undefined : first;
  throw new OptionError(
    `${where}: expected the same preprocessing for every member, ` +
      `received '${describePreprocessing(first)}' and '${describePreprocessing(other)}'. ` +
      'All members see the same images: train them on images that are preprocessed alike.',
  );
}

/** The images from which corners and center are cut: those from which the model's own preprocessing cuts its center. */
function uncropped(record: CompletePreprocessing | undefined, size: number): CompletePreprocessing | undefined {
  if (record === undefined || record.cropFraction === 1 || record.inputSize.some((side) => side !== size)) return undefined;
  const side = Math.floor(size / record.cropFraction);
  return { ...record, inputSize: [side, side], cropFraction: 1 };
}

async function predictOne(where: string, model: LayersModel | Predictor, images: tf.Tensor4D): Promise<tf.Tensor> {
  checkInputShape(where, 'images', images.shape, inputShapeOf(model));
  const answer = await (model as Predictor).predict(images);
  if (!Array.isArray(answer)) return answer;
  tf.dispose(answer);
  throw new ShapeError(`${where}: expected a model that returns one tensor, received ${answer.length} outputs. Give it a classifier head.`);
}
