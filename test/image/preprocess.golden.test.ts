// Compares the preprocessing of published checkpoints with timm, torchvision and Keras: test/fixtures/preprocessing.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { augment } from '../../src/data/index.js';
import { evalTransform, preprocess, resize, resizeTo, type Pixels } from '../../src/image/index.js';
import { transformFrom } from '../../src/image/internal.js';
import { efficientNet } from '../../src/models/index.js';
import { decodeImage, imageFiles } from '../../src/node/images/index.js';
import { selectBackend } from '../../src/node/backends/index.js';
import { PRETRAINED } from '../../src/weights/index.js';

interface Photo {
  readonly photo: string;
  readonly size: [number, number];
  readonly decoded: string;
  readonly outputs: Record<string, string>;
}
const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../fixtures/preprocessing/${name}.json`, import.meta.url), 'utf8'));
const { images, normalized } = read('preprocessing') as { images: Photo[]; normalized: Record<string, number[]> };
const keras = read('keras') as {
  photos: ({ photo: string } & Record<'stretch' | 'crop' | 'pad' | 'google' | 'googleV2' | 'folderPad', string>)[];
};
const pathOf = (photo: string): string => fileURLToPath(new URL(`../../examples/data/${photo}`, import.meta.url));
const digest = ({ data }: Pixels): string => createHash('sha256').update(data).digest('hex').slice(0, 12);

describe.each(images)('$photo', ({ photo, decoded, outputs }) => {
  let image: Pixels;
  beforeAll(async () => {
    image = await decodeImage(pathOf(photo));
  });

  test('is decoded to the same bytes', () => {
    expect(digest(image)).toBe(decoded);
  });

  test("has the same bytes as with timm's and torchvision's transforms", () => {
    expect(
      Object.fromEntries(Object.keys(outputs).map((name) => [name, digest(preprocess(image, PRETRAINED[name]!.preprocessing))])),
    ).toEqual(outputs);
  });

  test("has the same floats as with Keras' and the authors' functions", () => {
    const { photo: _, ...expected } = keras.photos.find((entry) => entry.photo === photo)!;
    const ways = {
      stretch: resize(image, 224),
      crop: resizeTo(image, 224, 'crop'),
      smart: resizeTo(image, 224, 'crop'),
      folderCrop: resizeTo(image, 224, 'crop'),
      pad: resizeTo(image, 224, 'pad'),
      folderPad: resizeTo(image, 224, 'resizePad'),
      google: resizeTo(image, 224, 'crop', { cropFraction: 224 / 256, margins: 'ceil' }),
      googleV2: preprocess(image, PRETRAINED['keras/v2-b0']!.preprocessing),
    };
    expect(Object.fromEntries(Object.entries(ways).map(([name, pixels]) => [name, digest(pixels)]))).toEqual(expected);
  });
});

test('the normalized input of the model equals that of timm and torchvision', async () => {
  await selectBackend(['cpu']);
  const image = await decodeImage(pathOf('photos/panda.jpg'));
  for (const name of ['timm/tf_efficientnet_b0.in1k', 'timm/tf_efficientnetv2_m.in1k', 'torchvision/v2-s']) {
    const expected = normalized[name]!;
    const { preprocessing, normalization, inputSize } = PRETRAINED[name]!;
    const model = efficientNet('lite0', { normalization, inputSize, includeTop: false });
    const normalize = tfl.model({ inputs: model.inputs, outputs: model.getLayer('rescaling').output });
    const { data } = preprocess(image, preprocessing);
    const x = tf.tensor4d(new Float32Array(data), [1, inputSize, inputSize, 3]);
    const y = normalize.predict(x) as tf.Tensor;
    const values = await y.data();
    expect(
      Array.from(expected, (_, i) => values[10007 * i]!),
      name,
    ).toBeAllclose(expected, { tolerance: 2e-6 });
    tf.dispose([x, y]);
    model.dispose();
  }
});

test('a dataset of files and a transform created from its spec give the same pixels', async () => {
  const { photo, outputs } = images[1]!;
  const name = 'timm/tf_efficientnetv2_m.in1k';
  const transform = evalTransform(PRETRAINED[name]!.preprocessing);
  for (const made of [transform, transformFrom(structuredClone(transform.spec!))]) {
    const [item] = await augment(imageFiles([{ path: pathOf(photo), label: 0 }]), made).toArray();
    expect(digest(item!.pixels)).toBe(outputs[name]);
  }
});
