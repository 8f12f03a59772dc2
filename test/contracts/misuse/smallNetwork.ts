// A network of this library that is built in milliseconds.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { efficientNet, VARIANTS, type VariantSpec } from '../../../src/index.js';

export const smallSpec: VariantSpec = { ...VARIANTS.b0, widthCoefficient: 0.1, depthCoefficient: 0.1, inputSize: 32 };

export const smallNetwork = (): LayersModel => efficientNet(smallSpec, { classes: 3, seed: 1 });
