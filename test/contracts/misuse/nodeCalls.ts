// Images, tables and records on disk.

import { Dataset, encodeExample, formatExample, frameTFRecord, imageWorkers, RECORD_SCHEMAS, randomFlip } from '../../../src/node.js';
import { patterned } from '../../support/patterned.js';
import type { BaseCalls } from './baseCall.js';
import { classFolders, fileOf, jpegBytes, placeOf } from './nodeFiles.js';

const nothing = (): void => undefined;
/** Options of everything that reads images. */
const reading = {
  inputSize: 4,
  fit: 'crop',
  resize: 'exact',
  interpolation: 'bilinear',
  antialias: true,
  background: 'white',
  maxPixels: 1000,
  dctMethod: 'accurate',
  concurrency: 2,
  errors: 'throw',
  onSkipped: nothing,
  workers: imageWorkers({ threads: 1 }),
} as const;
const ordering = { labelMode: 'categorical', shuffle: true, seed: 1 } as const;
const schema = { image: RECORD_SCHEMAS.flat.image, label: RECORD_SCHEMAS.flat.label } as const;

async function labeledFiles(): Promise<readonly object[]> {
  const folder = await classFolders();
  return ['hats', 'shoes'].map((name, label) => ({ path: `${folder}/${name}/0.jpg`, label, origin: `${name}/0.jpg` }));
}

const records = async (): Promise<Dataset<{ image: Uint8Array; label: number; origin: string }>> =>
  Dataset.from([{ image: await jpegBytes(), label: 1, origin: 'first' }]);

export const nodeCalls: BaseCalls = {
  decodeImage: {
    args: async () => [
      await jpegBytes(),
      { background: 'white', maxPixels: 1000, dctMethod: 'accurate', size: 4, fit: 'crop', origin: 'mine' },
    ],
  },
  encodeImage: { args: () => [patterned(4, 4), { format: 'jpeg', quality: 90 }] },
  randomJpegQuality: { args: () => [[50, 95]] },
  contactSheet: { args: () => [patterned(4, 4), randomFlip(), placeOf('sheet.png'), { columns: 2, rows: 1, size: 8, seed: 1 }] },
  imageWorkers: { args: () => [{ threads: 1 }] },
  featureCacheFolder: { args: () => [placeOf('features'), { maxBytes: 1000 }] },
  trainingWorkers: { args: () => [{ threads: 1, batchNorm: 'frozen' }] },
  imageFolder: {
    args: async () => [
      await classFolders(),
      { ...reading, ...ordering, classNames: ['hats', 'shoes'], followLinks: false, validationSplit: 0.5 },
    ],
  },
  imageFiles: { args: async () => [await labeledFiles(), { ...reading, ...ordering, classes: 2 }] },
  writeImageFolder: { args: async () => [placeOf('written'), await labeledFiles(), ['hats', 'shoes'], { mode: 'symlink' }] },
  food101Files: {
    args: () => {
      fileOf('food/meta/classes.txt', 'pizza\n');
      fileOf('food/meta/train.txt', 'pizza/1\n');
      fileOf('food/meta/test.txt', 'pizza/2\n');
      return [placeOf('food')];
    },
  },
  imagesFromCsv: {
    args: async () => [
      fileOf('table.csv', 'id,kind,who\n0.jpg,hat,a\n1.jpg,bag,a\n1.jpg,scarf,b\n'),
      {
        ...reading,
        ...ordering,
        pathColumn: 'id',
        labelColumn: 'kind',
        groupColumn: 'who',
        folder: `${await classFolders()}/hats`,
        suffix: '',
        delimiter: ',',
        encoding: 'utf-8',
        multiLabel: true,
        labelSeparator: '|',
        names: { hat: 'Hat' },
        relabel: { Hat: 'Cap' },
        exclude: ['scarf'],
        classNames: ['Cap', 'bag'],
        unlabeled: 'throw',
        missing: 'throw',
      },
    ],
  },
  summarizeImages: { args: async () => [await labeledFiles(), ['hats', 'shoes'], { onProgress: nothing }] },
  tfrecordDataset: {
    args: async () => {
      const [record] = await (await records()).toArray();
      const bytes = await encodeExample(formatExample(record as NonNullable<typeof record>, schema));
      return [
        fileOf('records.tfrecord', frameTFRecord(bytes)),
        schema,
        { compression: 'none', verify: true, maxRecordBytes: 10_000, cycleLength: 1 },
      ];
    },
  },
  recordImages: { args: async () => [await records(), { ...reading, classes: 2, labelMode: 'categorical' }] },
  writeTFRecords: {
    args: async () => [await records(), schema, placeOf('out/train'), { shards: 2, compression: 'gzip', onProgress: nothing }],
  },
  folderCache: { args: () => [placeOf('cache')] },
  progressBar: { args: () => [{ stream: { write: nothing } }] },
};
