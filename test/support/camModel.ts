// The network and image for which test/fixtures/evaluation/cams.py computed heat maps with TensorFlow.

import type * as tfl from '@tensorflow/tfjs-layers';
import type { Pixels } from '../../src/image/index.js';
import { efficientNet, setClassNames, setPreprocessing } from '../../src/models/index.js';
import { VARIANTS } from '../../src/scaling/index.js';
import { registerWasmTraining } from '../../src/wasm/index.js';
import golden from '../fixtures/evaluation/cams.json' with { type: 'json' };
import { inputPixels } from './fill.js';
import { fillModel } from './fillModel.js';
import { startWasm } from './wasm.js';

const size = golden.model.size;

export const camSpec = {
  ...VARIANTS.b0,
  widthCoefficient: golden.model.width_coefficient,
  depthCoefficient: golden.model.depth_coefficient,
};

export const camImage = { width: size, height: size, channels: 3, data: inputPixels(golden.input) } satisfies Pixels;

/** Starts wasm with gradients and creates the network. */
export async function camModel(): Promise<tfl.LayersModel> {
  await startWasm();
  await registerWasmTraining();
  const model = efficientNet(camSpec, { classes: 5, inputSize: size, dropoutRate: 0.5, dropConnectRate: 0.5 });
  fillModel(model, golden.gain);
  setClassNames(model, ['ant', 'bee', 'cat', 'dog', 'eel']);
  // The image is the input that TensorFlow was given.
  setPreprocessing(model, { inputSize: size, fit: 'stretch' });
  return model;
}
