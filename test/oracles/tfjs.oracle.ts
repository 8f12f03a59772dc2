// Full-size Keras models through the real `tensorflowjs` converter: loadModel opens them and answers as Keras did, and loadWeights takes
// their weights.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { classNamesOf, efficientNet } from '../../src/models/index.js';
import { loadModel, loadWeights, saveModel } from '../../src/node/weights/index.js';
import { selectBackend } from '../../src/node/backends/index.js';
import { createRuntime, exportOnnx } from '../../src/onnx/index.js';
import { inputPixels } from '../support/fill.js';
import { fillModel } from '../support/fillModel.js';
import { answerOf, tfjsReference } from '../support/tfjsFixture.js';
import { teachableMachine } from '../support/teachableMachine.js';

const script = fileURLToPath(new URL('tfjs_models.py', import.meta.url));

function convert(keras: string, model: string, way: string, ...options: string[]): string {
  // `keras2` is tf.keras 2.15, the last Keras 2 within TensorFlow; the other two are of today.
  const python = process.env[keras === 'keras2' ? 'ORACLE_TFJS_KERAS2_PYTHON' : 'ORACLE_TFJS_PYTHON'];
  if (python === undefined) throw new Error('Run the oracles with `npm run test:oracles`.');
  const folder = mkdtempSync(join(tmpdir(), 'effnet-oracle-'));
  execFileSync(python, [script, 'make', keras === 'keras2' ? 'keras' : keras, model, way, folder, ...options], {
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  return folder;
}

async function withConverted(args: readonly [string, string, string, ...string[]], use: (folder: string) => Promise<void>): Promise<void> {
  const folder = convert(...args);
  try {
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

beforeAll(() => selectBackend(['wasm']));

// Keras, model, saved format. Options of the converter follow.
const CASES: readonly (readonly [string, string, string, ...string[]])[] = [
  ['keras', 'b0', 'h5'],
  ['keras', 'b0', 'keras'],
  ['keras', 'imagenet', 'h5'],
  ['keras', 'classifier', 'keras'],
  ['keras', 'v2-b0', 'keras'],
  ['keras', 'v2-s', 'h5'],
  ['tf_keras', 'b0', 'saved_model'],
  ['tf_keras', 'imagenet', 'h5'],
  ['tf_keras', 'v2-b0', 'h5'],
  ['tf_keras', 'classifier', 'h5'],
  ['keras2', 'b0', 'h5'],
  ['keras2', 'classifier', 'keras'],
  ['keras2', 'v2-b0', 'saved_model'],
  ['keras2', 'mobilenet', 'keras'],
  ['keras', 'b0', 'h5', '--weight_shard_size_bytes=1000000', '--split_weights_by_layer'],
  ['tf_keras', 'b0', 'h5', '--quantize_uint16=*'],
  ['keras2', 'b0', 'h5', '--quantize_float16=*'],
  ['keras2', 'b0', 'h5', '--quantize_uint8=*', '--weight_shard_size_bytes=1000000'],
];

test.each(CASES.map((args) => [args.join(' '), args] as const))(
  '%s answers as Keras did',
  async (_title, [keras, name, way, ...options]) => {
    await withConverted([keras, name, way, ...options], async (folder) => {
      const reference = tfjsReference(folder);
      const tolerance = 1e-5;
      const isCentered = name === 'mobilenet';
      const model = await loadModel(join(folder, 'tfjs'), isCentered ? { normalization: { mean: 0.5, std: 0.5 } } : {});
      expect(await answerOf(model, reference)).toBeAllclose(reference.answer, { tolerance });
      model.dispose();
      if (!/^(b0|imagenet|v2-)/.test(name)) return;
      const network = efficientNet(name === 'v2-b0' || name === 'v2-s' ? name : 'b0');
      await loadWeights(network, join(folder, 'tfjs'));
      expect(await answerOf(network, reference)).toBeAllclose(reference.answer, { tolerance });
      network.dispose();
    });
  },
);

test.each(['float16', 'uint8'] as const)(
  'the converter reads a folder with kernels as %s, and Keras answers as the model opened here',
  async (dtype) => {
    const python = process.env['ORACLE_TFJS_KERAS2_PYTHON'];
    if (python === undefined) throw new Error('Run the oracles with `npm run test:oracles`.');
    const folder = mkdtempSync(join(tmpdir(), 'effnet-oracle-'));
    try {
      const model = efficientNet('b0');
      fillModel(model, 2);
      await saveModel(model, folder, { dtype });
      const printed = execFileSync(python, [script, 'open', folder, 'saved'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
      const x = tf.tensor4d(inputPixels({ seed: 'saved', shape: [1, 224, 224, 3], scale: 255 }), [1, 224, 224, 3]);
      const y = (await loadModel(folder)).predict(x) as tf.Tensor;
      expect(await y.data()).toBeAllclose(JSON.parse(printed.trim().split('\n').at(-1) ?? '') as number[], { tolerance: 1e-5 });
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

test('an export of Teachable Machine on the real MobileNetV2 answers as its own model, saved again and as ONNX too', async () => {
  await withConverted(['tf_keras', 'mobilenet-v2', 'h5'], async (folder) => {
    const mobilenet = await loadModel(join(folder, 'tfjs'));
    const { model: theirs, files } = await teachableMachine(mobilenet, ['cat', 'dog', 'hen']);
    const shape = [1, 224, 224, 3] as const;
    const answers = async (model: { predict: (x: tf.Tensor4D) => unknown }, centered: boolean): Promise<Float32Array> => {
      const pixels = inputPixels({ seed: 'teachable', shape, scale: 255 });
      const x = tf.tensor4d(centered ? pixels.map((value) => value / 127 - 1) : pixels, [...shape]);
      return (await ((await model.predict(x)) as tf.Tensor).data()) as Float32Array;
    };
    const expected = await answers(theirs, true);
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    const model = await loadModel(folder, { normalization: { mean: 127 / 255, std: 127 / 255 } });
    expect(classNamesOf(model)).toEqual(['cat', 'dog', 'hen']);
    expect(await answers(model, false)).toBeAllclose(expected, { tolerance: 1e-5 });
    await saveModel(model, join(folder, 'saved'));
    expect(await answers(await loadModel(join(folder, 'saved')), false)).toBeAllclose(expected, { tolerance: 1e-5 });
    const runtime = await createRuntime(await exportOnnx(model));
    expect(await answers(runtime, false)).toBeAllclose(expected, { tolerance: 1e-5 });
    expect(readFileSync(join(folder, 'metadata.json'), 'utf8')).toContain('@teachablemachine/image');
  });
});
