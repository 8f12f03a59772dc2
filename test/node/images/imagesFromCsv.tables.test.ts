import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import * as node from '../../../src/node.js';
import { imageSandbox, jpeg } from '../../support/imageSandbox.js';

const { inRoot, refusal } = imageSandbox();

async function csv(name: string, content: string): Promise<string> {
  await writeFile(inRoot(name), content);
  return inRoot(name);
}
const basic = {
  pathColumn: 'id',
  labelColumn: 'breed',
  get folder() {
    return inRoot('pictures');
  },
  suffix: '.jpg',
  shuffle: false,
} as const;

test('a table with quotes, byte-order mark and Windows line ends lists images and classes', async () => {
  const file = await csv('a.csv', '\uFEFF"id",breed,who\r\n"0","collie, rough",p1\r\n1,akita,p2\r\n\r\n2,"say ""hi""",p1\r\n');
  const { classNames, files, images } = await node.imagesFromCsv(file, { ...basic, groupColumn: 'who', inputSize: 4 });
  expect(classNames).toEqual(['akita', 'collie, rough', 'say "hi"']);
  expect(files.map(({ origin, label, group }) => [origin, label, group])).toEqual([
    ['0', 1, 'p1'],
    ['1', 0, 'p2'],
    ['2', 2, 'p1'],
  ]);
  const [first] = await images.toArray();
  expect(first).toMatchObject({ origin: '0', label: Float32Array.of(0, 1, 0), pixels: { height: 4, width: 4 } });
});

test('an image whose group is missing belongs to no group', async () => {
  const file = await csv('groups.csv', 'id,breed,who\n0,a, p1 \n1,b,\n2,a,NaN\n');
  const { files } = await node.imagesFromCsv(file, { ...basic, groupColumn: 'who' });
  expect(files.map(({ group }) => group)).toEqual(['p1', undefined, undefined]);
});

test('several rows and several labels of an image become multi-hot vectors; names, relabeling and exclusion apply in this order', async () => {
  const file = await csv('b.csv', 'id,breed\n0,x|y\n0,z\n1,y\n2,w\n');
  const { classNames, images, files } = await node.imagesFromCsv(file, {
    ...basic,
    multiLabel: true,
    labelSeparator: '|',
    names: { x: 'cat', y: 'dog', z: 'kitten', w: 'wolf' },
    exclude: ['wolf'],
    relabel: { kitten: 'cat', wolf: 'dog' },
  });
  expect(classNames).toEqual(['cat', 'dog']);
  expect(files).toHaveLength(2);
  expect((await images.toArray()).map((image) => image.label)).toEqual([Float32Array.of(1, 1), Float32Array.of(0, 1)]);
});

test('bad tables are refused in one sentence', async () => {
  const two = await csv('c.csv', 'id,breed\n0,a\n0,b\n');
  const gone = await csv('d.csv', 'id,breed\n0,a\n77,b\n');
  const torn = await csv('e.csv', 'id,breed\n0,"a\n');
  expect(await refusal(node.imagesFromCsv(two, { ...basic, labelColumn: 'label' }))).toMatchInlineSnapshot(
    `"DataError: imagesFromCsv: expected a column 'label' in '<root>/c.csv', received 'id', 'breed'."`,
  );
  expect(await refusal(node.imagesFromCsv(two, basic))).toMatchInlineSnapshot(
    `"DataError: imagesFromCsv: expected one label for '0' in '<root>/c.csv', received 'a' in line 2 and 'b' in line 3. Set multiLabel: true for several."`,
  );
  expect(await refusal(node.imagesFromCsv(gone, basic))).toMatchInlineSnapshot(
    `"DataError: imagesFromCsv: expected every image of '<root>/d.csv' to exist, 1 of 2 do not: '<root>/pictures/77.jpg'. Check \`folder\` and \`suffix\`, or set missing: 'skip'."`,
  );
  expect(await refusal(node.imagesFromCsv(torn, basic))).toMatchInlineSnapshot(
    `"DataError: imagesFromCsv: expected a CSV table with a header in '<root>/e.csv': Quote Not Closed: the parsing is finished with an opening quote at line 2."`,
  );
  expect(await refusal(node.imagesFromCsv(inRoot('no.csv'), basic))).toMatchInlineSnapshot(
    `"DataError: imagesFromCsv: expected a CSV file, received '<root>/no.csv', which cannot be read: there is no such file or folder."`,
  );
  const { missing, files } = await node.imagesFromCsv(gone, { ...basic, missing: 'skip' });
  expect([files.length, missing.map((each) => path.relative(inRoot(), each))]).toEqual([1, ['pictures/77.jpg']]);
});

test('images in several folders are found by their names, which must be unique', async () => {
  for (const [i, folder] of ['images_001', 'images_002', 'images_003'].entries()) {
    await mkdir(inRoot('spread', folder, 'sub'), { recursive: true });
    await writeFile(inRoot('spread', folder, `${i}.jpg`), await jpeg(40 * i));
    await writeFile(inRoot('spread', folder, 'sub', `${i}.jpg`), await jpeg(40 * i));
  }
  const folder = ['images_001', 'images_002', 'images_003'].map((name) => inRoot('spread', name));
  const places = async (content: string, own: readonly string[] = folder) =>
    (await node.imagesFromCsv(await csv('spread.csv', content), { ...basic, folder: own })).files.map((file) =>
      path.relative(inRoot('spread'), file.path),
    );
  expect(await places('id,breed\n2,a\n0,b\n1,a\n')).toEqual(['images_003/2.jpg', 'images_001/0.jpg', 'images_002/1.jpg']);
  expect(await places('id,breed\nsub/2,a\n./0,b\n')).toEqual(['images_003/sub/2.jpg', 'images_001/0.jpg']);
  expect(await places('id,breed\n2,a\n', [folder[2]!])).toEqual(['images_003/2.jpg']);
  const { missing } = await node.imagesFromCsv(await csv('spread.csv', 'id,breed\n0,a\n9,b\n'), { ...basic, folder, missing: 'skip' });
  expect(missing).toEqual([inRoot('spread/images_001/9.jpg')]);

  await writeFile(inRoot('spread/images_002/0.jpg'), await jpeg(1));
  expect(await refusal(places('id,breed\n0,a\n'))).toMatchInlineSnapshot(
    `"DataError: imagesFromCsv: expected one image '0.jpg' of '<root>/spread.csv', received '<root>/spread/images_001/0.jpg', '<root>/spread/images_002/0.jpg'. Give folders that contain no name twice."`,
  );
  expect(await refusal(places('id,breed\n0,a\n', [...folder, inRoot('spread/none')]))).toMatchInlineSnapshot(
    `"DataError: imagesFromCsv: expected a folder that can be read, received '<root>/spread/none'."`,
  );
  expect(await refusal(places('id,breed\n0,a\n', []))).toMatchInlineSnapshot(
    `"OptionError: imagesFromCsv: expected at least one folder for \`folder\`, received []."`,
  );
  expect(await refusal(places('id,breed\n../0,a\n'))).toMatchInlineSnapshot(
    `"DataError: imagesFromCsv: expected file names within '<root>/spread/images_001', received '../0.jpg' in '<root>/spread.csv'. Set \`folder\` to one that contains all images."`,
  );
});

test.each([
  [
    'relabel',
    { relabel: { hat: 'Hat', shoe: 'Shoe' } },
    "expected classes of '<root>/kinds.csv' for `relabel`, received 'shoe'. It has 'bag', 'hat'.",
  ],
  ['exclude', { exclude: ['bags'] }, "expected classes of '<root>/kinds.csv' for `exclude`, received 'bags'. It has 'bag', 'hat'."],
])('a class that the table does not have is refused in %s', async (_, options, message) => {
  const file = await csv('kinds.csv', 'id,breed\n0,hat\n1,bag\n');
  expect(await refusal(node.imagesFromCsv(file, { ...basic, ...options }))).toBe(`OptionError: imagesFromCsv: ${message}`);
});
