// Resizing and the published evaluations against TensorFlow, Pillow, timm and torchvision themselves.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { preprocess, resize, type Pixels, type Interpolation } from '../../src/image/index.js';
import { decodeImage } from '../../src/node/images/index.js';
import { PRETRAINED } from '../../src/weights/index.js';

const LIMIT = 300;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'effnet-oracle-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function python(environment: 'ORACLE_KERAS_PYTHON' | 'ORACLE_TORCH_PYTHON', ...parameters: readonly string[]): void {
  const interpreter = process.env[environment];
  if (interpreter === undefined) throw new Error('Run the oracles with `npm run test:oracles`.');
  execFileSync(interpreter, [fileURLToPath(new URL('resize.py', import.meta.url)), ...parameters], { stdio: ['ignore', 'ignore', 'pipe'] });
}
const line = (length: number): Pixels => ({
  height: length,
  width: 1,
  channels: 1,
  data: Uint8Array.from({ length }, (_, i) => 37 * i + 11 * i * i + 101 * (i >> 2)),
});
const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex').slice(0, 12);

test('all 90,000 pairs of lengths up to 300 equal tf.image.resize: bilinear to the last bit, the others within 0.001 of a level', () => {
  python('ORACLE_KERAS_PYTHON', 'tensorflow', folder);
  const largest: Record<string, number> = {};
  for (const [method, antialias] of [
    ['bilinear', false],
    ['bicubic', false],
    ['area', false],
    ['bilinear', true],
    ['bicubic', true],
  ] as const) {
    const name = `${method}-${antialias}`;
    const bytes = readFileSync(join(folder, `${name}.f32`));
    const expected = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
    let [at, most] = [0, 0];
    for (let length = 1; length <= LIMIT; length++) {
      const source = line(length);
      for (let to = 1; to <= LIMIT; to++) {
        for (const value of resize(source, [to, 1], { interpolation: method, antialias }).data)
          most = Math.max(most, Math.abs(value - expected[at++]!));
      }
    }
    expect(at).toBe(expected.length);
    largest[name] = most;
  }
  console.log('largest difference to tf.image.resize in levels', largest);
  expect(largest['bilinear-false']).toBe(0);
  for (const [name, difference] of Object.entries(largest)) expect(difference, name).toBeLessThan(0.001);
}, 1_800_000);

test("all 90,000 pairs equal Pillow's resize to the last bit with resampler 'pillow'", () => {
  python('ORACLE_TORCH_PYTHON', 'pillow', folder);
  const expected = JSON.parse(readFileSync(join(folder, 'pillow.json'), 'utf8')) as Record<Interpolation, string[]>;
  for (const [method, digests] of Object.entries(expected) as [Interpolation, string[]][]) {
    const ours = digests.map((_, i) =>
      digest(
        Buffer.concat(
          Array.from(
            { length: LIMIT },
            (__, to) => resize(line(i + 1), [to + 1, 1], { interpolation: method, resampler: 'pillow' }).data as Uint8Array,
          ),
        ),
      ),
    );
    expect(ours, method).toEqual(digests);
  }
});

test('every checkpoint of timm and torchvision gets the bytes of its own transform, for photos of every kind', async () => {
  const names = join(folder, 'names.json');
  writeFileSync(names, JSON.stringify(Object.keys(PRETRAINED)));
  python('ORACLE_TORCH_PYTHON', 'timm', folder, names);
  const expected = JSON.parse(readFileSync(join(folder, 'timm.json'), 'utf8')) as Record<string, Record<string, string>>;
  expect(Object.keys(expected).length).toBeGreaterThanOrEqual(9);
  for (const [photo, digests] of Object.entries(expected)) {
    const image = await decodeImage(fileURLToPath(new URL(`../../examples/data/${photo}`, import.meta.url)));
    const ours = Object.keys(digests).map(
      (name) => [name, digest(preprocess(image, PRETRAINED[name]!.preprocessing).data as Uint8Array)] as const,
    );
    expect(Object.fromEntries(ours), photo).toEqual(digests);
  }
});
