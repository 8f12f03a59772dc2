// loadWeights for Node, which also takes a path and reads every format. The Node entry exports it instead of the isomorphic one.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { check, checkOptions, either, instanceOf } from '../../core/internal.js';
import { checkModel } from '../../models/internal.js';
import { LOAD_WEIGHTS_RULES, loadWeightsFor, namedArrays } from '../../weights/internal.js';
import type { LoadWeightsOptions, NamedArrays, WeightsReport } from '../../weights/index.js';
import { refuseWebAddress } from '../files/internal.js';
import { pathOrBytes, readWeightFileFor } from './readWeightFile.js';

/** A source of weights: a path, the bytes of a file, or arrays. */
export const weightsSource = either(either(pathOrBytes, instanceOf(ArrayBuffer, 'an ArrayBuffer')), namedArrays);

/**
 * Loads weights into a model of {@link efficientNet}: from a file of safetensors, PyTorch, Keras 2 or 3, or from the folder of a
 * TensorFlow.js model. The arrays may have the names of any framework. If they do not fit, an error says which ones, and the model is
 * unchanged.
 *
 * @param source - A path, the bytes of a file, or the arrays that a reader returned.
 * @throws {OptionError} when the model, the source or an option has a wrong value.
 * @throws {WeightsError} when the file is missing or damaged, or contains another network. With `strict`, also when an array is missing,
 *   unknown, of the wrong shape or not finite.
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

/** Reads the arrays of any source of weights. */
export async function arraysOf(where: string, source: string | Uint8Array | ArrayBuffer | NamedArrays): Promise<NamedArrays> {
  if (source instanceof Map) return source as NamedArrays;
  return readWeightFileFor(where, source instanceof ArrayBuffer ? new Uint8Array(source) : (source as string | Uint8Array));
}
