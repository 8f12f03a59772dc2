// Reads the class names of anything that predicts, and compares them with those of an option.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { OptionError } from '../../core/index.js';
import { classNamesOf } from '../../models/index.js';
import type { Predictor } from './predictor.js';

/** Returns the class names of a model or runtime, in the order of the outputs, or `undefined` if it has none. */
export function knownClassNames(model: LayersModel | Predictor): readonly string[] | undefined {
  return 'getUserDefinedMetadata' in model ? classNamesOf(model) : model.classNames;
}

/**
 * Throws if `classNames` contains the names of the model in a different order, because every result would then have a wrong name. Names
 * that differ from the model's, such as translations, are allowed.
 *
 * @throws {OptionError} with the first name that is out of order.
 */
export function checkNameOrder(where: string, model: LayersModel | Predictor, classNames: readonly string[] | undefined): void {
  const own = knownClassNames(model);
  if (own === undefined || own.length !== classNames?.length) return;
  const place = own.findIndex((name, i) => name !== classNames[i]);
  if (place < 0 || [...own].sort().join('\n') !== [...classNames].sort().join('\n')) return;
  throw new OptionError(
    `${where}: expected \`classNames\` in the order of the model's outputs, with '${own[place]}' at index ${place}, ` +
      `received '${classNames[place]}' there. Omit the option to use the names of the model.`,
  );
}
