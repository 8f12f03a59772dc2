// Writes again and again until it is killed: faultsChild.ts WHAT FOLDER [URL].

import '@tensorflow/tfjs-backend-cpu';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { EffnetError } from '../../src/core/index.js';
import { Dataset, RECORD_SCHEMAS } from '../../src/data/index.js';
import { checkpointFile } from '../../src/node/runs/index.js';
import { saveModel } from '../../src/node/weights/index.js';
import { writeTFRecords } from '../../src/node/images/index.js';
import { cachedFile } from '../../src/node/weights/weightCache.js';
import { writeCheckpoint } from '../../src/training/internal.js';
import { PRETRAINED, weightArray } from '../../src/weights/index.js';
import { tinyModel } from '../support/tinyTraining.js';

const [what = '', folder = '', url = '', times = 'Infinity'] = process.argv.slice(2);
await tf.setBackend('cpu');
const record = {
  image: new Uint8Array(60_000).fill(9),
  label: 1,
  height: 0,
  width: 0,
  channels: 3,
  colorspace: 'RGB',
  format: 'JPEG',
  boxXMin: [],
  boxXMax: [],
  boxYMin: [],
  boxYMax: [],
  text: '',
  filename: 'a.jpg',
};
const model = tinyModel();
const write: Record<string, () => Promise<unknown>> = {
  checkpoint: () =>
    checkpointFile(path.join(folder, 'run.safetensors')).write(
      writeCheckpoint({
        weights: new Map([['w', weightArray([300_000], new Float32Array(300_000).fill(1))]]),
        optimizer: new Map(),
        others: new Map(),
        notes: {},
      }),
    ),
  model: () => saveModel(model, path.join(folder, 'model')),
  records: () => writeTFRecords(Dataset.from(Array.from({ length: 20 }, () => record)), RECORD_SCHEMAS.flat, path.join(folder, 'train')),
  download: () =>
    cachedFile(
      'test/net',
      { ...PRETRAINED['lukemelas/b0']!, sources: [{ url, digest: { algorithm: 'sha256', hex: path.basename(url) } }] },
      { cacheFolder: folder },
    ),
};
try {
  for (let i = 0; i < Number(times); i++) {
    await write[what]!();
    process.stdout.write('written\n');
  }
} catch (error) {
  process.stdout.write(`${error instanceof EffnetError ? 'refused' : 'foreign'} ${String(error)}\n`);
}
process.exit(0);
