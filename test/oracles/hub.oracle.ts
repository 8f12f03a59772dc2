// Repositories of transformers and timm at full size: the same pixels, image files from the file to the answer, and every network's names.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import { preprocess, preprocessingOf } from '../../src/image/index.js';
import { selectBackend } from '../../src/node/backends/index.js';
import { decodeImage } from '../../src/node/images/index.js';
import { folderFiles } from '../../src/node/weights/folderFiles.js';
import { planModel } from '../../src/scaling/index.js';
import { timmVariant } from '../../src/weights/hub/timmNetwork.js';
import { transformersNetwork } from '../../src/weights/hub/transformersNetwork.js';
import { hubModel } from '../../src/weights/internal.js';
import { layoutEntries, type LayoutName } from '../../src/weights/index.js';
import { uniform } from '../support/fill.js';

interface Reference {
  readonly input: { readonly seed: string; readonly shape: readonly [number, number, number, number] };
  readonly output: readonly number[];
  readonly photos: readonly { readonly file: string; readonly pillow: readonly number[]; readonly torchvision?: readonly number[] }[];
}

const script = fileURLToPath(new URL('hub.py', import.meta.url));
const python = (...parameters: readonly string[]): string => {
  const interpreter = process.env['ORACLE_TORCH_PYTHON'];
  if (interpreter === undefined) throw new Error('Run the oracles with `npm run test:oracles`.');
  return execFileSync(interpreter, [script, ...parameters], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 2 ** 28 });
};

const hats = fileURLToPath(new URL('../../examples/data/clothing/train/hat', import.meta.url));
const photos = readdirSync(hats)
  .filter((file) => file.endsWith('.jpg'))
  .sort()
  .slice(0, 4)
  .map((file) => path.join(hats, file));

beforeAll(() => selectBackend(['wasm']));

async function answer(model: LayersModel, pixels: ArrayLike<number>, shape: readonly [number, number, number, number]): Promise<number[]> {
  const input = tf.tensor4d(Float32Array.from(pixels), [...shape]);
  const output = model.predict(input) as tf.Tensor;
  const values = [...(await output.data())];
  tf.dispose([input, output]);
  return values;
}

const range = (values: readonly number[]): number => Math.max(...values) - Math.min(...values);
const apart = (values: readonly number[], others: readonly number[]): number =>
  Math.max(...values.map((value, i) => Math.abs(value - (others[i] ?? NaN)))) / range(others);

test.each([
  'transformers-b0',
  'transformers-b0-small',
  'transformers-b2-odd',
  'transformers-b2-even',
  'transformers-b4',
  'transformers-b0-features',
  'timm-tf_efficientnet_b0',
  'timm-efficientnet_b1',
  'timm-tf_efficientnet_lite0',
  'timm-efficientnet_es',
  'timm-tf_efficientnetv2_b0',
  'timm-efficientnetv2_s',
])('%s answers like Python, from pixels and from files', async (name) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'effnet-oracle-'));
  try {
    python('make', name, folder, ...photos);
    const reference = JSON.parse(readFileSync(path.join(folder, 'reference.json'), 'utf8')) as Reference;
    const model = await hubModel('pretrained', folderFiles('pretrained', folder));
    const { seed, shape } = reference.input;
    const values = uniform(seed, shape[1] * shape[2] * 3).map((u) => Math.floor(u * 255));
    const same = apart(await answer(model, values, shape), reference.output);
    const found: { readonly pillow: number; readonly torchvision: number | undefined }[] = [];
    for (const { file, pillow, torchvision } of reference.photos) {
      const preprocessing = preprocessingOf(model);
      if (preprocessing === undefined) throw new Error('no preprocessing');
      const pixels = preprocess(await decodeImage(file), preprocessing);
      const ours = await answer(model, pixels.data, [1, pixels.height, pixels.width, 3]);
      found.push({ pillow: apart(ours, pillow), torchvision: torchvision === undefined ? undefined : apart(ours, torchvision) });
    }
    const most = (way: 'pillow' | 'torchvision'): number => Math.max(...found.map((each) => each[way] ?? 0));
    console.log(
      `${name}: pixels ${same.toExponential(1)}, files ${most('pillow').toExponential(1)}, torchvision ${most('torchvision').toExponential(1)}`,
    );
    expect(same).toBeLessThan(1e-5);
    // The same bytes after decoding and resizing, unless torchvision resizes.
    expect(most('pillow')).toBeLessThan(1e-5);
    expect(most('torchvision')).toBeLessThan(0.05);
    model.dispose();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('every network of both libraries has the names and shapes of its plan', () => {
  const networks = python('shapes')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { config?: Record<string, unknown>; architecture?: string; tensors: [string, number[]][] });
  const refused: string[] = [];
  for (const { config, architecture = '', tensors } of networks) {
    const expected = tensors.filter(([name]) => !name.endsWith('num_batches_tracked'));
    const compare = (layout: LayoutName, variant: Parameters<typeof planModel>[0]): void => {
      const entries = layoutEntries(layout, planModel(variant)).map(({ array, fileShape }) => [array, fileShape]);
      expect(entries.map(String).sort(), architecture).toEqual(expected.map(String).sort());
    };
    if (config !== undefined) {
      const content = { ...config, architectures: ['EfficientNetForImageClassification'] };
      compare('transformers', transformersNetwork({ where: 'test', name: 'config.json', content }).variant);
      continue;
    }
    const found = timmVariant(architecture);
    if (found === undefined) refused.push(architecture);
    else compare('timm', found[0]);
  }
  expect(refused).toMatchInlineSnapshot(`
    [
      "efficientnet_b0_g8_gn",
      "efficientnet_b0_g16_evos",
      "efficientnet_b0_gn",
      "efficientnet_b1_pruned",
      "efficientnet_b2_pruned",
      "efficientnet_b3_g8_gn",
      "efficientnet_b3_gn",
      "efficientnet_b3_pruned",
      "efficientnet_blur_b0",
      "efficientnet_cc_b0_4e",
      "efficientnet_cc_b0_8e",
      "efficientnet_cc_b1_8e",
      "efficientnet_el_pruned",
      "efficientnet_es_pruned",
      "efficientnet_h_b5",
      "efficientnet_x_b3",
      "efficientnet_x_b5",
      "efficientnetv2_rw_m",
      "efficientnetv2_rw_s",
      "efficientnetv2_rw_t",
      "gc_efficientnetv2_rw_t",
      "test_efficientnet",
      "test_efficientnet_evos",
      "test_efficientnet_gn",
      "test_efficientnet_ln",
      "tf_efficientnet_cc_b0_4e",
      "tf_efficientnet_cc_b0_8e",
      "tf_efficientnet_cc_b1_8e",
    ]
  `);
});
