// One line of metrics an epoch, in a file any table program opens.

import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'csv-parse/sync';
import { boolean, check, checkOptions, decodeText, show, text } from '../../core/internal.js';
import { DataError } from '../../core/index.js';
import { callback, type TrainingCallback } from '../../training/index.js';
import { unwritable } from '../files/internal.js';

/** Options of {@link csvLog}. */
export interface CsvLogOptions {
  /** Goes on with a file that exists, as a resumed run does. @defaultValue false */
  readonly append?: boolean | undefined;
}

/**
 * Writes the metrics of every epoch as a line of CSV. The first epoch decides the columns; a metric that is missing later leaves its place
 * empty.
 *
 * @throws {OptionError} when an option is unknown. {@link DataError} in training, when the file cannot be written, or is no log to go on
 *   with.
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
          await writeFile(file, line(['epoch', ...columns]));
        }
        await appendFile(file, line([epoch, ...columns.map((name) => metrics[name] ?? '')]));
      } catch (cause) {
        if (cause instanceof DataError) throw cause;
        unwritable('csvLog', 'file', file)(cause);
      }
    },
  });
}

/** The columns of a log that goes on, also one that a spreadsheet has saved; `undefined` for a new or empty file. */
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
  // A run that was killed may have left half a line.
  if (!content.endsWith('\n')) await appendFile(file, '\n');
  return columns;
}

function line(cells: readonly (string | number)[]): string {
  return `${cells.map((cell) => (/[",\r\n]/.test(String(cell)) ? `"${String(cell).replaceAll('"', '""')}"` : cell)).join(',')}\n`;
}
