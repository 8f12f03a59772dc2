import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { fusedSwish } from '../../src/layers/internal.js';
import { describeFused, filled } from '../support/fusedOperations.js';

describeFused({
  fusedSwish: {
    inputs: (shape) => [filled('x', shape, 24, -12)],
    fused: (x) => fusedSwish(x),
    plain: (x) => tf.mul(x, tf.sigmoid(x)),
  },
});
