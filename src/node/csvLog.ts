// One line of figures an epoch, in a file any table program opens.

import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { boolean, check, checkOptions, DataError, text } from '../core/index.js';
import { callback, type TrainingCallback } from '../training/index.js';

/** Options of {@link csvLog}. */
export interface CsvLogOptions {
  /** Goes on with a file that exists, as a resumed run does. @defaultValue false */
  readonly append?: boolean;
}

/**
 * Writes the figures of every epoch as a line of CSV; the first epoch decides the columns, and a figure missing later leaves its place empty.
 *
 * @throws {OptionError} when an option is unknown. {@link DataError} in training, when the file cannot be written.
 * @example
 * await model.fitDataset(train, { epochs: 10, callbacks: [csvLog('runs/clothes.csv')] });
 */
export function csvLog(file: string, options: CsvLogOptions = {}): TrainingCallback {
  check('csvLog', 'file', file, text);
  const { append = false } = checkOptions('csvLog', options, { append: boolean });
  let columns: readonly string[] | undefined;
  return callback({
    onEpochEnd: async (epoch, figures) => {
      try {
        if (columns === undefined && append) columns = await columnsOf(file);
        if (columns === undefined) {
          columns = Object.keys(figures);
          await mkdir(path.dirname(file), { recursive: true });
          await writeFile(file, `${['epoch', ...columns].join(',')}\n`);
        }
        await appendFile(file, `${[epoch, ...columns.map((name) => figures[name] ?? '')].join(',')}\n`);
      } catch (cause) {
        throw new DataError(`csvLog: expected a file that can be written, received '${file}': ${(cause as Error).message}.`, { cause, origin: file });
      }
    },
  });
}

async function columnsOf(file: string): Promise<readonly string[] | undefined> {
  try {
    const [header = ''] = (await readFile(file, 'utf8')).split('\n', 1);
    return header.startsWith('epoch') ? header.split(',').slice(1) : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
