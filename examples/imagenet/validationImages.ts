// Finds the validation images of ImageNet in a folder, in any of the forms in which they are distributed.

import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  DataError,
  imageFiles,
  recordImages,
  type Dataset,
  type LabeledFile,
  type LabeledImage,
  type ReadImagesOptions,
} from 'effnet-ts/node';
import { IMAGENET_CLASSES } from 'effnet-ts/imagenet';
import { readRecords } from './records.js';

const CLASS_COUNT = IMAGENET_CLASSES.length;
const INDEX_OF = new Map(IMAGENET_CLASSES.map(({ wordNetId, index }) => [wordNetId, index]));
const IMAGE = /\.(jpe?g|png)$/i;
const VALIDATION_IMAGE = /^ILSVRC2012_val_\d{8}\.jpe?g$/i;

/** What to read. */
export interface ValidationSettings {
  /** A folder of class folders named by WordNet id, of `ILSVRC2012_val_*.JPEG`, or of TFRecords. */
  readonly data: string;
  /** The file of labels for `ILSVRC2012_val_*.JPEG`. */
  readonly labels: string;
}

/** Returns the images with class indices as labels, in a fixed order. Records are read from disk as the dataset is read. */
export async function validationImages({ data, labels }: ValidationSettings, options: ReadImagesOptions): Promise<Dataset<LabeledImage>> {
  const entries = await readdir(data, { withFileTypes: true }).catch((cause: unknown) => {
    throw new DataError(`evaluate: expected a folder for --data, received '${data}', which cannot be read.`, { cause });
  });
  const names = entries.map(({ name }) => name).sort();
  const ids = names.filter((name) => INDEX_OF.has(name));
  const flat = names.filter((name) => VALIDATION_IMAGE.test(name));
  const common = { ...options, labelMode: 'int', classes: CLASS_COUNT } as const;
  if (ids.length > 0) return imageFiles(spread(await filesOfClasses(data, ids)), { ...common, shuffle: false });
  if (flat.length > 0) return imageFiles(await labeledFiles(data, flat, labels), { ...common, shuffle: false });
  return recordImages(await readRecords('validation', { data, schema: '', trainRecords: '', validationRecords: '' }), common);
}

async function filesOfClasses(data: string, ids: readonly string[]): Promise<LabeledFile[][]> {
  return Promise.all(
    ids.map(async (id) =>
      (await readdir(path.join(data, id)))
        .filter((name) => IMAGE.test(name))
        .sort()
        .map((name) => ({ path: path.join(data, id, name), origin: `${id}/${name}`, label: INDEX_OF.get(id) as number })),
    ),
  );
}

/** Takes one file of each class in turn, so that the first ones are from all classes. */
function spread(classes: readonly (readonly LabeledFile[])[]): LabeledFile[] {
  const most = classes.reduce((length, files) => Math.max(length, files.length), 0);
  return Array.from({ length: most }, (_, i) => classes.flatMap((files) => files.slice(i, i + 1))).flat();
}

async function labeledFiles(data: string, names: readonly string[], labels: string): Promise<LabeledFile[]> {
  if (labels === '')
    throw new DataError(
      `evaluate: expected --labels for the ${names.length} images in '${data}', received none. ` +
        'Give val.txt of Caffe, imagenet_2012_validation_synset_labels.txt of TensorFlow or LOC_val_solution.csv of Kaggle.',
    );
  const labelOf = parseLabels(labels, await readFile(labels, 'utf8'));
  return names.map((name) => ({ path: path.join(data, name), origin: name, label: labelOf(name) }));
}

/**
 * Reads a file of labels: a WordNet id per line in the order of the images, or on each line the name of an image and its WordNet id or
 * class index.
 */
export function parseLabels(file: string, content: string): (image: string) => number {
  const lines = content.split(/\r?\n/).filter((line) => line.trim() !== '' && !line.startsWith('ImageId,'));
  const byImage = new Map<string, number>();
  lines.forEach((line, i) => {
    const [first = '', second] = line.trim().split(/[\s,]+/);
    const isOrdered = second === undefined;
    const label = indexOf(isOrdered ? first : second);
    if (label === undefined) {
      const remedy =
        isOrdered && /^\d+$/.test(first)
          ? ' The numbers of the development kit have an order of their own; use a file with WordNet ids.'
          : '';
      throw new DataError(`evaluate: expected a WordNet id or class index in line ${i + 1} of '${file}', received '${line}'.${remedy}`);
    }
    byImage.set(isOrdered ? String(i + 1) : numberOf(first), label);
  });
  return (image) => {
    const label = byImage.get(numberOf(image));
    if (label === undefined) throw new DataError(`evaluate: expected a label for '${image}' in '${file}', found none.`);
    return label;
  };

  function indexOf(text: string): number | undefined {
    const isIndexed = lines.some((line) => /[\s,]/.test(line.trim()));
    return INDEX_OF.get(text) ?? (isIndexed && /^\d+$/.test(text) && Number(text) < CLASS_COUNT ? Number(text) : undefined);
  }
}

/** The number in the name of a validation image, without leading zeros. */
function numberOf(image: string): string {
  return String(Number(/(\d{8})(?:\.\w+)?$/.exec(image)?.[1] ?? NaN));
}
