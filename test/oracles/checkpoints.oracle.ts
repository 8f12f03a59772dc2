// Checkpoints that PyTorch's tools wrote: each loads, answers as its network answers there, and every array is accounted for.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { afterAll, expect, test } from 'vitest';
import { efficientNet, type EfficientNetOptions } from '../../src/models/index.js';
import { loadWeights, readWeightFile } from '../../src/node/weights/index.js';
import { selectBackend } from '../../src/node/backends/index.js';
import type { Variant } from '../../src/scaling/index.js';
import type { LoadWeightsOptions } from '../../src/weights/index.js';
import { inputPixels } from '../support/fill.js';

interface Case {
  readonly file: string;
  readonly options: LoadWeightsOptions;
  readonly variant: Variant;
  readonly classes: number;
  readonly inputChannels?: number;
  readonly padding?: 'same' | 'symmetric';
  readonly batchNormEpsilon?: number;
  readonly logits?: readonly number[];
  readonly features: readonly number[];
  readonly skipped: readonly (readonly [array: string, reason: string])[];
}

const kept = process.env['ORACLE_CHECKPOINTS'];
const folder = kept ?? mkdtempSync(join(tmpdir(), 'effnet-checkpoints-'));
if (!existsSync(join(folder, 'cases.json'))) {
  const interpreter = process.env['ORACLE_TORCH_PYTHON'];
  if (interpreter === undefined) throw new Error('Run the oracles with `npm run test:oracles`.');
  execFileSync(interpreter, [fileURLToPath(new URL('checkpoints.py', import.meta.url)), folder], { stdio: 'inherit' });
}
const cases = JSON.parse(readFileSync(join(folder, 'cases.json'), 'utf8')) as Case[];
await selectBackend(['wasm']);
afterAll(() => {
  if (kept === undefined) rmSync(folder, { recursive: true });
});

const SHAPE: [number, number, number, number] = [1, 64, 64, 3];

async function answerOf(model: LayersModel, channels: number): Promise<Float32Array> {
  const output = tf.tidy(() => {
    const image = tf.tensor4d(inputPixels({ seed: 'input/checkpoints', shape: SHAPE, scale: 255 }), SHAPE);
    return model.predict(tf.slice(image, [0, 0, 0, 0], [1, 64, 64, channels])) as tf.Tensor;
  });
  const values = (await output.data()) as Float32Array;
  output.dispose();
  return values;
}

const spread = (values: readonly number[]): number => Math.max(...values) - Math.min(...values);

test.each(cases)(
  '$file with $options',
  async ({
    file,
    options,
    variant,
    classes,
    inputChannels = 3,
    padding = 'symmetric',
    batchNormEpsilon = 1e-5,
    logits,
    features,
    skipped,
  }) => {
    const common = {
      inputSize: 64,
      inputChannels,
      padding,
      batchNormEpsilon,
      ...(inputChannels === 1 ? { normalization: { mean: 0.449, std: 0.226 } } : {}),
    } as EfficientNetOptions;
    const arrays = await readWeightFile(join(folder, file));
    const whole = efficientNet(variant, { ...common, classes, classifierActivation: 'linear' } as EfficientNetOptions);
    const report = await loadWeights(whole, arrays, options);
    expect(report.loaded.length + report.skipped.length).toBe(arrays.size);
    expect([report.missing, report.misshapen, report.unexpected, report.kept.length]).toEqual([
      [],
      [],
      [],
      options.head === 'skip' ? 2 : 0,
    ]);
    for (const [array, reason] of skipped) expect(report.skipped.find((item) => item.array === array)?.reason, array).toContain(reason);
    if (logits !== undefined) expect(await answerOf(whole, inputChannels)).toBeAllclose(logits, { tolerance: 1e-4 * spread(logits) });
    whole.dispose();

    const body = efficientNet(variant, { ...common, includeTop: false, pooling: 'avg' } as EfficientNetOptions);
    await loadWeights(body, arrays, options.prefix === undefined ? {} : { prefix: options.prefix });
    expect(await answerOf(body, inputChannels)).toBeAllclose(features, { tolerance: 1e-4 * spread(features) });
    body.dispose();
  },
);
