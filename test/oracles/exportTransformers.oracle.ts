// An exported folder in transformers of Python and in transformers.js: the same classes, and the same probabilities for the same pixels.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { env } from '@huggingface/transformers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { classify } from '../../src/evaluation/predict/index.js';
import { decodeImage } from '../../src/node/images/index.js';
import { selectBackend } from '../../src/node/backends/index.js';
import { exportTransformers } from '../../src/node/weights/index.js';
import { best, CLASS_NAMES, clothesPhotos, farthest, sizedPhotos, SMALL, taughtClassifier } from '../support/transformersExport.js';
import { agreement, inPython, inTransformersJs, type Rows } from '../support/transformersOracle.js';

let folder: string;
beforeAll(async () => {
  await selectBackend(['wasm']);
  folder = mkdtempSync(path.join(tmpdir(), 'effnet-'));
  env.allowRemoteModels = false;
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const ONNX = ['model', 'model_fp16', 'model_quantized'] as const;

test.each([
  ['small', SMALL],
  ['B0', 'b0'],
  ['B2', 'b2'],
] as const)('%s: one folder, the same answers everywhere', async (name, variant) => {
  const model = await taughtClassifier(variant);
  const target = path.join(folder, name);
  const sized = path.join(folder, `${name}-photos`);
  mkdirSync(sized);
  await exportTransformers(model, target, { dtypes: ['float32', 'float16', 'int8'] });
  const photos = clothesPhotos(4);
  const pixels = await sizedPhotos(model, photos, sized);
  const expected = pixels.map(({ probabilities }) => [...probabilities]);
  const files = pixels.map(({ file }) => file);

  const [same, whole] = inPython([
    { folder: target, images: files, onnx: ONNX },
    { folder: target, images: photos, onnx: [] },
  ]);
  expect(same).toMatchObject({ class: 'EfficientNetForImageClassification', missing: [], unexpected: [], labels: CLASS_NAMES });
  const said: Record<string, string> = {};
  const note = (kind: string, rows: Rows, reference: Rows): number => {
    const distance = farthest(rows, reference);
    said[kind] = `${agreement(rows, reference)} of ${rows.length} same class, at most ${distance.toExponential(1)} apart`;
    return distance;
  };
  for (const kind of ['torch', 'pipeline', 'model'] as const) {
    expect(note(`Python, ${kind}`, same!.answers[kind]!, expected), kind).toBeLessThan(1e-4);
    expect(same!.answers[kind]!.map(best)).toEqual(expected.map(best));
  }
  expect(note('transformers.js', await inTransformersJs(target, files), expected)).toBeLessThan(1e-4);
  expect(note('Python, model_fp16', same!.answers['model_fp16']!, expected)).toBeLessThan(0.02);
  expect(note('Python, model_quantized', same!.answers['model_quantized']!, expected)).toBeLessThan(0.2);

  // From the JPEG files, where the resizers differ.
  const ours: number[][] = [];
  for (const photo of photos) {
    const answer = await classify(model, await decodeImage(photo), { topK: 10 });
    ours.push([...answer].sort((a, b) => a.index - b.index).map(({ probability }) => probability));
  }
  note('from JPEG, Python', whole!.answers['pipeline']!, ours);
  note('from JPEG, transformers.js', await inTransformersJs(target, photos), ours);
  console.log(name, said);
  model.dispose();
});
