// The examples on data that is laid out as the official archives unpack, with only the folder and settings that shorten the run. The images
// are from the repository, and Lite0 or a network with random weights stands in for the large one. The tests show that the data is found
// and read.

import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Dataset, RECORD_SCHEMAS, type ImageRecordSchema } from '../../src/data/index.js';
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
          return `${name},${k === 11 ? 'Effusion|Pneumothorax' : finding},0,${patient},057Y,M,PA,2682,2749,0.143,0.143,`;
        }),
    );
    write(`${header}\n${rows.join('\n')}\n`, 'nih', 'Data_Entry_2017.csv');
    const output = example(
      'xray-findings',
      'nih',
      '--epochs',
      '1',
      '--folds',
      '2',
      '--augment',
      '0',
      '--learning-rate',
      '1e-3',
      '--workers',
      '0',
    );
    expect(output).toContain('36 images in Data_Entry_2017.csv: 33 show one of No Finding, Effusion, Pneumothorax; 3 show several');
    expect(output).toMatch(/^Found 27 images belonging to 3 classes\.$/m);
    expect(output).toMatch(/^Found 6 images belonging to 3 classes\.$/m);
    expect(output).toMatch(/All 2 together: [\d.]+ %/);
  },
  MINUTES,
);

test(
  'VinBigData in 512 pixels: vinbigdata/train.csv beside vinbigdata/train/, with a row for each box of each radiologist',
  () => {
    const rowsOf = (id: string, ...findings: string[]): string[] =>
      findings.flatMap((finding) => ['R8', 'R9', 'R10'].map((radiologist) => `${id},${finding},${radiologist},,,,,2336,2080`));
    const rows = [
      ['hat', 'No finding,14'],
      ['shoes', 'Aortic enlargement,0', 'Cardiomegaly,3'],
      ['shirt', 'Cardiomegaly,3'],
    ].flatMap(([kind = '', ...findings], i) =>
      photos(kind)
        .slice(0, 12)
        .flatMap((file, k) => {
          const id = `${i}${k.toString(16)}34180d025040e1004bacb76267aaaa`;
          place(file, 'vinbigdata-512', 'vinbigdata', 'train', `${id}.png`);
          return rowsOf(id, ...findings);
        }),
    );
    const header = 'image_id,class_name,class_id,rad_id,x_min,y_min,x_max,y_max,width,height';
    write(`${header}\n${rows.join('\n')}\n`, 'vinbigdata-512', 'vinbigdata', 'train.csv');
    const output = example('xray-findings', 'vinbigdata-512', '--epochs', '1', '--mixup', '0.2', '--cutmix', '1', '--jitter', '0.1');
    // An image counts once, and by the chosen findings alone.
    expect(output).toContain('36 images in train.csv: 24 show one of Aortic enlargement, No finding; 0 show several');
    expect(output).toMatch(/^Found 20 images belonging to 2 classes\.$/m);
    expect(output).toMatch(/^Found 4 images belonging to 2 classes\.$/m);
    // The whole network is frozen: 1,280 features and a bias train for each of the two findings.
    expect(output).toMatch(/^2,562 parameters train,/m);
    expect(existsSync(path.join(root, 'out-vinbigdata-512', 'model-1.onnx'))).toBe(true);
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

/** Writes 24 records of three classes for training and 8 of one class for validation, in two files each. */
async function writeImageNet(schema: ImageRecordSchema, prefix: (side: 'train' | 'validation') => string): Promise<string[]> {
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
  const written: string[] = [];
  for (const [side, labels] of [
    ['train', [0, 389, 999]],
    ['validation', [389]],
  ] as const) {
    const records = labels.flatMap((label, i) =>
      photos(['hat', 'shoes', 'shirt'][i] ?? '')
        .slice(0, 8)
        .map((file) => record(file, label)),
    );
    written.push(...(await writeTFRecords(Dataset.from(records), schema, path.join(root, prefix(side)), { shards: 2 })));
  }
  return written;
}

const SHORT_IMAGENET = ['--images', '24', '--epochs', '1', '--warmup-steps', '1', '--shuffle', '24'];

test(
  'ImageNet: train-00000-of-01024 and validation-00000-of-00128 in the official schema, with labels from 1',
  async () => {
    const files = await writeImageNet(RECORD_SCHEMAS.imagenet, (side) => path.join('imagenet', side));
    for (const file of files) renameSync(file, file.replace('-of-00002', file.includes('validation') ? '-of-00128' : '-of-01024'));
    const output = example('imagenet', 'imagenet', ...SHORT_IMAGENET);
    expect(output).toMatch(/^Records of train: .*train-\*, schema official/m);
    expect(output).toMatch(/^Top-1 [\d.]+ %, top-5 [\d.]+ % of 8 images/m);
  },
  MINUTES,
);

test(
  'ImageNet: the files of train_tf and validation_tf in the flat schema, with labels from 0, for a network that is scaled',
  async () => {
    const files = await writeImageNet(RECORD_SCHEMAS.flat, (side) => path.join('flat', `${side}_tf`, side));
    for (const file of files) renameSync(file, file.replace(/-0000(\d)-of-00002/, '_$1.tfrecord'));
    write('', 'flat', 'train_tf', '.complete');
    const output = example('imagenet', 'flat', ...SHORT_IMAGENET, '--scaling', 'compound');
    expect(output).toMatch(/^Records of train: .*train_tf\/\*, schema flat/m);
    expect(output).toContain('Training: 3 batches, the first of { xs: float32 [8, 83, 83, 3], ys: float32 [8, 1000] }');
    expect(output).toMatch(/^Top-1 [\d.]+ %, top-5 [\d.]+ % of 8 images/m);
    expect(readdirSync(path.join(root, 'out-flat')).filter((file) => file.startsWith('epoch-'))).toEqual(['epoch-1.safetensors']);
  },
  MINUTES,
);

test(
  'ImageNet: no records, or records in two places, end the example with a message',
  async () => {
    await writeImageNet(RECORD_SCHEMAS.imagenet, (side) => path.join('twice', side));
    await writeImageNet(RECORD_SCHEMAS.flat, (side) => path.join('twice', `${side}_tf`, side));
    mkdirSync(path.join(root, 'empty'));
    const messageOf = (data: string, ...parameters: string[]): string => {
      const script = [
        '--import',
        'tsx',
        'examples/imagenet/imagenet.ts',
        '--out',
        path.join(root, 'out-none'),
        '--data',
        path.join(root, data),
      ];
      const { status, stderr } = spawnSync(process.execPath, [...script, ...parameters], { encoding: 'utf8', timeout: MINUTES });
      expect(status).toBe(1);
      return stderr.trim().replaceAll(root, 'ROOT');
    };
    expect(messageOf('empty')).toMatchInlineSnapshot(
      `"example:imagenet: expected records of train in one of train-*, train/train-*, train_tf/* of 'ROOT/empty', found none. Say which: --train-records, for example 'train_tf/*'."`,
    );
    expect(messageOf('twice')).toMatchInlineSnapshot(
      `"example:imagenet: expected records of train in one of train-*, train/train-*, train_tf/* of 'ROOT/twice', found train-* and train_tf/*. Say which: --train-records, for example 'train_tf/*'."`,
    );
    expect(messageOf('twice', '--train-records', 'train-*')).toMatchInlineSnapshot(
      `"example:imagenet: expected records of validation in one of validation-*, validation/validation-*, validation_tf/*, val_tf/* of 'ROOT/twice', found validation-* and validation_tf/*. Say which: --validation-records, for example 'val_tf/*'."`,
    );
    expect(messageOf('twice', '--schema', 'tfds')).toMatchInlineSnapshot(`"--schema: expected official or flat, received 'tfds'."`);
    expect(messageOf('twice', '--start', 'imagenet', '--scaling', 'depth')).toMatchInlineSnapshot(
      `"--scaling: expected baseline or resolution with --start imagenet, received 'depth'. There are no such weights."`,
    );
  },
  MINUTES,
);
