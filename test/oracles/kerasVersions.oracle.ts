// Every form in which every version of Keras saves an EfficientNet, against what that version predicts.
// ORACLE_TINY=1 takes tiny networks, in all variations; ORACLE_VERSIONS='keras3.3 tensorflow2.15' takes these versions alone.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import { efficientNet } from '../../src/models/index.js';
import { loadWeights } from '../../src/node/weights/index.js';
import { selectBackend } from '../../src/node/backends/index.js';
import { VARIANTS, type Variant } from '../../src/scaling/index.js';

interface Written {
  readonly version: string;
  readonly size: number;
  readonly classes: number;
  readonly files: Readonly<Record<string, WrittenFile>>;
  /** Forms that the version itself fails to write. */
  readonly refused: Readonly<Record<string, string>>;
}

interface WrittenFile {
  readonly network: Variant;
  readonly top?: boolean;
  readonly classifier?: string;
  /** A head of several layers, which the network here does not have. */
  readonly impossible?: boolean;
  readonly predictions: readonly unknown[];
}

const range = (name: string, first: number, last: number): string[] =>
  Array.from({ length: last - first + 1 }, (_, i) => `${name}${first + i}`);
const VERSIONS = process.env['ORACLE_VERSIONS']?.split(' ') ?? [
  ...range('tensorflow2.', 12, 15),
  ...range('tf_keras2.', 16, 21),
  ...range('keras3.', 0, 15),
];
const IS_TINY = process.env['ORACLE_TINY'] === '1';
const OPTIONS = IS_TINY ? ['--tiny'] : ['--only', 'full,notop,sequential,auto_named,nested,head_norm,v2,subclassed,float16'];

const script = fileURLToPath(new URL('keras_version.sh', import.meta.url));

beforeAll(() => selectBackend(['wasm']));

test.each(VERSIONS)('%s: every file predicts what that Keras predicts', async (name) => {
  const folder = mkdtempSync(join(tmpdir(), 'effnet-keras-'));
  try {
    execFileSync('bash', [script, name, folder, ...OPTIONS], { stdio: ['ignore', 'ignore', 'ignore'] });
    const written = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Written;
    const bytes = readFileSync(join(folder, 'pixels.f32'));
    const pixels = tf.tensor4d(new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)), [
      2,
      written.size,
      written.size,
      3,
    ]);
    const differences: Record<string, number> = {};
    for (const [file, facts] of Object.entries(written.files)) {
      const model = build(written, facts);
      const path = join(folder, file.endsWith('.tf') ? file.replace(/tf$/, 'ckpt') : file);
      if (file.endsWith('.tf')) await expect(loadWeights(model, path), file).rejects.toThrow('received the TensorFlow checkpoint');
      else if (facts.impossible === true) await expect(loadWeights(model, path), file).rejects.toThrow("Pass `head: 'skip'`");
      else differences[file] = await differenceOf(model, pixels, path, facts);
      model.dispose();
    }
    pixels.dispose();
    const worst = Math.max(...Object.values(differences));
    console.log(
      `${name} (${written.version}): ${Object.keys(differences).length} files, ` +
        `largest difference ${worst.toExponential(1)} of the largest prediction; not written: ` +
        (Object.keys(written.refused).join(', ') || 'none'),
    );
    expect(Object.entries(differences).filter(([, difference]) => !(difference < 1e-4))).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function build({ size, classes }: Written, { network, top = true }: WrittenFile): LayersModel {
  const spec = IS_TINY ? { ...VARIANTS[network], widthCoefficient: 0.1, depthCoefficient: 0.2 } : network;
  const normalization =
    network === 'b0' ? { normalization: { mean: [0.4375, 0.5, 0.375], std: [0.0625, 0.078125, 0.09375].map(Math.sqrt) } } : {};
  return efficientNet(spec, { inputSize: size, ...normalization, ...(top ? { classes } : { includeTop: false }) });
}

async function differenceOf(
  model: LayersModel,
  pixels: tf.Tensor,
  path: string,
  { classifier, predictions }: WrittenFile,
): Promise<number> {
  // Files without names know the classifier by its class; the error says so.
  await loadWeights(model, path, classifier === undefined ? {} : { classifier }).catch((error: unknown) => {
    const proposed = /`classifier: '([^']+)'`/.exec((error as Error).message)?.[1];
    if (proposed === undefined) throw error;
    return loadWeights(model, path, { classifier: proposed });
  });
  const output = model.predict(pixels) as tf.Tensor;
  const numbers = await output.data();
  output.dispose();
  const expected = predictions.flat(4) as number[];
  expect(numbers).toHaveLength(expected.length);
  return Math.max(...expected.map((value, i) => Math.abs(value - (numbers[i] ?? NaN)))) / Math.max(...expected.map(Math.abs));
}
