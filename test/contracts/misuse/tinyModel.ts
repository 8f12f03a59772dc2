import type { LayersModel } from '@tensorflow/tfjs-layers';
import { efficientNet } from '../../../src/models/index.js';
import { VARIANTS } from '../../../src/scaling/index.js';
import { fillModel } from '../../support/fillModel.js';

export const TINY = { ...VARIANTS.b0, widthCoefficient: 0.25, depthCoefficient: 0.1, inputSize: 32 };

let model: LayersModel | undefined;

/** The smallest EfficientNet, with two classes; one for all calls. */
export function tinyModel(): LayersModel {
  if (model === undefined) fillModel((model = efficientNet(TINY, { classes: 2 })), 2);
  return model;
}
