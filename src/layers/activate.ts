// Applies activations by name.

import * as tfl from '@tensorflow/tfjs-layers';
import type { Activation } from '../scaling/index.js';
import { partResult, type NormActParts } from './blockParts.js';
import { SwishActivation } from './SwishActivation.js';

// The slope of Keras' 'leaky_relu'.
const LEAKY_SLOPE = 0.2;

/** Applies an activation, or the custom one if given, as a layer with the given name. `linear` adds no layer. */
export function activate(
  x: tfl.SymbolicTensor,
  activation: Activation,
  name: string,
  own?: NormActParts['activation'],
  where = 'activation',
): tfl.SymbolicTensor {
  if (activation === 'linear') return x;
  if (own !== undefined) return partResult(where, 'activation', name, own(x, { name, activation }), x.shape);
  switch (activation) {
    case 'swish':
      return new SwishActivation({ name }).apply(x) as tfl.SymbolicTensor;
    case 'relu':
    case 'relu6':
      return tfl.layers.activation({ activation, name }).apply(x) as tfl.SymbolicTensor;
    case 'leakyRelu':
      return tfl.layers.leakyReLU({ alpha: LEAKY_SLOPE, name }).apply(x) as tfl.SymbolicTensor;
    case 'hardSwish': {
      // x * clip(x / 6 + 1/2, 0, 1)
      const ramp = tfl.layers.rescaling({ scale: 1 / 6, offset: 0.5, name: `${name}_ramp` }).apply(x);
      const gate = tfl.layers.reLU({ maxValue: 1, name: `${name}_gate` }).apply(ramp) as tfl.SymbolicTensor;
      return tfl.layers.multiply({ name }).apply([x, gate]) as tfl.SymbolicTensor;
    }
    default:
      return activation satisfies never;
  }
}
