// Defines and checks the source of `exportOnnx`: a layers model, or a plan with its weights.

import type * as tfl from '@tensorflow/tfjs-layers';
import { anyString, check, checkOptions, record, rule, type Rule } from '../core/internal.js';
import { completePreprocessing } from '../image/internal.js';
import type { Preprocessing } from '../image/index.js';
import { checkModel } from '../models/internal.js';
import { modelPlan } from '../scaling/internal.js';
import type { ModelPlan } from '../scaling/index.js';
import { namedArrays } from '../weights/internal.js';
import type { NamedArrays } from '../weights/index.js';

/** A network without a model: its plan, and its weights with the names of any framework. */
export interface PlannedNetwork {
  readonly plan: ModelPlan;
  readonly arrays: NamedArrays;
  /** Common prefix of all names of the network. @defaultValue detected, unless the file contains the network more than once */
  readonly prefix?: string | undefined;
  /**
   * How images are turned into the network's input. Written to the file.
   * @defaultValue the preprocessing in the arrays, or else the evaluation of the variant's authors
   */
  readonly preprocessing?: Preprocessing | undefined;
}

const RULES = {
  plan: modelPlan,
  arrays: namedArrays,
  prefix: anyString,
  preprocessing: record as Rule<Preprocessing>,
};

const network = rule<tfl.LayersModel | PlannedNetwork>('a layers model, or { plan, arrays },', record.accepts);

/** Whether the network is a model. Throws an OptionError if it is neither a model nor a plan with arrays. */
export function isModel(where: string, source: tfl.LayersModel | PlannedNetwork): source is tfl.LayersModel {
  check(where, 'model', source, network);
  if (!('plan' in source) && !('arrays' in source)) {
    checkModel(where, source);
    return true;
  }
  const { plan, arrays, preprocessing } = checkOptions<PlannedNetwork>(where, source as PlannedNetwork, RULES);
  check(where, 'plan', plan, modelPlan);
  check(where, 'arrays', arrays, namedArrays);
  if (preprocessing !== undefined) completePreprocessing(where, preprocessing);
  return false;
}
