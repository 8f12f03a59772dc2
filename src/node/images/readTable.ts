// Reads the rows of a CSV file, with their line numbers.

import { parse } from 'csv-parse/sync';
import { DataError } from '../../core/index.js';
import { decodeText, list } from '../../core/internal.js';
import { readRegularFile, systemReason } from '../files/internal.js';

/** How a table is read. */
export interface ReadTableOptions {
  /** The function the user called. */
  readonly where: string;
  readonly encoding: string;
  readonly delimiter: string;
  /** The columns that the table must have. */
  readonly columns: readonly string[];
}

/** A row of a table. */
export interface TableRow {
  /** The line of the file in which the row starts. The header is line 1. */
  readonly line: number;
  /** Returns the cell of a column. */
  readonly cell: (column: string) => string;
}

const OTHER_FILES: readonly (readonly [start: string, what: string])[] = [
  ['\x1f\x8b', 'a gzip file. Unpack it first'],
  ['PK\x03\x04', 'a ZIP archive, as Excel workbooks (.xlsx) are. Unpack it, or export the workbook as CSV'],
  ['\xd0\xcf\x11\xe0', 'an Excel workbook (.xls). Export it as CSV'],
  ['PAR1', 'a Parquet file. Convert it to CSV'],
];

/**
 * Reads the rows below the header. Empty lines are skipped, and spaces around cells are removed.
 *
 * @throws {DataError} when the file cannot be read or decoded, is not a table, or lacks a column or has it twice. Also when a row has more
 *   or fewer cells than the header.
 */
export async function readTable(file: string, options: ReadTableOptions): Promise<TableRow[]> {
  const { where, columns } = options;
  const fail = (problem: string, cause?: unknown): DataError => new DataError(`${where}: ${problem}`, { cause, origin: file });
  const text = await readText(file, options);
  const hint = otherDelimiter(text, options);
  const [header, ...records] = parseRecords(text, options.delimiter, (message, cause) =>
    fail(`expected a CSV table with a header in '${file}': ${message}.${hint}`, cause),
  );
  if (header === undefined) throw fail(`expected a CSV table with a header in '${file}', which is empty.`);
  for (const column of columns) {
    if (!header.cells.includes(column)) throw fail(`expected a column '${column}' in '${file}', received ${list(header.cells)}.${hint}`);
    if (header.cells.indexOf(column) !== header.cells.lastIndexOf(column))
      throw fail(`expected one column '${column}' in '${file}', received several: ${list(header.cells)}. Rename all but one.`);
  }
  return records.map(({ line, cells }) => {
    if (cells.length !== header.cells.length) {
      throw fail(
        `expected ${header.cells.length} cells in every row of '${file}', as in its header, ` +
          `received ${cells.length} in line ${line}. Put cells that contain the delimiter in quotes.`,
      );
    }
    return { line, cell: (column) => cells[header.cells.indexOf(column)] as string };
  });
}

async function readText(file: string, { where, encoding }: ReadTableOptions): Promise<string> {
  const bytes = Buffer.from(
    await readRegularFile(file).catch((cause: unknown) => {
      throw new DataError(`${where}: expected a CSV file, received '${file}', which cannot be read: ${systemReason(cause)}.`, {
        cause,
        origin: file,
      });
    }),
  );
  const start = bytes.subarray(0, 4).toString('latin1');
  const other = OTHER_FILES.find(([mark]) => start.startsWith(mark));
  if (other !== undefined)
    throw new DataError(`${where}: expected a CSV file, received '${file}', which is ${other[1]}.`, { origin: file });
  const remedy =
    "Name the file's encoding, for example encoding: 'windows-1252' (Excel, Western Europe) or 'utf-16le', or save it as UTF-8.";
  const text = decodeText(bytes, { where, origin: file, encoding, remedy });
  const zero = text.indexOf('\0');
  if (zero >= 0) {
    throw new DataError(
      `${where}: expected text in '${file}', received a zero byte in line ${text.slice(0, zero).split('\n').length}, ` +
        `as in UTF-16. ${remedy}`,
      { origin: file },
    );
  }
  return text;
}

interface TableRecord {
  readonly line: number;
  readonly cells: readonly string[];
}

function parseRecords(text: string, delimiter: string, fail: (message: string, cause: unknown) => DataError): TableRecord[] {
  let records: string[][];
  try {
    // All line endings are made equal, so that lines can be counted.
    records = parse(text.replaceAll(/\r\n?/g, '\n'), { delimiter, relax_column_count: true, trim: true });
  } catch (cause) {
    throw fail(cause instanceof Error ? cause.message : String(cause), cause);
  }
  let next = 1;
  const placed = records.map((cells) => {
    const line = next;
    next += 1 + cells.reduce((breaks, cell) => breaks + cell.split('\n').length - 1, 0);
    return { line, cells };
  });
  return placed.filter(({ cells }) => cells.length > 1 || cells[0] !== '');
}

/** Finds a delimiter that yields the columns, for the remedy when the one that is set does not. */
function otherDelimiter(text: string, { delimiter, columns }: ReadTableOptions): string {
  const header = /[^\r\n]*/.exec(text.trimStart())?.[0] ?? '';
  const gives = (each: string): boolean => {
    const cells = header.split(each).map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
    return columns.every((column) => cells.includes(column));
  };
  const found = gives(delimiter) ? undefined : [';', '\t', ',', '|'].find(gives);
  return found === undefined ? '' : ` The columns are separated by '${found === '\t' ? '\\t' : found}': set \`delimiter\`.`;
}
