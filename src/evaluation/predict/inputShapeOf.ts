import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { Predictor } from './predictor.js';

/**
 * Returns the input shape of a model or runtime, `[batch, height, width, channels]` with `null` for variable sizes, or `undefined` if it is
 * unknown.
 */
export function inputShapeOf(model: LayersModel | Predictor): readonly (number | null)[] | undefined {
  return 'inputs' in model ? model.inputs[0]?.shape : model.inputShape;
}
