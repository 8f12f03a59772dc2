// Draws the heat maps of several models for one image side by side, as the EfficientNet paper does for its scaling methods.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { arrayOf, check, checkOptions, positiveInteger, probability, record, text, type Rules } from '../core/internal.js';
import { DataError, ShapeError } from '../core/index.js';
import { asLayersModel } from '../models/internal.js';
import { GRAD_CAM_RULES, gradCamFor } from '../evaluation/explain/internal.js';
import { overlayHeat, type GradCamOptions, type HeatMap } from '../evaluation/explain/index.js';
import { checkFinitePixels, checkPixels } from '../image/internal.js';
import { resize, type Pixels } from '../image/index.js';
import { percent, type ChartSpec } from './chart.js';
import { imageDataUrl } from './encodeImage.js';
import { imageGrid, type GridImage } from './imageGrid.js';

/** A model and its name in the chart. */
export interface NamedModel {
  readonly name: string;
  readonly model: LayersModel;
}

/** Options of {@link compareCams}. `layer`, `target`, `method`, `smooth` and `seed` are the same as in `gradCam`. */
export interface CompareCamsOptions extends GradCamOptions {
  /** Opacity of the heat map at its maximum, in [0, 1]. @defaultValue 0.65 */
  readonly opacity?: number | undefined;
  /** Number of columns. @defaultValue 4 */
  readonly columns?: number | undefined;
  /** Side length of each cell in pixels. @defaultValue 200 */
  readonly size?: number | undefined;
}

const MODEL_RULES: Rules<NamedModel> = { name: text, model: record };

/**
 * Draws an image and the heat map of each model, titled with the model's name and, below it, the explained class and its probability.
 *
 * @throws {OptionError} when an argument has the wrong type, an option is unknown or has a wrong value, a model is disposed or does not
 *   have the layer or class, or several of its classes have the given name.
 * @throws {ShapeError} when the image is not RGB, or a model is not a classifier. {@link DataError} when there is no model, or a pixel is
 *   not finite.
 * @example
 * const spec = await compareCams(photo, [{ name: 'baseline', model: b0 }, { name: 'compound scaling', model: b4 }]);
 * await writeFile('cams.png', await renderPng(spec));
 * @see EfficientNet, arXiv 1905.11946, figure 7
 */
export async function compareCams(image: Pixels, models: readonly NamedModel[], options: CompareCamsOptions = {}): Promise<ChartSpec> {
  const where = 'compareCams';
  checkPixels(where, image);
  checkFinitePixels(where, image);
  if (image.channels !== 3)
    throw new ShapeError(
      `${where}: expected an RGB image [height, width, 3] for \`image\`, received [${image.height}, ${image.width}, ${image.channels}].`,
    );
  check(where, 'models', models, arrayOf(record));
  models.forEach((each, i) => {
    checkOptions(where, each, MODEL_RULES, `models[${i}]`);
    check(where, `models[${i}].name`, each.name, text);
    asLayersModel(where, each.model);
  });
  const rules: Rules<CompareCamsOptions> = { ...GRAD_CAM_RULES, opacity: probability, columns: positiveInteger, size: positiveInteger };
  const { opacity, columns = 4, size = 200, ...how } = checkOptions(where, options, rules);
  if (models.length === 0) throw new DataError('compareCams: expected at least one model, received none.');
  // Images have twice the size of their cell, so that they are sharp on high-density screens.
  const side = Math.min(1, (2 * size) / Math.max(image.width, image.height));
  const small = resize(image, [Math.max(1, Math.round(image.height * side)), Math.max(1, Math.round(image.width * side))], {
    antialias: true,
  });
  const explained: { readonly name: string; readonly heat: HeatMap }[] = [];
  for (const { name, model } of models) explained.push({ name, heat: await gradCamFor(where, model, image, how) });
  const images: GridImage[] = [{ url: await imageDataUrl(small), title: 'image' }];
  for (const { name, heat } of explained) {
    const overlay = overlayHeat(small, heat, { opacity });
    images.push({ url: await imageDataUrl(overlay), title: `${name}\n${heat.className} ${percent(heat.probability)}` });
  }
  return imageGrid(images, { columns, size });
}
