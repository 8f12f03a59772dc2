// Writes the files of an export for transformers, and recognizes the folder of an earlier one.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { DataError, isEffnetError } from '../../core/index.js';
import { namesIn, replaceFiles, unwritable } from '../files/internal.js';

/** The file without which transformers does not open a folder. It is written last. */
const CONFIG = 'config.json';
/** The key in that file by which an earlier export is recognized. */
const MARK = 'effnet';
/** All files that an export may have. */
const FILES = [
  'onnx/model.onnx',
  'onnx/model_fp16.onnx',
  'onnx/model_quantized.onnx',
  'model.safetensors',
  'preprocessor_config.json',
  CONFIG,
] as const;

/** The content of an export: the configuration, and functions that return the content of the other files. */
export interface TransformersContent {
  readonly config: Readonly<Record<string, unknown>>;
  readonly files: Readonly<Partial<Record<(typeof FILES)[number], () => string | Uint8Array>>>;
}

/**
 * Refuses a folder that contains other files and no earlier export, because it is probably not the one that was meant.
 *
 * @throws {DataError} naming one of the files.
 */
export async function checkTransformersFolder(where: string, folder: string): Promise<void> {
  const names = await namesIn(where, 'folder', folder);
  if (await isExport(folder)) return;
  // Hidden files such as .gitkeep, and files left behind by an export that was killed, are fine.
  const own = names.includes(CONFIG) ? [] : FILES.map((file) => file.split('/')[0]);
  const other = names.find((name) => !name.startsWith('.') && !own.includes(name));
  if (other === undefined) return;
  throw new DataError(
    `${where}: expected an empty folder or an earlier export at '${folder}', received one with '${other}' that this library did not write. ` +
      'Choose another.',
    { origin: folder },
  );
}

/** Writes an export in place of an earlier one. */
export async function writeTransformersFolder(where: string, folder: string, { config, files }: TransformersContent): Promise<void> {
  await replaceFiles(folder, {
    files: { ...files, [CONFIG]: () => json({ ...config, [MARK]: { format: 1 } }) },
    main: CONFIG,
    obsolete: FILES.filter((file) => !(file in files)),
  }).catch((cause: unknown) => {
    if (isEffnetError(cause)) throw cause;
    return unwritable(where, 'folder', folder)(cause);
  });
}

/** Numbers that transformers refuses as integers: B0's width coefficient is `1.0` in its files. */
const FLOAT = /^( *"(?:(?:width|depth)_coefficient|squeeze_expansion_ratio|batch_norm_\w+|\w+_rate)": -?\d+)(?=,?$)/gm;

/** Converts to JSON as the files of the hub are: with two spaces and a newline, and with floats where Python has them. */
export function json(content: unknown): string {
  return `${JSON.stringify(content, null, 2).replaceAll(FLOAT, '$1.0')}\n`;
}

async function isExport(folder: string): Promise<boolean> {
  try {
    const config = JSON.parse(await readFile(path.join(folder, CONFIG), 'utf8')) as object | null;
    return typeof config === 'object' && config !== null && MARK in config;
  } catch {
    return false;
  }
}
