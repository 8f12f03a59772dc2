// Measuring a checkpoint on a tiny ImageNet in every form: two real photos whose classes the network knows.

import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Dataset, RECORD_SCHEMAS, selectBackend, writeTFRecords } from 'effnet-ts/node';
import { evaluateCheckpoint, type MeasuredCheckpoint } from '../../examples/imagenet/evaluateCheckpoint.js';
import { parseLabels } from '../../examples/imagenet/validationImages.js';

const root = mkdtempSync(path.join(tmpdir(), 'tiny-imagenet-'));
const panda = 'examples/data/photos/panda.jpg';
const weights = 'examples/data/weights/efficientnet-lite0.safetensors';
const checkpoint = 'timm/tf_efficientnet_lite0.in1k';
const folder = (name: string): string => {
  mkdirSync(path.join(root, name), { recursive: true });
  return path.join(root, name);
};
const measure = (data: string, more: { labels?: string; limit?: number; skip?: number } = {}): Promise<MeasuredCheckpoint> =>
  evaluateCheckpoint({ data, labels: '', checkpoint, weights, skip: 0, limit: 0, batchSize: 2, ...more });

beforeAll(async () => {
  await selectBackend(['wasm']);
});
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

// A panda (class 388) in its own class and, wrongly, among the tenches (class 0).
test('class folders are labeled by their WordNet ids, and broken images are named', async () => {
  copyFileSync(panda, path.join(folder('classes/n02510455'), 'a.JPEG'));
  copyFileSync(panda, path.join(folder('classes/n01440764'), 'b.JPEG'));
  writeFileSync(path.join(folder('classes/n01440764'), 'c.JPEG'), 'broken');
  const measured = await measure(folder('classes'));
  const broken = [path.join(root, 'classes/n01440764/c.JPEG')];
  expect(measured).toMatchObject({ checkpoint, images: 2, broken, top1: 50, top5: 50, published: 74.846 });
  expect(await measure(folder('classes'), { skip: 1, limit: 1 })).toMatchObject({ images: 1, top1: 100 });
});

test('flat images take their labels from the files of Caffe, TensorFlow and Kaggle', async () => {
  const flat = folder('flat');
  for (const number of ['00000001', '00000002']) copyFileSync(panda, path.join(flat, `ILSVRC2012_val_${number}.JPEG`));
  const files = {
    'val.txt': 'ILSVRC2012_val_00000002.JPEG 388\nILSVRC2012_val_00000001.JPEG 0\n',
    'synsets.txt': 'n01440764\nn02510455\n',
    'LOC_val_solution.csv':
      'ImageId,PredictionString\nILSVRC2012_val_00000002,n02510455 85 1 499 272\nILSVRC2012_val_00000001,n01440764 1 2 3 4\n',
  };
  for (const [name, content] of Object.entries(files)) {
    const labelOf = parseLabels(name, content);
    expect([labelOf('ILSVRC2012_val_00000001.JPEG'), labelOf('ILSVRC2012_val_00000002.JPEG')], name).toEqual([0, 388]);
  }
  const labels = path.join(root, 'val.txt');
  writeFileSync(labels, files['val.txt']);
  expect(await measure(flat, { labels })).toMatchObject({ images: 2, top1: 50 });
  await expect(measure(flat)).rejects.toThrow(`evaluate: expected --labels for the 2 images in '${flat}', received none.`);
  expect(() => parseLabels('truth.txt', '490\n361\n')).toThrow('The numbers of the development kit have an order of their own');
});

test('TFRecords have their labels inside', async () => {
  const image = readFileSync(panda);
  const record = { image, width: 1, height: 1, channels: 3, colorspace: 'RGB', format: 'JPEG', filename: 'a', text: '', synset: '' };
  const boxes = { boxXMin: [], boxXMax: [], boxYMin: [], boxYMax: [] };
  const records = [388, 0].map((label) => ({ ...record, ...boxes, label }));
  await writeTFRecords(Dataset.from(records), RECORD_SCHEMAS.imagenet, path.join(folder('records'), 'validation'), { shards: 1 });
  expect(await measure(folder('records'))).toMatchObject({ images: 2, top1: 50, top5: 50 });
});

test('checkpoints without the classes of ImageNet are refused', async () => {
  await expect(evaluateCheckpoint({ data: root, labels: '', checkpoint: 'b9', weights, skip: 0, limit: 0, batchSize: 1 })).rejects.toThrow(
    "--checkpoint: expected a name in PRETRAINED, such as 'keras/b0', received 'b9'.",
  );
});
