// An exported ONNX file in Python: the metadata alone gives the same inputs and the same probabilities.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { classify } from '../../src/evaluation/predict/index.js';
import { preprocess, preprocessingOf, type Fit, type Margins, type Pixels, type Preprocessing } from '../../src/image/index.js';
import { IMAGENET_CLASS_NAMES } from '../../src/imagenet.js';
import { efficientNet, setClassNames, setPreprocessing } from '../../src/models/index.js';
import { decodeImage } from '../../src/node/images/index.js';
import { loadWeights } from '../../src/node/weights/index.js';
import { selectBackend } from '../../src/node/backends/index.js';
import { createRuntime, exportOnnx } from '../../src/onnx/index.js';

const data = (name: string): string => fileURLToPath(new URL(`../../examples/data/${name}`, import.meta.url));
const photos = [
  data('photos/panda.jpg'),
  ...['dress', 'hat', 'shirt'].map((name) => {
    const folder = data(`clothing/validation/${name}`);
    return path.join(folder, readdirSync(folder)[0]!);
  }),
];

const FITS: readonly Fit[] = ['stretch', 'crop', 'pad', 'resizeCrop', 'resizePad'];
const MARGINS: readonly Margins[] = ['floor', 'ceil', 'even'];
const RESIZES = [
  { interpolation: 'bilinear' },
  { interpolation: 'bicubic' },
  { interpolation: 'area' },
  { interpolation: 'nearest' },
  { interpolation: 'bilinear', antialias: true },
  { interpolation: 'bicubic', antialias: true },
  { interpolation: 'bilinear', resampler: 'pillow' },
  { interpolation: 'bicubic', resampler: 'pillow' },
  { interpolation: 'area', resampler: 'pillow' },
] as const;

let folder: string;
let images: Pixels[];

beforeAll(async () => {
  await selectBackend(['wasm']);
  folder = mkdtempSync(path.join(tmpdir(), 'effnet-'));
  images = await Promise.all(photos.map((photo) => decodeImage(photo)));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

interface Answer {
  readonly own: number[][];
  /** With Pillow's resize of 8-bit images, and of float channels. */
  readonly rounded?: number[][];
  readonly floats?: number[][];
}

function python(jobs: readonly object[]): Answer[] {
  const interpreter = process.env['ORACLE_ONNX_PYTHON'];
  if (interpreter === undefined) throw new Error('Run the oracles with `npm run test:oracles`.');
  const file = path.join(folder, 'jobs.json');
  writeFileSync(file, JSON.stringify(jobs));
  const script = fileURLToPath(new URL('onnx_python.py', import.meta.url));
  return JSON.parse(
    execFileSync(interpreter, [script, file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 2 ** 28 }),
  ) as Answer[];
}

test('as a command it classifies photos', async () => {
  const model = efficientNet('lite0');
  await loadWeights(model, data('weights/efficientnet-lite0.safetensors'));
  setClassNames(model, IMAGENET_CLASS_NAMES);
  const [best] = await classify(model, images[0]!);
  const file = path.join(folder, 'lite0.onnx');
  writeFileSync(file, await exportOnnx(model));
  const script = fileURLToPath(new URL('../../examples/python/classify_onnx.py', import.meta.url));
  const said = execFileSync(process.env['ORACLE_ONNX_PYTHON'] ?? 'python3', [script, file, photos[0]!], { encoding: 'utf8' });
  expect(said).toBe(`${photos[0]!}: ${best!.className!} ${best!.probability.toFixed(4)}\n`);
});

test('every preprocessing gives the same pixels in Python', () => {
  const records = FITS.flatMap((fit) =>
    [1, 0.875, 0.9].flatMap((cropFraction) =>
      MARGINS.flatMap((margins) =>
        [64, [96, 160] as const].flatMap((inputSize) =>
          RESIZES.map((resize): Preprocessing => ({
            inputSize,
            fit,
            cropFraction,
            margins,
            ...resize,
            ...(fit.endsWith('ad') ? { fillValue: [10, 114, 200] } : {}),
          })),
        ),
      ),
    ),
  );
  const cases = records.flatMap((record) =>
    photos.map((photo, i) => ({ record: preprocessingOf(record)!, photo, image: images[i]!, out: path.join(folder, `${i}.f32`) })),
  );
  const jobs = cases.map(({ record, photo }, i) => ({ record, images: [photo], out: path.join(folder, `${i}.f32`) }));
  python(jobs);
  let worst = 0;
  let exact = 0;
  cases.forEach(({ record, image }, i) => {
    const theirs = readFileSync(jobs[i]!.out);
    const pixels = new Float32Array(theirs.buffer.slice(theirs.byteOffset, theirs.byteOffset + theirs.byteLength));
    const ours = preprocess(image, record).data;
    expect(pixels.length).toBe(ours.length);
    const distance = pixels.reduce((most, value, at) => Math.max(most, Math.abs(value - ours[at]!)), 0);
    worst = Math.max(worst, distance);
    if (distance === 0) exact++;
    if (record.resampler === 'pillow' || record.interpolation === 'nearest') expect(distance).toBe(0);
  });
  console.log(`${cases.length} inputs, ${exact} of them exact, at most ${worst.toExponential(1)} of 255 apart`);
  // Python's weights are float64, ours are TensorFlow's float32.
  expect(worst).toBeLessThan(0.01);
});

test('Lite0 gives the same probabilities in Python', async () => {
  const model = efficientNet('lite0');
  await loadWeights(model, data('weights/efficientnet-lite0.safetensors'));
  const records: Preprocessing[] = FITS.flatMap((fit) =>
    RESIZES.map((resize) => ({ inputSize: 224, fit, cropFraction: fit === 'pad' ? 1 : 0.875, ...resize })),
  );
  const jobs = [];
  const ours: number[][][] = [];
  for (const [i, record] of records.entries()) {
    setPreprocessing(model, record);
    const bytes = await exportOnnx(model, { dtype: 'float16' });
    const file = path.join(folder, `${i}.onnx`);
    writeFileSync(file, bytes);
    jobs.push({ model: file, images: photos });
    const runtime = await createRuntime(bytes);
    const each = [];
    for (const image of images)
      each.push((await classify(runtime, image, { topK: 1000 })).sort((a, b) => a.index - b.index).map(({ probability }) => probability));
    ours.push(each);
    await runtime.dispose();
  }
  const theirs = python(jobs);
  const distance = (a: number[][], b: number[][]): number =>
    Math.max(...a.flatMap((row, i) => row.map((value, at) => Math.abs(value - b[i]![at]!))));
  const worst: Record<string, number> = {};
  const note = (kind: string, a: number[][], b: number[][]): void => {
    worst[kind] = Math.max(worst[kind] ?? 0, distance(a, b));
  };
  records.forEach((record, i) => {
    const { antialias, resampler } = preprocessingOf(record)!;
    const { own, rounded, floats } = theirs[i]!;
    note(resampler === 'pillow' ? "resampler 'pillow'" : `antialias ${antialias}`, ours[i]!, own);
    if (floats !== undefined) note("antialias true, Pillow's resize of floats", ours[i]!, floats);
    if (rounded !== undefined) note("antialias true, Pillow's resize of bytes", ours[i]!, rounded);
  });
  console.log(worst);
  expect(worst['antialias false']).toBeLessThan(1e-4);
  expect(worst['antialias true']).toBeLessThan(1e-4);
  expect(worst["antialias true, Pillow's resize of floats"]).toBeLessThan(2e-3);
  expect(worst["resampler 'pillow'"]).toBeLessThan(1e-6);
});
