// Which preprocessing a model learns on: training stores it in the model, so that predictions are made on the same kind of images.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { OptionError, ShapeError, showShape } from '../core/index.js';
import { Dataset } from '../data/index.js';
import { describePreprocessing, samePreprocessing, type CompletePreprocessing } from '../image/index.js';

/**
 * The preprocessing of the validation data, else of the training data; `undefined` when neither is known.
 *
 * @throws {OptionError} when the two differ. {@link ShapeError} when the images do not have the size of the model's input.
 */
export function trainingPreprocessing(where: string, model: LayersModel, train: unknown, validation: unknown): CompletePreprocessing | undefined {
  const [learned, measured] = [train, validation].map((data) => (data instanceof Dataset ? data.preprocessing : undefined));
  for (const each of [learned, measured]) if (each !== undefined) checkInputSize(where, model, each);
  if (learned !== undefined && measured !== undefined && !samePreprocessing(learned, measured)) {
    throw new OptionError(
      `${where}: expected \`train\` and \`validation\` of one preprocessing, received '${describePreprocessing(learned)}' and ` +
        `'${describePreprocessing(measured)}'. Read both with the same options.`);
  }
  return measured ?? learned;
}

/**
 * Throws unless images of a preprocessing fit the model's input.
 *
 * @throws {ShapeError} naming both sizes.
 */
function checkInputSize(where: string, model: LayersModel, { inputSize: [height, width] }: CompletePreprocessing): void {
  const shape = model.inputs[0]?.shape ?? [];
  const fits = shape.length !== 4 || ((shape[1] ?? height) === height && (shape[2] ?? width) === width);
  if (fits) return;
  throw new ShapeError(`${where}: expected images ${showShape(shape)}, received images of ${height} x ${width} pixels. Read them with the model's \`inputSize\`, or, where a function of yours resized them, state it with withPreprocessing.`);
}
