// loadWeights for Node: from a path, in any format. It takes the place of the isomorphic one in Node's entry.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { check, checkOptions, either, instanceOf } from '../../core/internal.js';
import { checkModel } from '../../models/internal.js';
import { LOAD_WEIGHTS_RULES, loadWeightsFor, namedArrays } from '../../weights/internal.js';
import type { LoadWeightsOptions, NamedArrays, WeightsReport } from '../../weights/index.js';
import { refuseWebAddress } from '../files/internal.js';
import { pathOrBytes, readWeightFileFor } from './readWeightFile.js';

/** What weights are loaded from. */
const weightsSource = either(either(pathOrBytes, instanceOf(ArrayBuffer, 'an ArrayBuffer')), namedArrays);

/**
 * Loads weights into a model of {@link efficientNet}: a file of safetensors, PyTorch, Keras 2 or 3, or the folder of a TensorFlow.js model,
 * in any framework's names. Either all of them are loaded, or an error says which do not fit and the model stays as it was.
 *
 * @param source - A path, the bytes of a file, or the arrays some reader returned.
 * @throws {OptionError} when the model, the source or an option is of another type.
 * @throws {WeightsError} when the file is missing or damaged, holds another network, or (with `strict`) anything is missing, unknown,
 * misshapen or not finite.
 * @example
 * const model = efficientNet('b0');
 * const report = await loadWeights(model, 'efficientnetb0.h5');
 */
export async function loadWeights(
  model: LayersModel,
  source: string | Uint8Array | ArrayBuffer | NamedArrays,
  options: LoadWeightsOptions = {},
): Promise<WeightsReport> {
  checkModel('loadWeights', model);
  refuseWebAddress('loadWeights', 'source', source);
  check('loadWeights', 'source', source, weightsSource, source instanceof Promise ? 'Await the reader.' : '');
  checkOptions('loadWeights', options, LOAD_WEIGHTS_RULES);
  return loadWeightsFor('loadWeights', model, await arraysOf('loadWeights', source), options);
}

/** The arrays of any source of weights. */
export async function arraysOf(where: string, source: string | Uint8Array | ArrayBuffer | NamedArrays): Promise<NamedArrays> {
  if (source instanceof Map) return source as NamedArrays;
  return readWeightFileFor(where, source instanceof ArrayBuffer ? new Uint8Array(source) : (source as string | Uint8Array));
}
