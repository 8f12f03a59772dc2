// Opens an exported folder with transformers.js in a page.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exportTransformers } from '../../src/node/weights/index.js';
import { noChromium } from '../support/chromium.js';
import { best, CLASS_NAMES, clothesPhotos, farthest, sizedPhotos, taughtClassifier } from '../support/transformersExport.js';
import { classifyInPage } from '../support/transformersPage.js';
import { startWasm } from '../support/wasm.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'effnet-'));
});
afterAll(() => rm(folder, { recursive: true }));

test.skipIf(noChromium !== undefined)(
  'transformers.js gives the same probabilities in a page, from the file that it chooses itself',
  async () => {
    await startWasm();
    const model = await taughtClassifier();
    await exportTransformers(model, path.join(folder, 'clothes'));
    const photos = await sizedPhotos(model, clothesPhotos(1), folder);
    const { scores, opened } = await classifyInPage(
      folder,
      folder,
      photos.map(({ file }) => file),
    );
    expect(new Set(opened)).toContain('clothes/onnx/model.onnx');
    const [received, expected] = [
      scores.map((row) => CLASS_NAMES.map((name) => row[name] ?? NaN)),
      photos.map(({ probabilities }) => probabilities),
    ];
    expect(received.map(best)).toEqual(expected.map(best));
    expect(farthest(received, expected)).toBeLessThan(1e-4);
  },
);
