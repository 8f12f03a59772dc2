// Class activation maps of the real Lite0 for a photo of a giant panda.

import { readFile } from 'node:fs/promises';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import { classActivationMap, gradCam, occlusionMap, type HeatMap } from '../../src/evaluation/explain/index.js';
import { resize, type Pixels } from '../../src/image/index.js';
import { efficientNet } from '../../src/models/index.js';
import { decodeImage } from '../../src/node/images/index.js';
import { loadWeights } from '../../src/weights/index.js';
import { startWasm } from '../support/wasm.js';

const data = new URL('../../examples/data/', import.meta.url);
// Drawn by hand around the panda, in pixels of the photo of 696 x 613.
const box = { left: 180, right: 562, top: 168, bottom: 502 };
let model: LayersModel;
let photo: Pixels;

beforeAll(async () => {
  await startWasm();
  model = efficientNet('lite0');
  await loadWeights(model, new Uint8Array(await readFile(new URL('weights/efficientnet-lite0.safetensors', data))));
  photo = await decodeImage(new URL('photos/panda.jpg', data));
});

test.each<[string, () => Promise<HeatMap>]>([
  ['Grad-CAM', () => gradCam(model, photo)],
  ['Grad-CAM++', () => gradCam(model, photo, { method: 'gradCam++' })],
  ['the plain activation map', () => classActivationMap(model, photo)],
  ['the smoothed map', () => gradCam(model, photo, { smooth: 4 })],
  ['occlusion', () => occlusionMap(model, photo, { patchSize: 64 })],
])('%s: four fifths of the hottest tenth of the photo lie on the panda', async (_, explain) => {
  const heat = await explain();
  expect(heat.classIndex).toBe(388);
  expect(heat.probability).toBeGreaterThan(0.9);
  const seen = heat.box!;
  const [tall, wide] = [Math.round(seen.height * photo.height), Math.round(seen.width * photo.width)];
  const { data: values } = resize({ width: heat.width, height: heat.height, channels: 1, data: heat.values }, [tall, wide]);
  const threshold = Float32Array.from(values).sort()[values.length - Math.floor(0.1 * photo.width * photo.height)]!;
  let hot = 0;
  let inside = 0;
  values.forEach((value, i) => {
    if (value < threshold) return;
    const [x, y] = [seen.left * photo.width + (i % wide), seen.top * photo.height + Math.floor(i / wide)];
    hot++;
    if (x >= box.left && x < box.right && y >= box.top && y < box.bottom) inside++;
  });
  expect(inside / hot).toBeGreaterThan(0.8);
});
