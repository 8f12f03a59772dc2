// The examples on data that is laid out as the official archives unpack, with only the folder and settings that shorten the run. The images
// are from the repository, and Lite0 or a network with random weights stands in for the large one. The tests show that the data is found
// and read.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Dataset, RECORD_SCHEMAS } from '../../src/data/index.js';
import { writeTFRecords } from '../../src/node/images/index.js';

const root = mkdtempSync(path.join(tmpdir(), 'layouts-'));
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

const MINUTES = 5 * 60_000;
const CLOTHING = 'examples/data/clothing/train';
const photos = (name: string): string[] =>
  readdirSync(path.join(CLOTHING, name))
    .sort()
    .map((file) => path.join(CLOTHING, name, file));

function place(from: string, ...to: string[]): void {
  const target = path.join(root, ...to);
  mkdirSync(path.dirname(target), { recursive: true });
  cpSync(from, target);
}

function write(content: string, ...to: string[]): void {
  mkdirSync(path.dirname(path.join(root, ...to)), { recursive: true });
  writeFileSync(path.join(root, ...to), content);
}

/** Runs an example with its full settings, except those that shorten it. */
function example(name: string, data: string, ...short: string[]): string {
  const out = path.join(root, `out-${data}`);
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--import',
      'tsx',
      `examples/${name}/${name}.ts`,
      '--data',
      path.join(root, data),
      '--out',
      out,
      '--variant',
      'lite0',
      '--input-size',
      '64',
      '--batch-size',
      '8',
      ...short,
    ],
    { encoding: 'utf8', timeout: MINUTES },
  );
  expect(status, stderr).toBe(0);
  expect(stdout).toMatch(/^Settings \(full\)/);
  expect(readFileSync(path.join(out, 'report.html'), 'utf8')).toContain('<h1>');
  return stdout;
}

test(
  'NIH ChestX-ray14: Data_Entry_2017.csv beside images_001/images to images_012/images',
  () => {
    const header =
      'Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y],';
    const rows = ['No Finding', 'Effusion', 'Pneumothorax'].flatMap((finding, i) =>
      photos(['hat', 'shoes', 'shirt'][i] ?? '')
        .slice(0, 12)
        .map((file, k) => {
          const patient = 12 * i + k + 1;
          const name = `${String(patient).padStart(8, '0')}_000.png`;
          place(file, 'nih', `images_${String(1 + (patient % 12)).padStart(3, '0')}`, 'images', name);
          return `${name},${k === 11 ? 'Effusion|Infiltration' : finding},0,${patient},057Y,M,PA,2682,2749,0.143,0.143,`;
        }),
    );
    write(`${header}\n${rows.join('\n')}\n`, 'nih', 'Data_Entry_2017.csv');
    const output = example('xray-findings', 'nih', '--epochs', '1', '--folds', '1', '--unfreeze-from', 'top', '--rate', '1e-3');
    // Three of the 36 pictures have two findings.
    expect(output).toMatch(/^27 pictures to learn No Finding, Effusion, Pneumothorax from, 6 held out/m);
  },
  MINUTES,
);

test(
  'Food-101: images/CLASS/ID.jpg by meta/classes.txt, train.txt and test.txt',
  () => {
    const classes = { apple_pie: 'dress', baby_back_ribs: 'hat', baklava: 'pants' };
    const lists = { train: [] as string[], test: [] as string[] };
    for (const [dish, name] of Object.entries(classes)) {
      photos(name)
        .slice(0, 8)
        .forEach((file, i) => {
          const id = `${dish}/${1_000_000 + i}`;
          place(file, 'food-101', 'images', `${id}.jpg`);
          lists[i < 6 ? 'train' : 'test'].push(id);
        });
    }
    write('a license\n', 'food-101', 'license_agreement.txt');
    write(`${Object.keys(classes).join('\n')}\n`, 'food-101', 'meta', 'classes.txt');
    write(
      `${Object.keys(classes)
        .map((name) => name.replaceAll('_', ' '))
        .join('\n')}\n`,
      'food-101',
      'meta',
      'labels.txt',
    );
    for (const [side, ids] of Object.entries(lists)) write(`${ids.join('\n')}\n`, 'food-101', 'meta', `${side}.txt`);
    const output = example(
      'food-photos',
      'food-101',
      '--head-epochs',
      '1',
      '--initial-epoch',
      '0',
      '--epochs',
      '1',
      '--validation-share',
      '1',
    );
    expect(output).toMatch(/^Found 18 images belonging to 3 classes\.\nTraining: 3 batches.*\nFound 6 images belonging to 3 classes\.$/m);
    expect(output).toContain('baby_back_ribs');
  },
  MINUTES,
);

test.each([
  ['train/train', 'cactus-nested'],
  ['train', 'cactus-flat'],
])(
  "Kaggle's aerial cacti: train.csv beside %s/",
  (folder, name) => {
    const rows = ['pants', 'hat'].flatMap((kind, label) =>
      photos(kind)
        .slice(0, 20)
        .map((file, i) => {
          const id = `${String(label)}${String(i).padStart(4, '0')}a4b3c25df63720ae.jpg`;
          place(file, name, ...folder.split('/'), id);
          return `${id},${1 - label}`;
        }),
    );
    write(`id,has_cactus\n${rows.join('\n')}\n`, name, 'train.csv');
    const output = example('cactus', name, '--head-epochs', '1', '--epochs', '2');
    expect(output).toMatch(/^Found 36 images belonging to 2 classes\.\nTraining: 5 batches.*\nFound 4 images belonging to 2 classes\.$/m);
  },
  MINUTES,
);

test(
  'ImageNet: train-00000-of-01024 and validation-00000-of-00128 in the official schema',
  async () => {
    // The schema writes labels from 1, as the official records have them.
    const record = (file: string, label: number) => ({
      image: readFileSync(file),
      label,
      width: 64,
      height: 64,
      channels: 3,
      colorspace: 'RGB',
      format: 'JPEG',
      filename: path.basename(file),
      text: 'a hat',
      synset: 'n01440764',
      boxXMin: [0.1],
      boxXMax: [0.9],
      boxYMin: [0.2],
      boxYMax: [0.8],
    });
    for (const [side, shards, labels] of [
      ['train', 1024, [0, 389, 999]],
      ['validation', 128, [389]],
    ] as const) {
      const records = labels.flatMap((label, i) =>
        photos(['hat', 'shoes', 'shirt'][i] ?? '')
          .slice(0, 8)
          .map((file) => record(file, label)),
      );
      const files = await writeTFRecords(Dataset.from(records), RECORD_SCHEMAS.imagenet, path.join(root, 'imagenet', side), { shards: 2 });
      for (const file of files) renameSync(file, file.replace('-of-00002', `-of-0${String(shards).padStart(4, '0')}`));
    }
    const output = example('imagenet', 'imagenet', '--images', '24', '--epochs', '1', '--warmup-steps', '1', '--shuffle', '24');
    expect(output).toMatch(/^Top-1 [\d.]+ %, top-5 [\d.]+ % of 8 pictures/m);
  },
  MINUTES,
);
