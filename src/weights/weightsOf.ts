// The weights of a model as arrays, under any framework's names: the way out, loadWeights is the way in.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { checkOptions, oneOf, rule, text, WeightsError } from '../core/index.js';
import { checkFiniteWeights, planOf } from '../models/index.js';
import { LAYOUTS, layoutEntries, type LayoutName } from './layouts.js';
import { notesOf } from './modelNotes.js';
import { weightArray, type NamedArrays, type WeightArray } from './namedArrays.js';
import { namedWeights } from './namedWeights.js';
import { permute } from './permute.js';

/** Whose names the arrays get. */
export interface WeightsOfOptions {
  /** @defaultValue 'keras' */
  readonly layout?: LayoutName | undefined;
  /** Stands before every name. @defaultValue none */
  readonly prefix?: string | undefined;
  /** Name of the classifier's layer. @defaultValue the layout's, for example `predictions` or `classifier` */
  readonly classifier?: string | undefined;
}

const RULES = { layout: oneOf(...LAYOUTS), prefix: rule<string>('a string', (value) => typeof value === 'string'), classifier: text };

/**
 * Copies the weights of a model of {@link efficientNet} out as float32 arrays, named and oriented as another framework has them.
 *
 * The result also has the model's `preprocessing` and `classNames`. `writeSafetensors` writes them, and `loadWeights` passes them on.
 *
 * @throws {WeightsError} when the model lacks a weight of its plan, as one with folded BatchNormalization does, or one of its weights is not finite.
 * @example
 * await writeFile('model.safetensors', writeSafetensors(await weightsOf(model, { layout: 'timm' })));
 */
export async function weightsOf(model: LayersModel, options: WeightsOfOptions = {}): Promise<NamedArrays> {
  const { layout = 'keras', prefix = '', classifier } = checkOptions('weightsOf', options, RULES);
  await checkFiniteWeights('weightsOf', model);
  const entries = layoutEntries(layout, planOf(model), classifier);
  const weights = namedWeights(model);
  const arrays = await Promise.all(entries.map(async ({ weight, array, modelShape, fileShape, toModel }): Promise<[string, WeightArray]> => {
    const variable = weights.get(weight);
    if (variable === undefined) throw new WeightsError(`weightsOf: '${model.name}' has no weight '${weight}'. Take weights out before BatchNormalization is folded.`);
    const values = (await variable.read().data()) as Float32Array;
    const toFile = fileShape.map((_, axis) => toModel.indexOf(axis));
    return [`${prefix}${array}`, weightArray(fileShape, permute(values, modelShape, toFile))];
  }));
  return Object.assign(new Map(arrays), notesOf('weightsOf', model));
}
