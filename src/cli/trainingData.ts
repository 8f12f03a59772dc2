// The images of `effnet-ts train`: lists them, splits them, and leaves out broken ones.

import path from 'node:path';
import { DataError, Dataset, decodeImage, trainValidationSplit } from '../node.js';
import { trackProgress } from '../core/internal.js';
import type { CliContext } from './CliCommand.js';
import { labeledFiles, type GroupedFile } from './labeledFiles.js';
import { kindOf } from './openModel.js';
import type { CsvOptions } from './options.js';
import { UsageError } from './UsageError.js';

/** The images to train, validate and test on. */
export interface TrainingFiles {
  readonly classNames: readonly string[];
  readonly train: readonly GroupedFile[];
  readonly validation: readonly GroupedFile[];
  /** Empty without a test split. */
  readonly test: readonly GroupedFile[];
}

/** How {@link trainingData} reads and splits. */
export interface TrainingDataOptions extends CsvOptions {
  readonly validation: number;
  readonly test: number;
  readonly seed: number;
}

const VALIDATION_NAMES = ['validation', 'valid', 'val'];

/**
 * Lists and splits the images of a folder or a table. A folder with `train` and `validation` (and `test`) in it is already split.
 *
 * @throws {UsageError} when the shares leave nothing to train or validate on.
 */
export async function trainingData(source: string, options: TrainingDataOptions, context: CliContext): Promise<TrainingFiles> {
  const { validation, test, skipBroken } = options;
  if (validation === 0)
    throw new UsageError('--validation: expected a share above 0, because without it nobody knows how good the model is.');
  if (validation + test >= 1)
    throw new UsageError(`--validation and --test: expected less than 1 together, received ${validation} and ${test}.`);
  const files = (await readySplit(source, options, context)) ?? split(await labeledFiles(source, options, context), options);
  if (!skipBroken) return files;
  const bad = await brokenFiles([...files.train, ...files.validation, ...files.test], context);
  const whole = (list: readonly GroupedFile[]): readonly GroupedFile[] => list.filter(({ path: place }) => !bad.has(place));
  const left = { classNames: files.classNames, train: whole(files.train), validation: whole(files.validation), test: whole(files.test) };
  const lost = files.classNames.filter((_, label) => !left.train.some((file) => file.label === label));
  if (lost.length > 0)
    throw new DataError(`there are no images to train the class '${lost[0] ?? ''}' that can be decoded.`, { origin: source });
  return left;
}

async function readySplit(source: string, options: TrainingDataOptions, context: CliContext): Promise<TrainingFiles | undefined> {
  const place = async (names: readonly string[]): Promise<string | undefined> => {
    for (const name of names) if ((await kindOf(path.join(source, name))) === 'folder') return path.join(source, name);
    return undefined;
  };
  const [train, validation, test] = await Promise.all([['train'], VALIDATION_NAMES, ['test']].map(place));
  if (train === undefined || validation === undefined) return undefined;
  const { classNames, files } = await labeledFiles(train, options, context);
  const named = async (folder: string | undefined): Promise<readonly GroupedFile[]> => {
    if (folder === undefined) return [];
    // Origins are paths within a folder. With the name of the folder they are different.
    const prefix = path.basename(folder);
    return (await labeledFiles(folder, options, context, classNames)).files.map((file) => ({
      ...file,
      origin: `${prefix}/${file.origin}`,
    }));
  };
  return { classNames, train: files, validation: await named(validation), test: await named(test) };
}

function split(
  { classNames, files }: { readonly classNames: readonly string[]; readonly files: readonly GroupedFile[] },
  { validation, test, seed }: TrainingDataOptions,
): TrainingFiles {
  const how = {
    seed,
    stratifyBy: (file: GroupedFile) => file.label,
    ...(files.some(({ group }) => group !== undefined) ? { groupBy: (file: GroupedFile) => file.group ?? file.origin } : {}),
  };
  const first = test === 0 ? { train: files, validation: [] } : trainValidationSplit(files, test, how);
  const second = trainValidationSplit(first.train, validation / (1 - test), how);
  return { classNames, train: second.train, validation: second.validation, test: first.validation };
}

/** Decodes all images once. Names those that fail, and returns their paths. */
async function brokenFiles(files: readonly GroupedFile[], { note, onProgress, signal }: CliContext): Promise<ReadonlySet<string>> {
  const progress = trackProgress(onProgress, 'check', 'images', files.length);
  const errors = Dataset.from(files).map(
    ({ path: place }) =>
      decodeImage(place).then(
        () => undefined,
        (error: unknown) => ({ place, message: error instanceof Error ? error.message : String(error) }),
      ),
    { concurrency: 'auto' },
  );
  const bad = new Set<string>();
  let done = 0;
  for await (const error of errors.withSignal(signal)) {
    progress(++done);
    if (error === undefined) continue;
    note(error.message);
    bad.add(error.place);
  }
  if (bad.size > 0) note(`${bad.size} of ${files.length} images were left out.`);
  return bad;
}
