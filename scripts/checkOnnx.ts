// Exports every model family, also with float16 and int8 weights, checks the files with Python's onnx and compares the outputs of
// onnxruntime with those of TensorFlow.js.
// npm run check:onnx [names...]   needs python3 with venv; the packages are installed in .venv/onnx

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { convNormAct, efficientNet, head, mbConv, selectBackend, stage, stem, type ImageBatch, type Variant } from '../src/node.js';
import { exportOnnx, type ExportOnnxOptions } from '../src/onnx.js';

const VARIANTS: readonly Variant[] = [
  'b0',
  'b1',
  'b2',
  'b3',
  'b4',
  'b5',
  'b6',
  'b7',
  'lite0',
  'lite1',
  'lite2',
  'lite3',
  'lite4',
  'v2-b0',
  'v2-s',
  'edgetpu-s',
];
/** Height and width in pixels: small, because only operators are checked. */
const SIZE = 96;

function twoHeaded(): tfl.LayersModel {
  const input = tfl.input({ shape: [SIZE, SIZE, 3], name: 'image' });
  const trunk = mbConv(stage(stem(input, { filters: 16 }), { name: 'own', repeats: 2, filters: 16 }), {
    name: 'last',
    filters: 32,
    strides: 2,
  });
  const kind = head(convNormAct(trunk, { name: 'mix', filters: 64 }), { classes: 10, hidden: [16] });
  const pooled = tfl.layers.globalMaxPooling2d({ name: 'box_pool' }).apply(trunk) as tfl.SymbolicTensor;
  const box = tfl.layers.dense({ units: 4, activation: 'sigmoid', name: 'box' }).apply(pooled) as tfl.SymbolicTensor;
  return tfl.model({ inputs: input, outputs: [kind, box], name: 'two-headed' });
}

async function write(folder: string, name: string, model: tfl.LayersModel, form: Form): Promise<void> {
  const pixels = tf.randomUniform([2, SIZE, SIZE, 3], 0, 255, 'float32', 1);
  const outputs = [model.predict(pixels)].flat();
  const answers = await Promise.all(outputs.map(async (output) => [...(await output.data())]));
  writeFileSync(join(folder, `${name}.onnx`), await exportOnnx(model, form.options?.()));
  writeFileSync(
    join(folder, `${name}.json`),
    JSON.stringify({ pixels: [...(await pixels.data())], shape: pixels.shape, answers, tolerance: form.tolerance }),
  );
  tf.dispose([pixels, outputs]);
  model.dispose();
}

function python(): string {
  const home = join('.venv', 'onnx');
  const executable = join(home, 'bin', 'python');
  if (!existsSync(executable)) {
    mkdirSync('.venv', { recursive: true });
    execFileSync('python3', ['-m', 'venv', home], { stdio: 'inherit' });
    execFileSync(executable, ['-m', 'pip', 'install', '--quiet', 'onnx', 'onnxruntime', 'numpy'], { stdio: 'inherit' });
  }
  return executable;
}

/** How a model is exported, and the allowed error of its outputs as a fraction of their range. */
interface Form {
  readonly build: () => tfl.LayersModel;
  readonly tolerance: number;
  readonly options?: () => ExportOnnxOptions;
}

async function* calibration(): AsyncGenerator<ImageBatch> {
  for (let seed = 2; seed < 6; seed++)
    yield await Promise.resolve({ xs: tf.randomUniform([4, SIZE, SIZE, 3], 0, 255, 'float32', seed), ys: tf.zeros([4, 10]) });
}

const wanted = process.argv.slice(2);
const family = (name: Variant) => (): tfl.LayersModel =>
  efficientNet(name, { inputSize: SIZE, classes: 10, classifierActivation: 'linear', seed: 1 });
const forms = new Map<string, Form>([
  ...VARIANTS.map((name) => [name, { build: family(name), tolerance: 1e-4 }] as const),
  ['two-headed', { build: twoHeaded, tolerance: 1e-4 }],
  ['b0-float16', { build: family('b0'), tolerance: 0.02, options: () => ({ dtype: 'float16' }) }],
  // Calibration works less well with random weights, so this only checks that the file is valid.
  ['lite0-int8', { build: family('lite0'), tolerance: 0.1, options: () => ({ compute: 'int8', calibration: calibration() }) }],
]);
const checker = python();
await selectBackend(['wasm']);
let failed = false;
for (const [name, form] of forms) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const folder = mkdtempSync(join(tmpdir(), 'effnet-onnx-'));
  try {
    await write(folder, name, form.build(), form);
    execFileSync(checker, ['scripts/checkOnnx.py', join(folder, name)], { stdio: 'inherit' });
  } catch (error) {
    failed = true;
    console.error(`${name}: ${String(error)}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
process.exitCode = failed ? 1 : 0;
