// loadWeights for Node: from a path, in any format. It takes the place of the isomorphic one in Node's entry.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { loadWeights as loadArrays, type LoadWeightsOptions, type NamedArrays, type WeightsReport } from '../weights/index.js';
import { readWeightFile } from './readWeightFile.js';

/**
 * Loads weights into a model of {@link efficientNet}: a file of safetensors, PyTorch, Keras 2 or 3, or the folder of a TensorFlow.js model,
 * in any framework's names. Either all of them are loaded, or an error says which do not fit and the model stays as it was.
 *
 * @param source - A path, the bytes of a file, or the arrays some reader returned.
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
  if (source instanceof Map) return loadArrays(model, source as NamedArrays, options);
  return loadArrays(model, await readWeightFile(source instanceof ArrayBuffer ? new Uint8Array(source) : (source as string | Uint8Array)), options);
}
