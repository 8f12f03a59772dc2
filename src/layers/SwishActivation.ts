// A swish layer that only saves its input for the gradient. The stock activation also saves the sigmoid.

import type * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { fusedSwish } from './fusedSwish.js';
import { onlyTensor } from './onlyTensor.js';

/** `Activation('swish')` with a gradient that needs a single pass. */
export class SwishActivation extends tfl.layers.Layer {
  static readonly className = 'EffnetSwish';

  // The standard class name in saved files, so that stock TensorFlow.js and Keras can load them.
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
