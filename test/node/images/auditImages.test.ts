// Audits of folders of photos with planted problems.

import { readdirSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { efficientNet } from '../../../src/models/index.js';
import { auditImages, imageFolder } from '../../../src/node/images/index.js';
import { loadWeights } from '../../../src/node/weights/index.js';
import type { Audit, AuditCheck, AuditFinding } from '../../../src/evaluation/audit/index.js';
import { expectNoLeak } from '../../support/leaks.js';
import { startWasm } from '../../support/wasm.js';

const CLASSES = ['hat', 'pants', 'shoes'];
const WEIGHTS = 'examples/data/weights/efficientnet-lite0.safetensors';
let folder: string;

/** A photo of the shipped clothes, by class and number. */
const photo = (name: string, number: number): string => {
  const place = path.join('examples/data/clothing/train', name);
  return path.join(place, readdirSync(place).sort()[number] as string);
};
const model = async (): Promise<ReturnType<typeof efficientNet>> => {
  const made = efficientNet('lite0');
  await loadWeights(made, WEIGHTS);
  return made;
};
const find = ({ findings }: Audit, kind: AuditCheck): AuditFinding | undefined => findings.find((finding) => finding.kind === kind);
const names = (finding: AuditFinding | undefined): string[] => (finding?.images ?? []).map(({ origin }) => path.basename(origin)).sort();

beforeAll(async () => {
  await startWasm();
  folder = await mkdtemp(path.join(os.tmpdir(), 'audit-'));
  const [train, validation] = [path.join(folder, 'train'), path.join(folder, 'validation')];
  for (const name of CLASSES) {
    for (const place of [train, validation]) await mkdir(path.join(place, name), { recursive: true });
    for (let i = 0; i < 12; i++) await copyFile(photo(name, i), path.join(train, name, `${name}${i}.jpg`));
    for (let i = 12; i < 14; i++) await copyFile(photo(name, i), path.join(validation, name, `${name}${i}.jpg`));
  }
  await copyFile(photo('shoes', 30), path.join(train, 'hat', 'is-shoes.jpg'));
  await copyFile(photo('pants', 1), path.join(train, 'pants', 'same.jpg'));
  await sharp(photo('hat', 3))
    .jpeg({ quality: 60 })
    .toFile(path.join(train, 'hat', 'recompressed.jpg'));
  await sharp(photo('shoes', 5))
    .png()
    .toFile(path.join(validation, 'shoes', 'leaked.png'));
  await writeFile(path.join(train, 'pants', 'broken.jpg'), 'no image');
  await sharp(photo('pants', 21))
    .linear(0.2)
    .png()
    .toFile(path.join(train, 'pants', 'dark.png'));
  await sharp(photo('pants', 22))
    .grayscale()
    .png()
    .toFile(path.join(train, 'pants', 'gray.png'));
  await sharp(photo('pants', 23))
    .resize(60, 12, { fit: 'fill' })
    .png()
    .toFile(path.join(train, 'pants', 'wide.png'));
  await sharp(photo('hat', 24))
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toFile(path.join(train, 'hat', 'turned.jpg'));
  await sharp(photo('hat', 25))
    .toColorspace('cmyk')
    .jpeg()
    .toFile(path.join(train, 'hat', 'cmyk.jpg'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('finds every planted problem and names its images', async () => {
  const features = await model();
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
    { name: 'hat', train: 16, validation: 2 },
    { name: 'pants', train: 17, validation: 2 },
    { name: 'shoes', train: 12, validation: 3 },
  ]);
  const suspect = find(found, 'wrong-label')?.images.find(({ origin }) => origin.endsWith('is-shoes.jpg'));
  expect(suspect).toMatchObject({ label: 'hat', suggested: 'shoes', part: 'train' });
  expect(names(find(found, 'exact-duplicate'))).toEqual(['pants1.jpg', 'same.jpg']);
  expect(names(find(found, 'near-duplicate'))).toEqual(expect.arrayContaining(['hat3.jpg', 'recompressed.jpg']));
  expect(names(find(found, 'leakage'))).toEqual(['leaked.png', 'shoes5.jpg']);
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

test('reports only what `checks` names', async () => {
  const features = await model();
  const { files, classNames } = await imageFolder(path.join(folder, 'train'));
  const audit = await auditImages({ files, classNames }, { features, checks: ['wrong-label', 'dark'], seed: 3 });
  expect(audit.findings.map(({ kind }) => kind)).toEqual(['wrong-label', 'dark']);
  features.dispose();
});

test('refuses unknown options and labels without a class name, and can be canceled', async () => {
  const features = await model();
  const train = path.join(folder, 'train');
  await expect(auditImages(train, { features, check: ['dark'] } as never)).rejects.toThrow('Did you mean `checks`?');
  await expect(auditImages(train, { features, checks: ['darkk'] as never })).rejects.toThrow('auditImages: expected an array, each one of');
  const files = [{ path: path.join(train, 'hat', 'hat0.jpg'), label: 3 }];
  await expect(auditImages({ files, classNames: CLASSES }, { features })).rejects.toThrow('received 3 of');
  await expect(auditImages({ files }, { features })).rejects.toThrow('`classNames`, received undefined. Pass them');
  const broken = [0, 1].map((label) => ({ path: path.join(train, 'pants', 'broken.jpg'), label }));
  await expect(auditImages({ files: broken, classNames: CLASSES }, { features })).rejects.toThrow(
    'at least two images that can be decoded',
  );
  await expect(auditImages(train, { features, signal: AbortSignal.abort() })).rejects.toThrow('aborted');
  features.dispose();
});
