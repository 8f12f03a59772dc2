// Every family at full size against its framework: the answer of the same weights, and the framework's answer to what we write back.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { writeKeras, writeKerasWeights } from '../../src/hdf5/index.js';
import { efficientNet, type EfficientNetOptions } from '../../src/models/index.js';
import { loadWeights } from '../../src/node/weights/index.js';
import { selectBackend } from '../../src/node/backends/index.js';
import type { Variant } from '../../src/scaling/index.js';
import { weightsOf, writeSafetensors } from '../../src/weights/index.js';
import { inputPixels } from '../support/fill.js';

interface Reference {
  readonly logits: readonly number[];
  readonly size: number;
  readonly input: string;
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
  readonly epsilon?: number;
}

const script = fileURLToPath(new URL('reference.py', import.meta.url));
const python = (framework: string, command: 'make' | 'check', name: string, folder: string): string => {
  const interpreter = process.env[framework === 'keras' ? 'ORACLE_KERAS_PYTHON' : 'ORACLE_TORCH_PYTHON'];
  if (interpreter === undefined) throw new Error('Run the oracles with `npm run test:oracles`.');
  return execFileSync(interpreter, [script, command, framework, name, folder], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
};

beforeAll(() => selectBackend(['wasm']));

const CASES: readonly (readonly [framework: 'keras' | 'torch', name: string, variant: Variant])[] = [
  ['keras', 'EfficientNetB0', 'b0'],
  ['keras', 'EfficientNetB4', 'b4'],
  ['keras', 'EfficientNetB5', 'b5'],
  ['keras', 'EfficientNetB6', 'b6'],
  ['keras', 'EfficientNetB7', 'b7'],
  ['keras', 'EfficientNetV2B3', 'v2-b3'],
  ['keras', 'EfficientNetV2S', 'v2-s'],
  ['keras', 'EfficientNetV2M', 'v2-m'],
  ['keras', 'EfficientNetV2L', 'v2-l'],
  ['torch', 'timm/tf_efficientnet_b0', 'b0'],
  ['torch', 'timm/tf_efficientnet_b8', 'b8'],
  ['torch', 'timm/tf_efficientnet_lite4', 'lite4'],
  ['torch', 'timm/tf_efficientnet_es', 'edgetpu-s'],
  ['torch', 'timm/efficientnet_em', 'edgetpu-m'],
  ['torch', 'timm/tf_efficientnetv2_s', 'v2-s'],
  ['torch', 'torchvision/efficientnet_b5', 'b5'],
  ['torch', 'torchvision/efficientnet_v2_s', 'v2-s'],
];

test.each(CASES)('%s: %s answers the same here, and there again', async (framework, name, variant) => {
  const folder = mkdtempSync(join(tmpdir(), 'effnet-oracle-'));
  try {
    python(framework, 'make', name, folder);
    const reference = JSON.parse(readFileSync(join(folder, 'reference.json'), 'utf8')) as Reference;
    const { mean, std, epsilon } = reference;
    const options: EfficientNetOptions = {
      inputSize: reference.size,
      classifierActivation: 'linear',
      ...(mean === undefined || std === undefined ? {} : { normalization: { mean, std } }),
      ...(epsilon === undefined ? {} : { batchNormEpsilon: epsilon }),
      padding: framework === 'keras' || name.includes('/tf_') ? 'same' : 'symmetric',
    };
    const model = efficientNet(variant, options);
    const report = await loadWeights(model, join(folder, framework === 'keras' ? 'reference.weights.h5' : 'reference.pth'));

    const shape: [number, number, number, number] = [1, reference.size, reference.size, 3];
    const input = tf.tensor4d(inputPixels({ seed: reference.input, shape, scale: 255 }), shape);
    const output = model.predict(input) as tf.Tensor;
    const range = Math.max(...reference.logits) - Math.min(...reference.logits);
    expect(await output.data()).toBeAllclose(reference.logits, { tolerance: 1e-4 * range });

    if (framework === 'keras') {
      writeFileSync(join(folder, 'ours.keras'), await writeKeras(model));
      writeFileSync(join(folder, 'ours.weights.h5'), await writeKerasWeights(model));
    } else {
      writeFileSync(join(folder, 'ours.safetensors'), writeSafetensors(await weightsOf(model, { layout: report.layout })));
    }
    tf.dispose([input, output]);
    model.dispose();
    for (const line of python(framework, 'check', name, folder).trim().split('\n')) {
      const { file, error } = JSON.parse(line) as { file: string; error: number };
      expect(error, file).toBeLessThan(1e-5);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
