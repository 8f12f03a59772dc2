// Finds and reads the records of ImageNet, and writes the images of the repository as such records.

import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  DataError,
  Dataset,
  decodeImage,
  imageFolder,
  RECORD_SCHEMAS,
  tfrecordDataset,
  writeTFRecords,
  type ImageRecord,
  type RecordOf,
} from 'effnet-ts/node';
import type { Settings } from './settings.js';

type Side = 'train' | 'validation';

const SCHEMAS = { official: RECORD_SCHEMAS.imagenet, flat: RECORD_SCHEMAS.flat } as const;
type SchemaName = keyof typeof SCHEMAS;

/** Where the records of each schema usually are. */
const PLACES: Readonly<Record<SchemaName, Readonly<Record<Side, readonly string[]>>>> = {
  official: { train: ['train-*', 'train/train-*'], validation: ['validation-*', 'validation/validation-*'] },
  flat: { train: ['train_tf/*'], validation: ['validation_tf/*', 'val_tf/*'] },
};

/** The two features by which the schemas differ. */
const EITHER_IMAGE = {
  official: { key: 'image/encoded', kind: 'bytes', default: new Uint8Array() },
  flat: { key: 'image', kind: 'bytes', default: new Uint8Array() },
} as const;

/** Reads the records of one side. */
export async function readRecords(
  side: Side,
  settings: Pick<Settings, 'data' | 'schema' | 'trainRecords' | 'validationRecords'>,
): Promise<Dataset<ImageRecord>> {
  const { data, schema } = settings;
  const given = side === 'train' ? settings.trainRecords : settings.validationRecords;
  const files = path.join(data, given === '' ? await placeOf(side, data, schema) : given);
  const name = schema === '' ? await schemaOf(files) : (schema as SchemaName);
  console.log(`Records of ${side}: ${files}, schema ${name}`);
  return tfrecordDataset(files, SCHEMAS[name]);
}

async function placeOf(side: Side, data: string, schema: string): Promise<string> {
  const places = (schema === '' ? Object.values(PLACES) : [PLACES[schema as SchemaName]]).flatMap((place) => place[side]);
  const found: string[] = [];
  for (const place of places) {
    const names = await readdir(path.join(data, path.dirname(place))).catch(() => []);
    const start = path.basename(place).slice(0, -1);
    if (names.some((name) => name.startsWith(start) && !name.startsWith('.'))) found.push(place);
  }
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  throw new DataError(
    `example:imagenet: expected records of ${side} in one of ${places.join(', ')} of '${data}', ` +
      `found ${found.length === 0 ? 'none' : found.join(' and ')}. Say which: --${side}-records, for example '${places.at(-1) ?? ''}'.`,
  );
}

async function schemaOf(files: string): Promise<SchemaName> {
  const [record] = await (await tfrecordDataset(files, EITHER_IMAGE)).take(1).toArray();
  const names = (['official', 'flat'] as const).filter((name) => (record?.[name].length ?? 0) > 0);
  const [only] = names;
  if (only !== undefined && names.length === 1) return only;
  throw new DataError(
    `example:imagenet: expected an image under 'image/encoded' (official) or 'image' (flat) in the first record of '${files}', ` +
      `found ${names.length === 0 ? 'neither' : 'both'}. Say which: --schema official or --schema flat.`,
  );
}

/** Writes the images of the repository as records: the encoded image, its label, the name of its class and its file. */
export async function writeRecords(images: string, settings: Settings): Promise<{ folder: string; classNames: readonly string[] }> {
  const folder = path.join(settings.out, 'records');
  const flat = settings.schema === 'flat';
  let names: readonly string[] | undefined;
  for (const side of ['train', 'validation'] as const) {
    const { files, classNames } = await imageFolder(path.join(images, side), names === undefined ? {} : { classNames: names });
    names = classNames;
    const seen = classNames.map(() => 0);
    const few = settings.perClass === 0 ? files : files.filter(({ label }) => (seen[label] = (seen[label] ?? 0) + 1) <= settings.perClass);
    const records = Dataset.from(few)
      .shuffle(few.length, { seed: settings.seed })
      .map(async ({ path: file, origin, label }): Promise<RecordOf<typeof RECORD_SCHEMAS.imagenet>> => {
        const image = await readFile(file);
        const { width, height } = await decodeImage(image);
        return {
          image,
          label,
          width,
          height,
          channels: 3,
          colorspace: 'RGB',
          format: 'JPEG',
          filename: origin,
          text: classNames[label] ?? '',
          synset: '',
          boxXMin: [],
          boxXMax: [],
          boxYMin: [],
          boxYMax: [],
        };
      });
    const shards = flat
      ? await writeTFRecords(records, RECORD_SCHEMAS.flat, path.join(folder, `${side}_tf`, side), { shards: settings.shards })
      : await writeTFRecords(records, RECORD_SCHEMAS.imagenet, path.join(folder, side), { shards: settings.shards });
    console.log(`${few.length} records in ${shards.length} files ${path.dirname(shards[0] ?? folder)}`);
  }
  return { folder, classNames: names ?? [] };
}
