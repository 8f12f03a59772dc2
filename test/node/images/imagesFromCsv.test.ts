import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { feature, food101Files, imagesFromCsv, parseExample, type ImagesFromCsvOptions } from '../../../src/node.js';

interface Case {
  readonly name: string;
  readonly bytes: string;
  readonly options: ImagesFromCsvOptions;
  readonly pandas: {
    readonly classNames: readonly string[];
    readonly rows: readonly (readonly [file: string, labels: readonly string[]])[];
    readonly missing: number;
  };
}

const { cases } = JSON.parse(await readFile(fileURLToPath(new URL('../../fixtures/node/tables.json', import.meta.url)), 'utf8')) as {
  cases: Case[];
};

const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'effnet-tables-'));
});
beforeEach(() => {
  warn.mockClear();
});
afterAll(() => rm(folder, { recursive: true }));

/** Empty files: nothing here decodes them. */
async function images(...names: readonly string[]): Promise<void> {
  for (const name of names) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), '');
  }
}

/** `undefined` takes an option of `basic` away. */
type Options = { readonly [K in keyof ImagesFromCsvOptions]?: ImagesFromCsvOptions[K] | undefined };

const basic: ImagesFromCsvOptions = { pathColumn: 'id', labelColumn: 'label', suffix: '.jpg', shuffle: false };

/** Reads a table of the images 0.jpg to 9.jpg. */
async function read(content: string | Uint8Array, options: Options = {}) {
  await images(...Array.from({ length: 10 }, (_, i) => `${i}.jpg`));
  await writeFile(path.join(folder, 'table.csv'), content);
  return imagesFromCsv(path.join(folder, 'table.csv'), { ...basic, ...options } as ImagesFromCsvOptions);
}

const refusal = (content: string | Uint8Array, options: Options = {}): Promise<string> =>
  read(content, options).then(
    ({ classNames }) => `classes ${classNames.join('|')}`,
    (error: unknown) => String(error).replaceAll(folder, '<folder>'),
  );

const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const utf16 = (text: string): Uint8Array => Buffer.from(text, 'utf16le');

test.each(cases)('pandas reads the same labels: $name', async ({ bytes, options, pandas }) => {
  await images(...pandas.rows.map(([name]) => `${name}${options.suffix ?? ''}`));
  const table = path.join(folder, 'case.csv');
  await writeFile(table, Buffer.from(bytes, 'base64'));
  const { classNames, files, skipped } = await imagesFromCsv(table, options);
  expect(classNames).toEqual(pandas.classNames);
  expect(files.map(({ origin, labels }) => [origin, labels.map((label) => classNames[label])])).toEqual(pandas.rows);
  expect(skipped).toHaveLength(pandas.missing);
});

describe('encodings', () => {
  test('bytes that are not UTF-8 are refused with their position, never merged into one class', async () => {
    expect(await refusal(latin1('id,label\n0,pêche\n1,pèche\n'))).toMatchInlineSnapshot(
      `"DataError: imagesFromCsv: expected utf-8 text in '<folder>/table.csv', received the byte 0xEA at offset 12 (line 2, after '0,p'). Name the file's encoding, for example encoding: 'windows-1252' (Excel, Western Europe) or 'utf-16le', or save it as UTF-8."`,
    );
    expect((await read(latin1('id,label\n0,pêche\n1,pèche\n'), { encoding: 'latin1' })).classNames).toEqual(['pèche', 'pêche']);
    // A replacement character that is in the text is not the fault; a cut character at the end is.
    expect(await refusal(Buffer.concat([Buffer.from('id,label\n0,\ufffd\n1,é'), Buffer.of(0xc3)]))).toMatch(
      "received the byte 0xC3 at offset 19 (line 3, after '1,é')",
    );
  });

  test('text of another encoding is refused by its byte-order mark or its zero bytes', async () => {
    const table = 'id,label\n0,a\n';
    expect(await refusal(utf16(`\ufeff${table}`))).toMatch(
      "expected utf-8 text in '<folder>/table.csv', received the byte-order mark of utf-16le. Name the file's encoding",
    );
    expect(await refusal(utf16(`\ufeff${table}`), { encoding: 'utf-16be' })).toMatch(
      "expected utf-16be text in '<folder>/table.csv', received the byte-order mark of utf-16le",
    );
    expect(await refusal(`\ufeff${table}`, { encoding: 'windows-1252' })).toMatch(
      "expected windows-1252 text in '<folder>/table.csv', received the byte-order mark of utf-8",
    );
    expect(await refusal(Buffer.from([0xff, 0xfe, 0, 0, 0x69, 0, 0, 0]))).toMatch('received the byte-order mark of utf-32');
    expect(await refusal(utf16(table))).toMatch("expected text in '<folder>/table.csv', received a zero byte in line 1, as in UTF-16.");
    expect(await refusal(utf16(table), { encoding: 'utf-16le' })).toBe('classes a');
    expect(await refusal(utf16(`${table}1,\ud800\n`), { encoding: 'utf-16le' })).toMatch(
      "received bytes that are not utf-16le in line 3, after '1,'",
    );
    expect(await refusal(Buffer.from([...Buffer.from(table), 0x31, 0x2c, 0xff, 0x0a]), { encoding: 'shift_jis' })).toMatch(
      "received bytes that are not shift_jis in line 3, after '1,'",
    );
  });

  test('an encoding that is not known is refused before the table is read', async () => {
    expect(await refusal('', { encoding: 'utf-32' })).toMatchInlineSnapshot(
      `"OptionError: imagesFromCsv: expected an encoding that TextDecoder knows, such as 'utf-8', 'windows-1252', 'utf-16le' or 'shift_jis' for \`encoding\`, received 'utf-32'."`,
    );
  });

  test('lists and records are decoded as strictly as tables', async () => {
    await mkdir(path.join(folder, 'food/meta'), { recursive: true });
    for (const name of ['classes', 'train', 'test']) await writeFile(path.join(folder, `food/meta/${name}.txt`), latin1('pêche\n'));
    await expect(food101Files(path.join(folder, 'food'))).rejects.toThrow(
      "classes.txt', received the byte 0xEA at offset 1 (line 1, after 'p'). Save it as UTF-8.",
    );
    const schema = { label: { key: 'class', kind: 'text' } } as const;
    expect(() => parseExample({ class: feature.bytes(latin1('pêche')) }, schema, 'a.tfrecord@0')).toThrowErrorMatchingInlineSnapshot(
      `[DataError: parseExample: expected utf-8 text in 'a.tfrecord@0, class', received the byte 0xEA at offset 1 (line 1, after 'p'). Read this feature with kind: 'bytes', and decode it with a TextDecoder of its encoding.]`,
    );
    expect(parseExample({ class: feature.bytes(Buffer.from('pêche')) }, schema)).toEqual({ label: 'pêche' });
  });

  test('an error names a file that is not text', async () => {
    expect(await refusal(gzipSync('id,label\n0,a\n'))).toMatchInlineSnapshot(
      `"DataError: imagesFromCsv: expected a CSV file, received '<folder>/table.csv', which is a gzip file. Unpack it first."`,
    );
    expect(await refusal(latin1('PK\x03\x04\x14'))).toMatch('which is a ZIP archive, as Excel workbooks (.xlsx) are');
    expect(await refusal(latin1('\xd0\xcf\x11\xe0\xa1'))).toMatch('which is an Excel workbook (.xls). Export it as CSV.');
    expect(await refusal('PAR1\x15')).toMatch('which is a Parquet file. Convert it to CSV.');
  });
});

describe('rows that are left out', () => {
  const gaps = 'id,label\n0,cat\n1,\n2,NaN\n"3",dog\n,dog\n4,NaN\n3,dog\n77,cat\n';

  test('an error names a row without a label', async () => {
    expect(await refusal(gaps)).toMatchInlineSnapshot(
      `"DataError: imagesFromCsv: expected a label in every row of '<folder>/table.csv', 4 of 8 have none: line 3 ('1', the label is empty), line 4 ('2', the label is 'NaN'), line 6 ('', the file name is empty), .... Set unlabeled: 'skip' to leave them out, or give \`classNames\` with the value if it is a class."`,
    );
  });

  test('skipped rows are listed with their reasons and counted in one line', async () => {
    const { files, skipped, missing } = await read(gaps, { unlabeled: 'skip', missing: 'skip' });
    expect(files.map(({ origin }) => origin)).toEqual(['0', '3']);
    expect(missing).toEqual([path.join(folder, '77.jpg')]);
    expect(skipped).toEqual([
      { line: 3, path: '1', reason: 'the label is empty' },
      { line: 4, path: '2', reason: "the label is 'NaN'" },
      { line: 6, path: '', reason: 'the file name is empty' },
      { line: 7, path: '4', reason: "the label is 'NaN'" },
      { line: 8, path: '3', reason: 'it repeats an earlier row' },
      { line: 9, path: '77', reason: 'the image does not exist' },
    ]);
    expect(warn.mock.calls).toEqual([
      [
        `imagesFromCsv: left out 6 of 8 rows of '${path.join(folder, 'table.csv')}': ` +
          `the label is 'NaN' (2), the label is empty (1), the file name is empty (1), other reasons. \`skipped\` in the result lists all.`,
      ],
    ]);
    warn.mockClear();
    const onWarning = vi.fn();
    await read(gaps, { unlabeled: 'skip', missing: 'skip', onWarning });
    expect(onWarning.mock.calls).toEqual([[expect.stringMatching(/^imagesFromCsv: left out 6 of 8 rows/)]]);
    expect(warn).not.toHaveBeenCalled();
  });

  test('nothing is printed if no row is skipped, and rows of excluded classes do not count as skipped', async () => {
    const { skipped, classNames } = await read('id,label\n0,cat\n1,dog\n2,NaN\n', { exclude: ['dog', 'NaN'] });
    expect([skipped, classNames]).toEqual([[], ['cat']]);
    expect(warn).not.toHaveBeenCalled();
  });

  test('a class may be called NaN or None if an option names it', async () => {
    const table = 'id,label\n0,None\n1,benign\n2,\n';
    expect(await refusal(table, { classNames: ['None', 'benign'], unlabeled: 'skip' })).toBe('classes None|benign');
    expect(await refusal(table, { names: { None: 'healthy', '': 'unseen' } })).toBe('classes benign|healthy|unseen');
    expect(await refusal(table, { relabel: { None: 'benign' }, unlabeled: 'skip' })).toBe('classes benign');
    expect(await refusal('id,label\n0,a|NaN\n1,b|\n', { labelSeparator: '|', multiLabel: true })).toMatch(
      "1 of 2 have none: line 2 ('0', the label is 'NaN')",
    );
  });

  test('the error for an image with two labels names both lines, also when its path is written in two ways', async () => {
    expect(await refusal('id,label\n0,cat\n"1",dog\n./0,dog\n')).toMatchInlineSnapshot(
      `"DataError: imagesFromCsv: expected one label for './0' in '<folder>/table.csv', received 'cat' in line 2 and 'dog' in line 4. Set multiLabel: true for several."`,
    );
    expect((await read('id,label\n0,cat\n0,dog\n0,cat\n', { multiLabel: true })).files[0]!.labels).toEqual([0, 1]);
    expect(await refusal('id,label\n0,cat;dog\n', { labelSeparator: ';' })).toMatch(
      "expected one label in line 2 of '<folder>/table.csv', received 'cat', 'dog'",
    );
  });

  test('entries of `names` and `classNames` that no row has are reported, and `names` without any match are refused', async () => {
    const table = 'id,label\n0,n1\n1,n2\n';
    const names = { n1: 'cat', n2: 'dog', n3: 'fox' };
    await read(table, { names, classNames: ['dog', 'cat', 'owl', 'bee', 'ant', 'elk'] });
    expect(warn.mock.calls.map(([line]) => String(line).replaceAll(folder, '<folder>'))).toEqual([
      "imagesFromCsv: no row of '<folder>/table.csv' matches 'n3' in `names`. Check the spelling.",
      "imagesFromCsv: no row of '<folder>/table.csv' matches 'owl', 'bee', 'ant' and 1 more in `classNames`. Check the spelling.",
    ]);
    expect(await refusal(table, { names: { N1: 'cat', N2: 'dog' } })).toMatchInlineSnapshot(
      `"OptionError: imagesFromCsv: expected ids of '<folder>/table.csv' for \`names\`, received 'N1', 'N2'. It has 'n1', 'n2'."`,
    );
    const columns = { labelColumn: undefined, labelColumns: ['n1', 'n2'] };
    expect(await refusal('id,n1,n2\n0,0,1\n1,1,0\n', { ...columns, names: { x: 'cat' } })).toContain(
      "for `names`, received 'x'. It has 'n1', 'n2'.",
    );
  });

  test('line numbers are those of a text editor', async () => {
    const { skipped } = await read('id,note,label\r\n\r\n0,"two\r\nlines",cat\r\n1,"\r\n",\r\n2,,dog\r\n3,x,\r\n', { unlabeled: 'skip' });
    expect(skipped.map(({ line, path: name }) => [line, name])).toEqual([
      [5, '1'],
      [8, '3'],
    ]);
  });
});

describe('label columns', () => {
  const columns = { labelColumn: undefined, labelColumns: ['cat', 'dog', 'fox'] };

  test('the one column with 1 is the class, and the columns keep their order', async () => {
    const { classNames, files } = await read('id,fox,cat,dog\n0,0,0,1\n1,0.0,1.0,0.0\n2,true,False,false\n', columns);
    expect(classNames).toEqual(['cat', 'dog', 'fox']);
    expect(files.map(({ label }) => label)).toEqual([1, 0, 2]);
  });

  test('several columns may be 1, or none, with multiLabel', async () => {
    const { files, images: data } = await read('id,cat,dog,fox\n0,1,0,1\n1,0,0,0\n', { ...columns, multiLabel: true });
    expect(files.map(({ label, labels }) => [label, labels])).toEqual([
      [0, [0, 2]],
      [-1, []],
    ]);
    expect(data.size).toBe(2);
  });

  test('names, relabel and exclude apply to the columns', async () => {
    const { classNames, files } = await read('id,cat,dog,fox\n0,1,0,0\n1,0,1,0\n2,0,0,1\n', {
      ...columns,
      names: { cat: 'Cat' },
      relabel: { dog: 'Cat' },
      exclude: ['fox'],
    });
    expect(classNames).toEqual(['Cat']);
    expect(files.map(({ origin, label }) => [origin, label])).toEqual([
      ['0', 0],
      ['1', 0],
    ]);
  });

  test('an error names a cell that is neither 0 nor 1, with its line', async () => {
    const table = 'id,cat,dog,fox\n0,1,0,0\n1,-1.0,0,1\n2,,1,0\n';
    expect(await refusal(table, columns)).toMatchInlineSnapshot(
      `"DataError: imagesFromCsv: expected 0 or 1 in column 'cat' of '<folder>/table.csv', received '-1.0' in line 3. Set \`labelValues\` to say what it means."`,
    );
    expect(await refusal(table, { ...columns, labelValues: { '-1.0': 0 } })).toMatch(
      "1 of 3 have none: line 4 ('2', column 'cat' is empty)",
    );
    expect((await read(table, { ...columns, labelValues: { '-1.0': 0, '': 0 } })).files.map(({ label }) => label)).toEqual([0, 2, 1]);
    expect(await refusal('id,cat,dog,fox\n0,0.38,0.62,0\n', columns)).toMatch("received '0.38' in line 2");
  });

  test('a row with two classes or none is refused without multiLabel', async () => {
    expect(await refusal('id,cat,dog,fox\n0,1,0,1\n', columns)).toMatch(
      "expected one label in line 2 of '<folder>/table.csv', received 'cat', 'fox'. Set multiLabel: true for several.",
    );
    expect(await refusal('id,cat,dog,fox\n0,1,0,0\n1,0,0,0\n', columns)).toMatch("1 of 2 have none: line 3 ('1', no label column is 1)");
    expect(await refusal('id,cat,dog,fox\n0,1,0,0\n0,1,0,1\n', { ...columns, multiLabel: true })).toMatch(
      "received 'cat' in line 2 and 'cat', 'fox' in line 3. Keep one row per image.",
    );
  });

  test.each<[string, Options]>([
    ['both kinds of columns', { labelColumns: ['cat'] }],
    ['neither', { labelColumn: undefined }],
    ['no columns', { labelColumn: undefined, labelColumns: [] }],
    ['a column twice', { labelColumn: undefined, labelColumns: ['cat', 'cat'] }],
    ['values without columns', { labelValues: { x: 1 } }],
    ['a value that is not 0 or 1', { ...columns, labelValues: { x: 2 as 1 } }],
    ['a separator beside columns', { ...columns, labelSeparator: ',' }],
  ])('refuses %s', async (_, options) => {
    await expect(read('id,label,cat,dog,fox\n0,cat,1,0,0\n', options)).rejects.toThrowErrorMatchingSnapshot();
  });
});

describe('tables that are not what they seem', () => {
  test('an error proposes the delimiter that the table uses', async () => {
    expect(await refusal('id;label\n0;cat\n')).toMatchInlineSnapshot(
      `"DataError: imagesFromCsv: expected a column 'id' in '<folder>/table.csv', received 'id;label'. The columns are separated by ';': set \`delimiter\`."`,
    );
    expect(await refusal('"id";"label"\n"0";"cat"\n')).toMatch("The columns are separated by ';': set `delimiter`.");
    expect(await refusal('id\tlabel\n0\tcat\n')).toMatch(String.raw`The columns are separated by '\t': set`);
    expect(await refusal('id,label\n0,cat\n', { delimiter: ';' })).toMatch("The columns are separated by ',': set");
  });

  test('an empty file, a header without rows, missing columns and repeated columns have different errors', async () => {
    expect(await refusal('')).toMatchInlineSnapshot(
      `"DataError: imagesFromCsv: expected a CSV table with a header in '<folder>/table.csv', which is empty."`,
    );
    expect(await refusal('id,label\n')).toMatchInlineSnapshot(
      `"DataError: imagesFromCsv: expected rows with images in '<folder>/table.csv', received only a header."`,
    );
    expect(await refusal('id,breed\n0,cat\n')).toMatchInlineSnapshot(
      `"DataError: imagesFromCsv: expected a column 'label' in '<folder>/table.csv', received 'id', 'breed'."`,
    );
    expect(await refusal('id,label,label\n0,cat,dog\n')).toMatchInlineSnapshot(
      `"DataError: imagesFromCsv: expected one column 'label' in '<folder>/table.csv', received several: 'id', 'label', 'label'. Rename all but one."`,
    );
    expect(await refusal('id,label,note,note\n0,cat,,\n')).toBe('classes cat');
  });

  test('rows with too many or too few cells are refused with their line', async () => {
    expect(await refusal('id,label\n0,cat\n1,dog, big\n')).toMatchInlineSnapshot(
      `"DataError: imagesFromCsv: expected 2 cells in every row of '<folder>/table.csv', as in its header, received 3 in line 3. Put cells that contain the delimiter in quotes."`,
    );
    expect(await refusal('id,label\n0,cat,\n1,dog,\n')).toMatch('received 3 in line 2');
    expect(await refusal('id,label\n0,cat\n1\n')).toMatch('received 1 in line 3');
  });

  test('one class written in two ways is refused, unless an option resolves it', async () => {
    expect(await refusal('id,label\n0,1\n1,1.0\n2,01\n')).toMatchInlineSnapshot(
      `"DataError: imagesFromCsv: expected each class of '<folder>/table.csv' to be written in one way, received '1', '1.0': the same number. Set \`relabel\` to make them one, or \`classNames\` to keep both."`,
    );
    expect(await refusal('id,label\n0,p\u00eache\n1,pe\u0302che\n')).toMatch('the same characters in different bytes');
    expect(await refusal('id,label\n0,1\n1,1.0\n', { relabel: { '1.0': '1' } })).toBe('classes 1');
    expect(await refusal('id,label\n0,1\n1,01\n', { classNames: ['01', '1'] })).toBe('classes 01|1');
    expect(await refusal('id,label\n0,01\n1,02\n2,cat\n3,Cat\n')).toBe('classes 01|02|Cat|cat');
  });

  test('an error proposes the suffix when it is missing or doubled', async () => {
    expect(await refusal('id,label\n0,cat\n', { suffix: undefined })).toMatch(
      "Check `folder` and `suffix`, or set missing: 'skip'. The folder contains '0.jpg': set suffix: '.jpg'.",
    );
    expect(await refusal('id,label\n0.jpg,cat\n')).toMatch("The folder contains '0.jpg': leave out `suffix`.");
  });

  test('Windows separators and absolute paths work within the folder, and are refused outside of it', async () => {
    await images('train/cats/1.jpg');
    const { files } = await read(`id,label\ntrain\\cats\\1,cat\n${path.join(folder, '0')},dog\n`);
    expect(files.map((file) => path.relative(folder, file.path))).toEqual([path.join('train', 'cats', '1.jpg'), '0.jpg']);
    for (const name of ['..\\0', 'train\\..\\..\\0', 'C:\\data\\0', 'c:/data/0', '/data/0'])
      expect(await refusal(`id,label\n${name},cat\n`)).toMatch("expected file names within '<folder>', received '");
  });
});

test('what a missing label of several columns means can be said as the error proposes', async () => {
  await images('1.jpg', '2.jpg');
  const options: Options = { labelColumn: undefined, labelColumns: ['a', 'b'] };
  const table = 'id,a,b\n1,NaN,1\n2,1,0\n';
  expect(await refusal(table, options)).toContain(
    "line 2 ('1', column 'a' has 'NaN'). Set unlabeled: 'skip' to leave them out, or say what that means with `labelValues: { 'NaN': 0 }`.",
  );
  expect((await read(table, { ...options, labelValues: { NaN: 0 } })).files.map(({ label }) => label)).toEqual([1, 0]);
  expect(await refusal('id,a,b\n1,0,0\n2,1,0\n', options)).toContain('or set multiLabel: true if an image may have no class.');
});

test('the label mode fits the classes, and every class has one name', async () => {
  await images('1.jpg', '2.jpg', '3.jpg');
  expect(await refusal('id,label\n1,a\n2,b\n3,c\n', { labelMode: 'binary' })).toContain(
    "imagesFromCsv: expected 2 classes with labelMode 'binary', received 3",
  );
  expect(await refusal('id,label\n1,a\n', { labelMode: 'int', multiLabel: true })).toContain(
    "imagesFromCsv: expected 'categorical' with multiLabel for `labelMode`, received 'int'.",
  );
  expect(await refusal('id,label\n1,a\n', { classNames: ['a', 'a'] })).toContain(
    'imagesFromCsv: expected an array of different non-empty strings for `classNames`',
  );
});
