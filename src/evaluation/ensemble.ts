// Predictors made of predictors: several networks that vote, or one that looks several times. evaluate and classify take them as they take a model.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { arrayOf, check, checkOptions, invalid, nonNegative, oneOf, positiveInteger, ShapeError, showShape } from '../core/index.js';
import { inputShapeOf, knownClassNames, predictor, type Predictor } from './evaluate.js';

/** Options of {@link ensemble}. */
export interface EnsembleOptions {
  /** How much each member's vote counts, for example its validation accuracy; only the ratios matter. @defaultValue 1 each */
  readonly memberWeights?: readonly number[] | undefined;
}

/**
 * Joins several classifiers into one whose probabilities are the mean of theirs; the members stay the caller's to dispose.
 *
 * @param members - At least one, all with the same classes in the same order and pictures of one size.
 * @throws {OptionError} when there is no member, class names differ, or `memberWeights` do not fit the members.
 * @throws {ShapeError} by `predict`, when a member answers with another shape than the first.
 * @example
 * const evaluation = await evaluate(ensemble([first, second, third]), images);
 */
export function ensemble(members: readonly (LayersModel | Predictor)[], options: EnsembleOptions = {}): Predictor {
  const where = 'ensemble';
  check(where, 'members', members, arrayOf(predictor));
  if (members.length === 0) throw invalid(where, 'members', 'at least one model', members);
  const { memberWeights = members.map(() => 1) } = checkOptions(where, options, { memberWeights: arrayOf(nonNegative) });
  const sum = memberWeights.reduce((total, weight) => total + weight, 0);
  if (memberWeights.length !== members.length || sum === 0) throw invalid(where, 'memberWeights', `${members.length} numbers, one per member and not all 0,`, memberWeights);
  const named = members.map(knownClassNames).filter((names) => names !== undefined);
  const [classNames] = named;
  const other = named.find((names) => names.join('\n') !== classNames?.join('\n'));
  if (other !== undefined) throw invalid(where, 'members', 'the same classes in the same order for every member', other);
  return {
    classNames,
    ...shapeFor(members[0]),
    async predict(images) {
      let mean: tf.Tensor | undefined;
      try {
        for (const [i, member] of members.entries()) {
          const answer = await predictOne(where, member, images);
          const before = mean;
          try {
            if (before !== undefined && before.shape.join() !== answer.shape.join()) {
              throw new ShapeError(`${where}: expected ${showShape(before.shape)} from every member, received ${showShape(answer.shape)} from member ${i}.`);
            }
            mean = tf.tidy(() => {
              const share = tf.mul(answer, (memberWeights[i] as number) / sum);
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
    },
  };
}

/** Options of {@link testTimeAugmentation}. */
export interface TestTimeAugmentationOptions {
  /**
   * `flip`: the picture and its mirror image. `five`: the corners and the center at `size`. `ten`: those and their mirror images.
   * @defaultValue 'flip'
   */
  readonly views?: 'flip' | 'five' | 'ten' | undefined;
  /** Height and width of a crop in pixels, for `five` and `ten`. @defaultValue the model's input size */
  readonly size?: number | undefined;
}

/**
 * Lets a classifier look at several views of each picture; its probabilities are the mean over them.
 *
 * For crops, give pictures larger than the model's input: 256 pixels for a network of 224.
 *
 * @throws {OptionError} when an option is unknown, or `size` is missing where the model does not tell it.
 * @throws {ShapeError} by `predict`, when pictures are smaller than the crops.
 * @example
 * const evaluation = await evaluate(testTimeAugmentation(model), images);
 * @see AlexNet (Krizhevsky et al. 2012), section 4.1, for ten crops
 */
export function testTimeAugmentation(model: LayersModel | Predictor, options: TestTimeAugmentationOptions = {}): Predictor {
  const where = 'testTimeAugmentation';
  check(where, 'model', model, predictor);
  const { views = 'flip', size = shapeFor(model).inputShape?.[1] ?? undefined } = checkOptions(where, options, {
    views: oneOf('flip', 'five', 'ten'), size: positiveInteger,
  });
  if (views === 'flip' && options.size !== undefined) throw invalid(where, 'size', "no crop with `views: 'flip'`", options.size);
  if (views !== 'flip' && size === undefined) throw invalid(where, 'size', 'the size of the crops, which this model does not tell', size);
  return {
    classNames: knownClassNames(model),
    ...(views === 'flip' ? shapeFor(model) : {}),
    async predict(images) {
      const crops = views === 'flip' || size === undefined ? [whole] : cornersAndCentre(where, images, size);
      const makers = views === 'five' ? crops : crops.flatMap((crop) => [crop, (x: tf.Tensor4D) => tf.reverse(crop(x), 2)]);
      // One view at a time: all at once would take their multiple of the memory.
      const looks = makers.map((make): Predictor => ({
        predict: async (x) => {
          const view = tf.tidy(() => make(x));
          try {
            return await predictOne(where, model, view);
          } finally {
            view.dispose();
          }
        },
      }));
      return ensemble(looks).predict(images);
    },
  };
}

type View = (images: tf.Tensor4D) => tf.Tensor4D;

const whole: View = (images) => tf.clone(images);

function cornersAndCentre(where: string, images: tf.Tensor4D, size: number): View[] {
  const [batch, height, width, channels] = images.shape;
  if (height < size || width < size) {
    throw new ShapeError(`${where}: expected images of at least ${size} x ${size} pixels, received ${height} x ${width}. Resize them to more than the crops.`);
  }
  const [bottom, right] = [height - size, width - size];
  const places: [number, number][] = [[0, 0], [0, right], [bottom, 0], [bottom, right], [Math.floor(bottom / 2), Math.floor(right / 2)]];
  return places.map(([top, left]) => (x) => tf.slice4d(x, [0, top, left, 0], [batch, size, size, channels]));
}

function shapeFor(model: LayersModel | Predictor | undefined): Pick<Predictor, 'inputShape'> {
  const shape = model === undefined ? undefined : inputShapeOf(model);
  return shape === undefined ? {} : { inputShape: shape };
}

async function predictOne(where: string, model: LayersModel | Predictor, images: tf.Tensor4D): Promise<tf.Tensor> {
  const answer = await (model as Predictor).predict(images);
  if (!Array.isArray(answer)) return answer;
  tf.dispose(answer);
  throw new ShapeError(`${where}: expected a model that returns one tensor, received ${answer.length} outputs. Give it a classifier head.`);
}
