// Identifies what features depend on besides the image: the network and its preprocessing.

import type * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { contentDigest } from '../core/internal.js';
import { describePreprocessing } from '../image/internal.js';
import type { CompletePreprocessing } from '../image/index.js';
import { layersOf } from '../models/internal.js';

/** The format of a row. A change of it gives rows a new owner. */
const FORMAT = 'effnet-ts features 1';

/**
 * Returns a text of 16 hexadecimal digits that changes with the layers and weights of the network, with the preprocessing, and with
 * anything else that is given.
 *
 * @param features - The network that computes the features.
 */
export async function featureOwner(
  features: LayersModel,
  preprocessing: CompletePreprocessing | undefined,
  ...others: readonly (string | number)[]
): Promise<string> {
  const parts: string[] = [FORMAT, preprocessing === undefined ? '' : describePreprocessing(preprocessing), ...others.map(String)];
  for (const layer of layersOf(features)) {
    parts.push(layer.getClassName(), JSON.stringify(layer.outputShape));
    for (const weight of layer.weights) parts.push(contentDigest(await (weight.read() as tf.Variable).data()));
  }
  return contentDigest(new TextEncoder().encode(parts.join('\n')));
}
