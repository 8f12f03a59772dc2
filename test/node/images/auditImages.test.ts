// Audits of folders with planted problems. The class of an image is its brightest color channel.

import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRandom } from '../../../src/core/internal.js';
import { efficientNet, setPreprocessing } from '../../../src/models/index.js';
import { auditImages, imageFolder } from '../../../src/node/images/index.js';
import type { Audit, AuditCheck, AuditFinding } from '../../../src/evaluation/audit/index.js';
import { VARIANTS } from '../../../src/scaling/index.js';
import { fillModel } from '../../support/fillModel.js';
import { expectNoLeak } from '../../support/leaks.js';
import { startWasm } from '../../support/wasm.js';

const SPEC = { ...VARIANTS.b0, widthCoefficient: 0.25, depthCoefficient: 0.5, inputSize: 32, stages: VARIANTS.b0.stages.slice(0, 2) };
const CLASSES = ['blue', 'green', 'red'];
let folder: string;

/** Colored stripes of a random period, phase and slope with noise, so that no two images look alike. */
function pixelsOf(label: number, seed: number, [height, width]: readonly [number, number] = [48, 48]): Buffer {
  const random = createRandom(seed);
  const channel = [2, 1, 0][label] as number;
  const [period, slope, phase] = [random.uniform(4, 20), random.uniform(-2, 2), random.uniform(0, 6)];
  const colors = [0, 1, 2].map(() => random.uniform(20, 100));
  return Buffer.from(
    Array.from({ length: height * width * 3 }, (_, i) => {
      const [x, y, c] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width), i % 3];
      const stripe = Math.sin((x + slope * y) / period + phase) * 30 + random.uniform(-12, 12);
      return Math.max(0, Math.min(255, (colors[c] as number) + stripe + (c === channel ? 120 : 0)));
    }),
  );
}

const image = (label: number, seed: number, size: readonly [number, number] = [48, 48]): Sharp =>
  sharp(pixelsOf(label, seed, size), { raw: { width: size[1], height: size[0], channels: 3 } });
const model = (): ReturnType<typeof efficientNet> => {
  const made = efficientNet(SPEC, { classes: 7 });
  fillModel(made, 2);
  setPreprocessing(made, { inputSize: 32, fit: 'stretch' });
  return made;
};
const find = ({ findings }: Audit, kind: AuditCheck): AuditFinding | undefined => findings.find((finding) => finding.kind === kind);
const names = (finding: AuditFinding | undefined): string[] => (finding?.images ?? []).map(({ origin }) => path.basename(origin)).sort();

beforeAll(async () => {
  await startWasm();
  folder = await mkdtemp(path.join(os.tmpdir(), 'audit-'));
  for (const part of ['train', 'validation']) {
    for (const [label, name] of CLASSES.entries()) {
      const place = path.join(folder, part, name);
      await mkdir(place, { recursive: true });
      for (let i = 0; i < (part === 'train' ? 12 : 2); i++) {
        const seed = 1000 * (part === 'train' ? 1 : 2) + 100 * label + i;
        await image(label, seed)
          .png()
          .toFile(path.join(place, `${name}${i}.png`));
      }
    }
  }
  const train = path.join(folder, 'train');
  await image(0, 5001)
    .png()
    .toFile(path.join(train, 'red', 'is-blue.png'));
  await image(1, 1101)
    .png()
    .toFile(path.join(train, 'green', 'same.png'));
  await image(0, 1003)
    .jpeg({ quality: 60 })
    .toFile(path.join(train, 'blue', 'recompressed.jpg'));
  await image(2, 1205)
    .png()
    .toFile(path.join(folder, 'validation', 'red', 'leaked.png'));
  await writeFile(path.join(train, 'green', 'broken.jpg'), 'no image');
  await image(1, 5002)
    .linear(0.2)
    .png()
    .toFile(path.join(train, 'green', 'dark.png'));
  await image(1, 5003)
    .grayscale()
    .png()
    .toFile(path.join(train, 'green', 'gray.png'));
  await image(1, 5004, [12, 60])
    .png()
    .toFile(path.join(train, 'green', 'wide.png'));
  await image(0, 5005)
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toFile(path.join(train, 'blue', 'turned.jpg'));
  await image(0, 5006)
    .toColorspace('cmyk')
    .jpeg()
    .toFile(path.join(train, 'blue', 'cmyk.jpg'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('finds every planted problem and names its images', async () => {
  const features = model();
  const tasks = new Set<string>();
  let audit: Audit | undefined;
  await expectNoLeak(async () => {
    audit = await auditImages(path.join(folder, 'train'), {
      features,
      validation: path.join(folder, 'validation'),
      onProgress: ({ task }) => tasks.add(task),
    });
  });
  const found = audit as Audit;
  expect([...tasks]).toEqual(['features', 'copies', 'labels']);
  expect(found.images).toBe(36 + 6 + 10);
  expect(found.classes).toEqual([
    { name: 'blue', train: 15, validation: 2 },
    { name: 'green', train: 17, validation: 2 },
    { name: 'red', train: 13, validation: 3 },
  ]);
  const suspect = find(found, 'wrong-label')?.images.find(({ origin }) => origin.endsWith('is-blue.png'));
  expect(suspect).toMatchObject({ label: 'red', suggested: 'blue', part: 'train' });
  expect(names(find(found, 'exact-duplicate'))).toEqual(['green1.png', 'same.png']);
  expect(names(find(found, 'near-duplicate'))).toEqual(expect.arrayContaining(['blue3.png', 'recompressed.jpg']));
  expect(names(find(found, 'leakage'))).toEqual(['leaked.png', 'red5.png']);
  expect(names(find(found, 'broken'))).toEqual(['broken.jpg']);
  expect(find(found, 'broken')?.images[0]?.detail).toContain('decodeImage: expected a readable image');
  expect(names(find(found, 'dark'))).toEqual(['dark.png']);
  expect(names(find(found, 'color-mode'))).toEqual(['cmyk.jpg', 'gray.png']);
  expect(names(find(found, 'tiny'))).toEqual(['wide.png']);
  expect(names(find(found, 'aspect-ratio'))).toEqual(['wide.png']);
  expect(names(find(found, 'orientation'))).toEqual(['turned.jpg']);
  const severities = found.findings.map(({ severity }) => ['high', 'medium', 'low'].indexOf(severity));
  expect(severities).toEqual(severities.toSorted());
  expect(JSON.parse(JSON.stringify(found))).toEqual(JSON.parse(JSON.stringify(structuredClone(found))));
  features.dispose();
});

test('reports only what `checks` names, and the same for the same seed', async () => {
  const features = model();
  const { files, classNames } = await imageFolder(path.join(folder, 'train'));
  const run = (): Promise<Audit> => auditImages({ files, classNames }, { features, checks: ['wrong-label', 'dark'], seed: 3 });
  const first = await run();
  expect(first.findings.map(({ kind }) => kind)).toEqual(['wrong-label', 'dark']);
  expect(await run()).toEqual(first);
  features.dispose();
});

test('refuses unknown options and labels without a class name, and can be canceled', async () => {
  const features = model();
  const train = path.join(folder, 'train');
  await expect(auditImages(train, { features, check: ['dark'] } as never)).rejects.toThrow('Did you mean `checks`?');
  await expect(auditImages(train, { features, checks: ['darkk'] as never })).rejects.toThrow('auditImages: expected an array, each one of');
  const files = [{ path: path.join(train, 'red', 'red0.png'), label: 3 }];
  await expect(auditImages({ files, classNames: CLASSES }, { features })).rejects.toThrow('received 3 of');
  await expect(auditImages({ files }, { features })).rejects.toThrow('`classNames`, received undefined. Pass them');
  const broken = [0, 1].map((label) => ({ path: path.join(train, 'green', 'broken.jpg'), label }));
  await expect(auditImages({ files: broken, classNames: CLASSES }, { features })).rejects.toThrow(
    'at least two images that can be decoded',
  );
  await expect(auditImages(train, { features, signal: AbortSignal.abort() })).rejects.toThrow('aborted');
  features.dispose();
});
