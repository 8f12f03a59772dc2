// Swish as a layer that keeps nothing but its input for the way back; the stock activation keeps the sigmoid as well.

import type * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { fusedSwish } from './fusedSwish.js';
import { onlyTensor } from './onlyTensor.js';

/** `Activation('swish')`, with a gradient of one pass. */
export class SwishActivation extends tfl.layers.Layer {
  static readonly className = 'EffnetSwish';

  // Files carry the standard name, so that plain TensorFlow.js and Keras open them.
  override getClassName(): string {
    return 'Activation';
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return fusedSwish(onlyTensor(this.name, inputs));
  }

  override computeOutputShape(inputShape: tfl.Shape): tfl.Shape {
    return inputShape;
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), activation: 'swish' };
  }
}
