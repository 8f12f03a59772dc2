import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { DataError } from '../../../src/core/index.js';
import { decodeImage, imageFiles, imageFolder, summarizeImages, writeImageFolder } from '../../../src/node/images/index.js';
import { byCodePoint } from '../../../src/node/images/listImages.js';
import { readImageHere } from '../../../src/node/images/readImage.js';

type Entry = readonly [kind: 'file' | 'link' | 'pipe' | 'socket', name: string, target?: string];
interface Listing {
  readonly classes: readonly string[];
  readonly files: readonly string[];
  readonly labels: readonly number[];
}
const { tree, ...listings } = JSON.parse(readFileSync('test/fixtures/node/folders.json', 'utf8')) as {
  readonly tree: readonly Entry[];
  readonly keras: Listing;
  readonly kerasFollowingLinks: Listing;
  readonly torchvision: Listing;
};

let root = '';
const inRoot = (...parts: string[]): string => path.join(root, ...parts);
const sockets: Server[] = [];

async function put(name: string, content: string | Uint8Array = ''): Promise<void> {
  await mkdir(path.dirname(inRoot(name)), { recursive: true });
  await writeFile(inRoot(name), content);
}

async function build(folder: string): Promise<void> {
  for (const [kind, name, target] of tree) {
    const place = inRoot(folder, name);
    await mkdir(path.dirname(place), { recursive: true });
    if (kind === 'file') await writeFile(place, '');
    else if (kind === 'link') await symlink(target!, place);
    else if (kind === 'pipe') execFileSync('mkfifo', [place]);
    else
      await new Promise<void>((resolve) => {
        sockets.push(createServer().listen(place, resolve));
      });
  }
}

const warn = vi.spyOn(console, 'warn');
const warnings = (): string[] => warn.mock.calls.map(([line]) => String(line).replaceAll(root, '<root>'));
beforeEach(() => void warn.mockImplementation(() => undefined));
afterEach(() => void warn.mockClear());

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'odd-'));
  await build('tree');
});
afterAll(async () => {
  for (const socket of sockets) socket.close();
  warn.mockRestore();
  await rm(root, { recursive: true });
});

const listed = async (options = {}): Promise<Listing> => {
  const { classNames, files } = await imageFolder(inRoot('tree'), { shuffle: false, ...options });
  return { classes: classNames, files: files.map(({ origin }) => origin), labels: files.map(({ label }) => label) };
};

test('links, pipes, sockets, folders with names of images and names beyond ASCII are listed as by Keras, in its order', async () => {
  const { classes, files, labels } = listings.keras;
  expect(await listed()).toEqual({ classes, files, labels });
});

test.each(['kerasFollowingLinks', 'torchvision'] as const)(
  'with followLinks links to folders within a class are listed as by %s',
  async (framework) => {
    const { classes, files, labels } = listings[framework];
    expect(await listed({ followLinks: true })).toEqual({ classes, files, labels });
  },
);

test('what is left out is listed with its reason, and what may be meant as an image is told in one line', async () => {
  const { skipped } = await imageFolder(inRoot('tree'));
  expect(Object.fromEntries(skipped.map((each) => [path.relative(inRoot('tree'), each.path), each.reason]))).toEqual({
    README: 'not an image: it has no ending',
    'top.jpg': 'it is in no class folder',
    pipe: 'it is a pipe (FIFO), not a file',
    socket: 'it is a socket, not a file',
    gone: 'it is a link that leads nowhere',
    'b/notes.txt': 'not an image: .txt',
    'b/noending': 'not an image: it has no ending',
    'b/folder': 'it is a link to a folder. Set followLinks: true to read its images',
    'b/folder.jpg': 'it is a link to a folder. Set followLinks: true to read its images',
  });
  expect(warnings()).toEqual([
    "imageFolder: left out 7 of the files and folders in '<root>/tree': '<root>/tree/gone', '<root>/tree/pipe', '<root>/tree/socket' and 4 more. The first: it is a link that leads nowhere. `skipped` in the result lists all.",
  ]);
  warn.mockClear();
  const onWarning = vi.fn();
  await imageFolder(inRoot('tree'), { onWarning });
  expect(onWarning.mock.calls).toEqual([[expect.stringMatching(/^imageFolder: left out 7 of the files/)]]);
  expect(warn).not.toHaveBeenCalled();
});

test('a class folder that is not asked for is listed, and no class may be named twice', async () => {
  for (const name of ['cat', 'dog']) await put(`classes/${name}/1.jpg`);
  const { skipped, files } = await imageFolder(inRoot('classes'), { classNames: ['Cat', 'dog'], shuffle: false });
  expect(files.map(({ origin, label }) => [origin, label])).toEqual([['dog/1.jpg', 1]]);
  expect(skipped).toEqual([{ path: inRoot('classes/cat'), reason: 'its name is not in `classNames`' }]);
  await expect(imageFolder(inRoot('classes'), { classNames: ['dog', 'dog'] })).rejects.toThrow(
    "imageFolder: expected an array of different non-empty strings for `classNames`, received ['dog', 'dog'].",
  );
});

test('links that lead back to a folder above end the search', async () => {
  for (const name of ['a', 'b']) await put(`loop/${name}/1.jpg`);
  await symlink('.', inRoot('loop/a/again'));
  await symlink('..', inRoot('loop/a/up'));
  const { files, skipped } = await imageFolder(inRoot('loop'), { shuffle: false, followLinks: true });
  expect(files.map(({ origin }) => origin)).toEqual(['a/1.jpg', 'a/up/b/1.jpg', 'b/1.jpg']);
  expect(skipped.map((each) => [path.relative(inRoot('loop'), each.path), each.reason])).toEqual([
    ['a/again', 'a link leads back to this folder from within it'],
    ['a/up/a', 'a link leads back to this folder from within it'],
  ]);
});

test.each([
  ['b/pipe.jpg', 'it is a pipe (FIFO), not a file.'],
  ['b/socket.jpg', 'it is a socket, not a file.'],
  ['b/sub', 'it is a folder, not a file.'],
  ['b/broken.jpg', 'there is no such file or folder.'],
  ['b/self.jpg', 'it is a link that leads nowhere.'],
  ['b/10.jpg', 'it is empty.'],
  ['b/10.jpg/x.jpg', 'a part of the path is a file, not a folder.'],
])('reading %s is an error that names it, here, in a thread and in a summary', async (name, reason) => {
  const file = inRoot('tree', name);
  const failure = await decodeImage(file).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(DataError);
  expect((failure as DataError).message).toContain(`received '${file}': ${reason}`);
  expect(await readImageHere({ path: file, origin: 'x' }, { decoding: {} }).catch((error: unknown) => error)).toEqual(failure);
  const { broken } = await summarizeImages([{ path: file, label: 0 }], ['b']);
  expect(broken).toEqual([{ file, error: failure }]);
  const onSkipped = vi.fn();
  expect(await imageFiles([{ path: file, label: 0 }], { errors: 'skip', onSkipped }).toArray()).toEqual([]);
  expect(onSkipped).toHaveBeenCalledOnce();
});

test('formats that cannot be decoded are left out with their names; an image with a wrong ending decodes', async () => {
  const image = sharp({ create: { width: 4, height: 3, channels: 3, background: 'red' } });
  const box = (brand: string): Buffer => Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from(`ftyp${brand}`), Buffer.alloc(300)]);
  for (const name of ['a', 'b']) await put(`formats/${name}/1.jpg`, await image.clone().png().toBuffer());
  await put('formats/a/phone.HEIC', box('heic'));
  await put('formats/a/other.heif', box('mif1\0\0\0\0mif1heic'));
  await put('formats/a/canon.cr2', 'II*\0\x10\0\0\0CR\x02\0');
  await put('formats/a/nikon.NEF', 'II*\0\x08\0\0\0');
  await put('formats/a/layers.psd', '8BPS\0\x01');
  await put('formats/a/new.jxl', Buffer.from([0xff, 0x0a, 1, 2]));
  await put('formats/a/old.jp2', Buffer.from('\0\0\0\x0cjP  \r\n\x87\n', 'latin1'));
  await put('formats/a/clip.mp4', box('isom'));
  await put('formats/a/paper.pdf', '%PDF-1.7');
  await put('formats/a/logo.svg', '<svg/>');
  await put('formats/a/0001', await image.clone().jpeg().toBuffer());
  await put('formats/a/strange.xyz', 'what is this');
  await put('formats/a/Thumbs.db', 'hidden');
  await put('formats/a/labels.csv', 'a,b');
  const { files, images, skipped } = await imageFolder(inRoot('formats'), { shuffle: false });
  expect(files.map(({ origin }) => origin)).toEqual(['a/1.jpg', 'b/1.jpg']);
  expect((await images.toArray())[0]!.pixels).toMatchObject({ width: 4, height: 3 });
  const heic =
    'HEIC (HEVC) needs a sharp built with libheif and HEVC, which `npm install sharp` does not bring. Convert it to JPEG, for example with heif-convert, or with sips on macOS';
  const raw = 'it is a raw camera file, which cannot be decoded. Convert it to JPEG or PNG, for example with RawTherapee or dcraw';
  expect(Object.fromEntries(skipped.map((each) => [path.basename(each.path), each.reason]))).toEqual({
    '0001': 'it is JPEG by its content, but has no ending of an image. Rename it',
    'canon.cr2': raw,
    'clip.mp4': 'it is a video. Extract images from it first, for example with ffmpeg',
    'labels.csv': 'not an image: .csv',
    'layers.psd': 'it is a Photoshop file, which cannot be decoded. Export it as JPEG or PNG',
    'logo.svg': 'it is SVG or other markup, a drawing without pixels. Draw it with a tool of your trust first',
    'new.jxl': 'it is a JPEG XL file, which cannot be decoded. Convert it to JPEG or PNG, for example with djxl',
    'nikon.NEF': raw,
    'old.jp2': 'it is a JPEG 2000 file, which cannot be decoded. Convert it to PNG, for example with opj_decompress',
    'other.heif': heic,
    'paper.pdf': 'it is a PDF document. Extract its images or draw its pages first, for example with pdfimages or pdftoppm',
    'phone.HEIC': heic,
    'strange.xyz': 'not an image: .xyz',
  });
  expect(warnings()).toEqual([
    "imageFolder: left out 12 of the files and folders in '<root>/formats': '<root>/formats/a/0001', '<root>/formats/a/canon.cr2', '<root>/formats/a/clip.mp4' and 9 more. The first: it is JPEG by its content, but has no ending of an image. Rename it. `skipped` in the result lists all.",
  ]);
  await rename(inRoot('formats/a/phone.HEIC'), inRoot('formats/a/phone.jpg'));
  await expect(decodeImage(inRoot('formats/a/phone.jpg'))).rejects.toThrow(`phone.jpg': ${heic}.`);
  await expect(decodeImage(Buffer.from('<!DOCTYPE html><p>Not found'), { origin: 'x.jpg' })).rejects.toThrow(
    "'x.jpg': it is an HTML page. A download probably failed. Fetch the file again.",
  );
  await expect(decodeImage(Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:0'))).rejects.toThrow(
    'it is a Git LFS pointer. Fetch the file itself with `git lfs pull`.',
  );
});

test('a class of nothing but undecodable files says what they are', async () => {
  await put('only/a/1.jpg');
  await put('only/b/1.heic', Buffer.from('\0\0\0\x18ftypheic', 'latin1'));
  await expect(imageFolder(inRoot('only'))).rejects.toThrow(/received none\. '.*b\/1\.heic' was left out: HEIC \(HEVC\) needs/);
});

test('texts and tables beside the images are listed, and print nothing', async () => {
  for (const name of ['a', 'b']) await put(`quiet/${name}/1.jpg`);
  await put('quiet/README');
  await put('quiet/a/labels.json');
  await put('quiet/a/.DS_Store');
  const { skipped } = await imageFolder(inRoot('quiet'));
  expect(skipped.map((each) => path.basename(each.path))).toEqual(['README', 'labels.json']);
  expect(warn).not.toHaveBeenCalled();
});

test('names are in the order of their code points, as in Python', () => {
  const sorted = [
    '',
    'A',
    'A-b',
    'Z',
    'a',
    'a b',
    'ab',
    'e\u0301',
    '\u00E9',
    '\uD7FF',
    '\uE000',
    '\uFF21',
    '\uFFFD',
    '\u{10000}',
    '\u{1F600}',
    '\u{1F600}a',
    '\u{10FFFF}',
  ];
  expect([...sorted].reverse().sort(byCodePoint)).toEqual(sorted);
});

test('a class name that is no folder name is refused before anything is written', async () => {
  await put('source/1.jpg');
  const list = [{ path: inRoot('source/1.jpg'), label: 0 }];
  for (const name of ['../up', 'AC/DC', '..', '']) {
    await expect(writeImageFolder(inRoot('written'), list, [name])).rejects.toThrow(
      `writeImageFolder: expected class names that can name a folder, received '${name}'.`,
    );
  }
  await put('in-the-way');
  await expect(writeImageFolder(inRoot('in-the-way'), list, ['a'])).rejects.toThrow(
    /writeImageFolder: expected a folder that can be written, received '.*in-the-way\/a'/,
  );
});
