// Copies the weights of a model into named arrays. `loadWeights` does the opposite.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { anyString, checkOptions, invalid, oneOf, text } from '../core/internal.js';
import { WeightsError } from '../core/index.js';
import { hasVariant } from '../scaling/internal.js';
import { checkFiniteWeights, checkModel, isFolded } from '../models/internal.js';
import { planOf } from '../models/index.js';
import { isTransformersBlock } from './hub/transformersNetwork.js';
import { fileEntries, LAYOUTS, type LayoutName } from './layouts.js';
import { notesOf } from './modelNotes.js';
import { weightArray, type NamedArrays, type WeightArray } from './namedArrays.js';
import { namedWeightsFor } from './namedWeights.js';
import { permute } from './permute.js';

/** Options of {@link weightsOf}. */
export interface WeightsOfOptions {
  /** Framework whose names and axis order to use. @defaultValue 'keras' */
  readonly layout?: LayoutName | undefined;
  /** Prefix of every name. @defaultValue none */
  readonly prefix?: string | undefined;
  /** Name of the classifier layer. @defaultValue the default of the layout, for example `predictions` or `classifier` */
  readonly classifier?: string | undefined;
}

const RULES = { layout: oneOf(...LAYOUTS), prefix: anyString, classifier: text };

/**
 * Copies the weights of a model to float32 arrays with the names and axis order of a framework. Custom layers keep their names and axes.
 *
 * The result also contains the model's `preprocessing` and `classNames`. `writeSafetensors` writes them to the file, and `loadWeights`
 * applies them.
 *
 * @throws {WeightsError} when BatchNormalization is folded, two layers have the same name, or a weight is not finite.
 * @throws {OptionError} when `layout` is not 'keras' for a network composed by hand, or 'transformers' for one with other blocks than it has.
 * @example
 * await writeFile('model.safetensors', writeSafetensors(await weightsOf(model, { layout: 'timm' })));
 */
export async function weightsOf(model: LayersModel, options: WeightsOfOptions = {}): Promise<NamedArrays> {
  const { layout = 'keras', prefix = '', classifier } = checkOptions('weightsOf', options, RULES);
  checkModel('weightsOf', model);
  if (isFolded(model))
    throw new WeightsError(
      `weightsOf: expected a model with its BatchNormalization, received '${model.name}', in which it is folded. ` +
        `Call it before \`foldBatchNorm\`.`,
    );
  const plan = planOf(model);
  if (layout !== 'keras' && !hasVariant(plan)) {
    throw invalid(
      'weightsOf',
      'layout',
      `'keras' for '${model.name}', which was composed by hand`,
      layout,
      'Only networks of a variant have names in other frameworks.',
    );
  }
  if (layout === 'transformers' && hasVariant(plan) && !plan.stages.every(({ blocks }) => blocks.every(isTransformersBlock))) {
    throw invalid(
      'weightsOf',
      'layout',
      `another layout for '${model.name}'`,
      layout,
      'transformers only has blocks with a depthwise convolution and squeeze-and-excitation.',
    );
  }
  const entries = fileEntries(layout, plan, classifier);
  const weights = namedWeightsFor('weightsOf', model);
  await checkFiniteWeights('weightsOf', model);
  const arrays = await Promise.all(
    entries.map(async ({ weight, array, modelShape, fileShape, toModel }): Promise<[string, WeightArray]> => {
      const variable = weights.get(weight);
      if (variable === undefined) throw new Error(`'${model.name}' has no weight '${weight}'`);
      const values = (await variable.read().data()) as Float32Array;
      const toFile = fileShape.map((_, axis) => toModel.indexOf(axis));
      return [`${prefix}${array}`, weightArray(fileShape, permute(values, modelShape, toFile))];
    }),
  );
  return Object.assign(new Map(arrays), notesOf('weightsOf', model));
}
