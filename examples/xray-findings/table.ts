// Reads the table of findings: VinBigData, NIH ChestX-ray14, a table of your own, or one of the images in the repository.

import { existsSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { imagesFromCsv, type CsvFile } from 'effnet-ts/node';
import { DATA } from '../shared/settings.js';
import type { Settings, TableSettings } from './settings.js';

/** The table of NIH ChestX-ray14, which is used if the data folder contains it. */
const NIH: TableSettings = {
  csv: 'Data_Entry_2017.csv',
  pathColumn: 'Image Index',
  suffix: '',
  labelColumn: 'Finding Labels',
  labelSeparator: '|',
  groupColumn: 'Patient ID',
  classes: 'No Finding,Effusion,Pneumothorax',
};

/** Returns the images that show exactly one of the chosen findings, and prints how many were left out. */
export async function readFindings(settings: Settings): Promise<{ classNames: readonly string[]; files: readonly CsvFile[] }> {
  const { file, folder, table } = await locate(settings);
  const { classNames, files, missing } = await imagesFromCsv(file, {
    pathColumn: table.pathColumn,
    suffix: table.suffix,
    labelColumn: table.labelColumn,
    folder,
    multiLabel: true,
    missing: 'skip',
    ...(table.labelSeparator === '' ? {} : { labelSeparator: table.labelSeparator }),
    ...(table.groupColumn === '' ? {} : { groupColumn: table.groupColumn }),
  });
  if (missing.length > 0) console.log(`${missing.length} images of the table do not exist, for example ${String(missing[0])}`);
  const chosen = table.classes === '' ? classNames : table.classes.split(',');
  const found = files.map((image) => ({
    ...image,
    labels: image.labels.map((label) => chosen.indexOf(classNames[label] ?? '')).filter((label) => label >= 0),
  }));
  const kept = found.filter(({ labels }) => labels.length === 1).map((image) => ({ ...image, label: image.labels[0] ?? -1 }));
  const several = found.filter(({ labels }) => labels.length > 1).length;
  console.log(`${files.length} images in ${path.basename(file)}: ${kept.length} show one of ${chosen.join(', ')}; ${several} show several`);
  return { classNames: chosen, files: kept };
}

/** Finds the table and the folders of its images. The 512-pixel version of VinBigData unpacks into `vinbigdata/`. */
async function locate(settings: Settings): Promise<{ file: string; folder: string | readonly string[]; table: TableSettings }> {
  const { data, csv, out } = settings;
  if (data === '') return { file: await writeTable(path.join(out, csv)), folder: DATA, table: settings };
  for (const root of [data, path.join(data, 'vinbigdata')]) {
    const table = [settings, NIH].find((each) => existsSync(path.join(root, each.csv)));
    if (table !== undefined) return { file: path.join(root, table.csv), folder: imageFolders(root), table };
  }
  return { file: path.join(data, csv), folder: data, table: settings };
}

/** Returns `images_001/images` to `images_012/images` as in NIH's archives, or `train`, or `images`, or the folder itself. */
function imageFolders(root: string): string | readonly string[] {
  const parts = readdirSync(root)
    .filter((name) => /^images_\d+$/.test(name))
    .map((name) => path.join(root, name, 'images'));
  if (parts.length > 0) return parts;
  return ['train', 'images'].map((name) => path.join(root, name)).find(existsSync) ?? root;
}

/** Lists three kinds of clothes in a table, which stand in for findings. */
async function writeTable(file: string): Promise<string> {
  const rows = ['train', 'validation'].flatMap((side) =>
    ['dress', 'pants', 'shirt'].flatMap((finding) =>
      readdirSync(path.join(DATA, 'clothing', side, finding)).map((image) => `clothing/${side}/${finding}/${image},${finding}`),
    ),
  );
  await writeFile(file, `file,finding\n${rows.join('\n')}\n`);
  return file;
}
