import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { crc32, gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { decodeImage, imageFolder } from '../../../src/node/images/index.js';

let root = '';
const inRoot = (...parts: string[]) => path.join(root, ...parts);
const jpeg = (red: number, width = 8, height = 6) =>
  sharp({ create: { width, height, channels: 3, background: { r: red, g: 0, b: 0 } } })
    .jpeg()
    .toBuffer();

async function put(file: string, bytes: Uint8Array | string): Promise<void> {
  await mkdir(path.dirname(inRoot(file)), { recursive: true });
  await writeFile(inRoot(file), bytes);
}

/** Errors name temporary paths; snapshots need them stable. */
const refusal = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'no error',
    (error: unknown) => String(error).replaceAll(root, '<root>'),
  );

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'effnet-'));
  for (const [name, reds] of Object.entries({ zebra: [1, 2, 3, 4, 5], ant: [101, 102, 103, 104, 105, 106] })) {
    for (const red of reds) await put(`good/${name}/${red}.jpg`, await jpeg(red));
  }
  await put('good/ant/.hidden.jpg', 'not read');
  await put('good/ant/notes.txt', 'not read');
  await put('good/README.md', 'not read');
  await put('good/.git/x.jpg', 'not read');
  await put(
    'good/ant/deeper/107.PNG',
    await sharp(await jpeg(107))
      .png()
      .toBuffer(),
  );
  await put('one/only/1.jpg', await jpeg(1));
  await mkdir(inRoot('empty'));
  await put('hollow/a/1.jpg', await jpeg(1));
  await put('hollow/b/readme.txt', '');
  await put('lonely/a/1.jpg', await jpeg(1));
  await put('lonely/b/1.jpg', await jpeg(1));
  await put('lonely/b/2.jpg', await jpeg(1));
  const whole = await jpeg(7, 64, 64);
  for (const name of ['a', 'b']) await put(`broken/${name}/1.jpg`, whole);
  await put('broken/a/2.jpg', whole.subarray(0, whole.length - 60));
  await put('broken/b/2.jpg', 'I am no picture');
});
afterAll(() => rm(root, { recursive: true }));

test('classes are the sorted sub-folders; hidden and other files are ignored', async () => {
  const folder = await imageFolder(inRoot('good'), { shuffle: false });
  expect(folder.classNames).toEqual(['ant', 'zebra']);
  expect(folder.files.map((file) => file.origin)).toEqual([
    'ant/101.jpg',
    'ant/102.jpg',
    'ant/103.jpg',
    'ant/104.jpg',
    'ant/105.jpg',
    'ant/106.jpg',
    'ant/deeper/107.PNG',
    'zebra/1.jpg',
    'zebra/2.jpg',
    'zebra/3.jpg',
    'zebra/4.jpg',
    'zebra/5.jpg',
  ]);
  expect(folder.images.size).toBe(12);
});

test.each([
  ['int', 0, 1],
  ['categorical', Float32Array.of(1, 0), Float32Array.of(0, 1)],
  ['binary', Float32Array.of(0), Float32Array.of(1)],
] as const)('label mode %s', async (labelMode, first, last) => {
  const { images } = await imageFolder(inRoot('good'), { labelMode, shuffle: false, inputSize: [4, 5] });
  const all = await images.toArray();
  expect(all[0]!.label).toEqual(first);
  expect(all[11]!.label).toEqual(last);
  expect(all[0]!.pixels).toMatchObject({ height: 4, width: 5, channels: 3 });
});

test('a split is stratified, seeded and loses nothing; only the training share is shuffled', async () => {
  const read = (seed: number) => imageFolder(inRoot('good'), { validationSplit: 0.4, seed });
  const { train, validation } = await read(1);
  const names = [...train.files, ...validation.files].map((file) => file.origin);
  expect(new Set(names).size).toBe(12);
  expect(validation.files.map((file) => file.label)).toEqual([0, 0, 0, 1, 1]);
  expect((await read(1)).validation.files).toEqual(validation.files);
  const others = await Promise.all([2, 3, 4].map(async (seed) => (await read(seed)).validation.files));
  expect(others.some((files) => JSON.stringify(files) !== JSON.stringify(validation.files))).toBe(true);
  const origins = async (set: typeof train) => (await set.images.toArray()).map((image) => image.origin);
  expect(await origins(validation)).toEqual(validation.files.map((file) => file.origin));
  const [first, second] = [await origins(train), await origins(train)];
  expect(second).not.toEqual(first);
  expect(await origins((await read(1)).train)).toEqual(first);
});

test('named classes fix the order and may be missing here', async () => {
  const onWarning = vi.fn();
  const { classNames, files } = await imageFolder(inRoot('good'), { classNames: ['zebra', 'bee', 'ant'], onWarning });
  expect(onWarning.mock.calls).toEqual([
    [`imageFolder: no image in '${inRoot('good')}' matches 'bee' in \`classNames\`. Check the spelling.`],
  ]);
  expect(classNames).toEqual(['zebra', 'bee', 'ant']);
  expect(new Set(files.map((file) => file.label))).toEqual(new Set([0, 2]));
});

test('a missing folder, an empty one, one class, an empty class and a class too small to split are refused', async () => {
  expect(await refusal(imageFolder(inRoot('missing')))).toMatchInlineSnapshot(
    `"DataError: imageFolder: expected a folder with one sub-folder per class, received '<root>/missing', which cannot be read: there is no such file or folder."`,
  );
  expect(await refusal(imageFolder(inRoot('empty')))).toMatchInlineSnapshot(
    `"DataError: imageFolder: expected at least 2 class folders in '<root>/empty', received none."`,
  );
  expect(await refusal(imageFolder(inRoot('one')))).toMatchInlineSnapshot(
    `"DataError: imageFolder: expected at least 2 class folders in '<root>/one', received only 'only'."`,
  );
  expect(await refusal(imageFolder(inRoot('good/ant')))).toMatchInlineSnapshot(
    `"DataError: imageFolder: expected at least 2 class folders in '<root>/good/ant', received only 'deeper'. It contains images itself: if it is one class, give its parent, '<root>/good'."`,
  );
  expect(await refusal(imageFolder(inRoot('hollow')))).toMatchInlineSnapshot(
    `"DataError: imageFolder: expected images (.jpg .jpeg .jpe .jfif .mpo .png .webp .gif .tif .tiff .bmp .ppm .pgm .pbm .pnm .avif) in '<root>/hollow/b', received none. '<root>/hollow/b/readme.txt' was left out: not an image: .txt."`,
  );
  expect(await refusal(imageFolder(inRoot('lonely'), { validationSplit: 0.5 }))).toMatchInlineSnapshot(
    `"DataError: trainValidationSplit: expected at least 2 items or groups of class 'a', received 1. Add images, or leave the class out."`,
  );
  expect(await refusal(imageFolder(inRoot('good'), { labelMode: 'sparse' as never }))).toMatchInlineSnapshot(
    `"OptionError: imageFolder: expected one of 'int', 'categorical', 'binary' for \`labelMode\`, received 'sparse'."`,
  );
  expect(await refusal(imageFolder(inRoot('good'), { imgSize: 3 } as never))).toMatchInlineSnapshot(
    `"OptionError: imageFolder: expected one of the options \`preprocessing\`, \`inputSize\`, \`fit\`, \`resize\`, \`interpolation\`, \`antialias\`, \`background\`, \`maxPixels\`, \`dctMethod\`, \`concurrency\`, \`errors\`, \`onSkipped\`, \`workers\`, \`labelMode\`, \`classNames\`, \`shuffle\`, \`seed\`, \`onWarning\`, \`followLinks\`, \`validationSplit\`, received \`imgSize\`."`,
  );
});

test('a truncated and a false JPEG stop the pass and name the file', async () => {
  expect(await refusal(decodeImage(inRoot('broken/a/2.jpg')))).toMatchInlineSnapshot(
    `"DataError: decodeImage: expected a readable image of at most 200000000 pixels, received '<root>/broken/a/2.jpg': Input buffer has corrupt header: VipsJpeg: premature end of JPEG image."`,
  );
  expect(await refusal(decodeImage(inRoot('broken/b/2.jpg')))).toMatchInlineSnapshot(
    `"DataError: decodeImage: expected a readable image of at most 200000000 pixels, received '<root>/broken/b/2.jpg': Input buffer contains unsupported image format."`,
  );
  expect(await refusal(decodeImage(inRoot('nothing.jpg')))).toMatchInlineSnapshot(
    `"DataError: decodeImage: expected an image file, received '<root>/nothing.jpg': there is no such file or folder."`,
  );
  expect(await refusal(decodeImage(new Uint8Array(0)))).toMatchInlineSnapshot(
    `"DataError: decodeImage: expected a readable image of at most 200000000 pixels, received 'bytes': it is empty."`,
  );
  const { images } = await imageFolder(inRoot('broken'), { shuffle: false });
  expect(await refusal(images.toArray())).toMatch('broken/a/2.jpg');
});

test('a web address is refused where a path is expected', async () => {
  const url = 'https://example.com/cat.jpg';
  for (const image of [url, new URL(url)]) {
    await expect(decodeImage(image)).rejects.toThrow(
      `decodeImage: expected a path or the bytes of a file, not a web address, for \`image\`, received '${url}'. ` +
        'Fetch its bytes: `new Uint8Array(await (await fetch(url)).arrayBuffer())`.',
    );
  }
  await expect(imageFolder('https://example.com/photos')).rejects.toThrow(
    "received 'https://example.com/photos', which cannot be read: it is a web address, not a path. Download it first.",
  );
});

test('broken images are left out and listed when asked', async () => {
  const onSkipped = vi.fn();
  const { images } = await imageFolder(inRoot('broken'), { shuffle: false, errors: 'skip', onSkipped });
  expect((await images.toArray()).map((image) => image.origin)).toEqual(['a/1.jpg', 'b/1.jpg']);
  expect(onSkipped).toHaveBeenCalledOnce();
  const [errors] = onSkipped.mock.calls[0] as [readonly { origin: string }[]];
  expect(errors.map((error) => path.relative(root, error.origin))).toEqual(['broken/a/2.jpg', 'broken/b/2.jpg']);
});

test('an image of 1 x 1 decodes; one with more pixels than allowed is refused before it is decoded', async () => {
  expect(await decodeImage(await jpeg(9, 1, 1))).toMatchObject({ width: 1, height: 1, channels: 3 });
  // A PNG of a few bytes that claims 30,000 x 30,000 pixels, 2.7 GB.
  const bomb = await sharp(await jpeg(9))
    .png()
    .toBuffer();
  bomb.writeUInt32BE(30000, 16);
  bomb.writeUInt32BE(30000, 20);
  bomb.writeUInt32BE(crc32(bomb.subarray(12, 29)), 29);
  expect(await refusal(decodeImage(bomb, { origin: 'bomb.png' }))).toMatchInlineSnapshot(
    `"DataError: decodeImage: expected a readable image of at most 200000000 pixels, received 'bomb.png': Input image exceeds pixel limit."`,
  );
  expect(await refusal(decodeImage(await jpeg(9, 20, 20), { maxPixels: 399 }))).toMatch('at most 399 pixels');
});

test('SVG is refused, plain or packed, however it begins', async () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><rect width="4" height="4"/></svg>';
  for (const text of [svg, `\n ${svg}`, `\uFEFF${svg}`, `<?xml version="1.0"?><!-- a drawing -->${svg}`]) {
    for (const dctMethod of ['accurate', 'fast'] as const) {
      expect(await refusal(decodeImage(Buffer.from(text), { origin: 'drawing.svg', dctMethod }))).toBe(
        "DataError: decodeImage: expected a readable image of at most 200000000 pixels, received 'drawing.svg': it is SVG or other markup, a drawing without pixels. Draw it with a tool of your trust first.",
      );
    }
  }
  expect(await refusal(decodeImage(gzipSync(svg)))).toMatch('it is a compressed file. Unpack it first.');
});

test('fast resizing lets sharp shrink while decoding: the image looks the same, its values differ', async () => {
  const exact = await imageFolder(inRoot('good'), { inputSize: [3, 4], antialias: true, shuffle: false });
  const fast = await imageFolder(inRoot('good'), { inputSize: [3, 4], resize: 'fast', shuffle: false });
  const [a, b] = [await exact.images.toArray(), await fast.images.toArray()];
  b.forEach(({ pixels }, i) => {
    expect(pixels).toMatchObject({ height: 3, width: 4, channels: 3 });
    expect(pixels.data).toBeAllclose(a[i]!.pixels.data, { tolerance: 3 });
  });
  expect(await refusal(imageFolder(inRoot('good'), { resize: 'fast' }))).toMatchInlineSnapshot(
    `"OptionError: imageFolder: expected nothing without \`inputSize\` for \`resize\`, received 'fast'. Images keep their own sizes without it."`,
  );
});

test('transparency shows the background asked for', async () => {
  const clear = await sharp({ create: { width: 1, height: 1, channels: 4, background: { r: 9, g: 9, b: 9, alpha: 0 } } })
    .png()
    .toBuffer();
  expect([...(await decodeImage(clear)).data]).toEqual([255, 255, 255]);
  expect([...(await decodeImage(clear, { background: '#102030' })).data]).toEqual([16, 32, 48]);
});
