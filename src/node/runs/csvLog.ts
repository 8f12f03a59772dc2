// Writes the metrics of every epoch to a CSV file.

import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'csv-parse/sync';
import { boolean, check, checkOptions, csvLine, decodeText, show, text } from '../../core/internal.js';
import { DataError } from '../../core/index.js';
import { callback, type TrainingCallback } from '../../training/index.js';
import { unwritable } from '../files/internal.js';

/** Options of {@link csvLog}. */
export interface CsvLogOptions {
  /** Whether to append to an existing file, for a resumed run. @defaultValue false */
  readonly append?: boolean | undefined;
}

/**
 * Writes the metrics of every epoch as a line of CSV. The metrics of the first epoch become the columns. A metric that is missing later
 * leaves its cell empty. Missing folders are created.
 *
 * @throws {OptionError} when an option is unknown. {@link DataError} in training, when the file cannot be written, or with `append` is not
 *   such a log.
 * @example
 * await model.fitDataset(train, { epochs: 10, callbacks: [csvLog('runs/clothes.csv')] });
 */
export function csvLog(file: string, options: CsvLogOptions = {}): TrainingCallback {
  check('csvLog', 'file', file, text);
  const { append = false } = checkOptions('csvLog', options, { append: boolean });
  let columns: readonly string[] | undefined;
  return callback({
    onEpochEnd: async (epoch, metrics) => {
      try {
        if (columns === undefined && append) columns = await openLog(file);
        if (columns === undefined) {
          columns = Object.keys(metrics);
          await mkdir(path.dirname(file), { recursive: true });
          await writeFile(file, `${csvLine(['epoch', ...columns])}\n`);
        }
        await appendFile(file, `${csvLine([epoch, ...columns.map((name) => metrics[name] ?? '')])}\n`);
      } catch (cause) {
        if (cause instanceof DataError) throw cause;
        unwritable('csvLog', 'file', file)(cause);
      }
    },
  });
}

/** The columns of an existing log, which may have been saved by a spreadsheet. `undefined` for a new or empty file. */
async function openLog(file: string): Promise<readonly string[] | undefined> {
  const bytes = await readFile(file).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  });
  if (bytes.length === 0) return undefined;
  const content = decodeText(bytes, { where: 'csvLog', origin: file, remedy: 'Save it as UTF-8, or name another file.' });
  const [[first, ...columns] = []] = parse(content, { to_line: 1, relax_column_count: true }) as [string[]?];
  if (first !== 'epoch') {
    throw new DataError(
      `csvLog: expected a log whose first column is 'epoch' to go on with, received '${file}', ` +
        `which begins with ${show(first)}. Name another file, or leave out \`append\`.`,
      { origin: file },
    );
  }
  // A run that was killed may have left an incomplete line.
  if (!content.endsWith('\n')) await appendFile(file, '\n');
  return columns;
}
