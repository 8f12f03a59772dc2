// A checkpoint as TensorFlow 1's own Saver writes it goes through scripts/convert_google_checkpoint.py and keeps its answer.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { classify } from '../../src/evaluation/predict/index.js';
import { efficientNet } from '../../src/models/index.js';
import { decodeImage } from '../../src/node/images/index.js';
import { loadWeights } from '../../src/node/weights/index.js';
import { selectBackend } from '../../src/node/backends/index.js';
import { weightsOf, writeSafetensors } from '../../src/weights/index.js';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

test("Google's TF1 checkpoints: moving averages are loaded, and the panda is a panda", async () => {
  const python = process.env['ORACLE_KERAS_PYTHON'];
  if (python === undefined) throw new Error('Run the oracles with `npm run test:oracles`.');
  await selectBackend(['wasm']);
  const folder = mkdtempSync(join(tmpdir(), 'effnet-oracle-'));
  try {
    const model = efficientNet('lite0');
    await loadWeights(model, here('../../examples/data/weights/efficientnet-lite0.safetensors'));
    writeFileSync(join(folder, 'arrays.safetensors'), writeSafetensors(await weightsOf(model, { layout: 'tf1' })));
    mkdirSync(join(folder, 'checkpoint'));
    execFileSync(python, [here('google_checkpoint.py'), join(folder, 'arrays.safetensors'), join(folder, 'checkpoint')]);
    execFileSync(python, [
      here('../../scripts/convert_google_checkpoint.py'),
      join(folder, 'converted.safetensors'),
      join(folder, 'checkpoint'),
    ]);

    const fresh = efficientNet('lite0');
    const { layout, prefix, loaded } = await loadWeights(fresh, join(folder, 'converted.safetensors'));
    expect({ layout, prefix }).toEqual({ layout: 'tf1', prefix: 'efficientnet-lite0/' });
    expect(loaded.every(({ array }) => array.endsWith('/ExponentialMovingAverage'))).toBe(true);
    const panda = await decodeImage(here('../../examples/data/photos/panda.jpg'));
    expect(await classify(fresh, panda)).toEqual(await classify(model, panda));
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 300_000);
