// Exports one model of each family and has them checked and run by Python's onnx and onnxruntime, next to the answers given here.
// usage: npm run check:onnx [names...]   (needs python3 with venv; the packages go to .venv/onnx)

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { convNormAct, efficientNet, head, mbConv, selectBackend, stage, stem, type Variant } from '../src/node.js';
import { exportOnnx } from '../src/onnx.js';

const VARIANTS: readonly Variant[] = [
  'b0', 'b1', 'b2', 'b3', 'b4', 'b5', 'b6', 'b7', 'lite0', 'lite1', 'lite2', 'lite3', 'lite4', 'v2-b0', 'v2-s', 'edgetpu-s',
];
/** Pixels a side: the checks are about operators, not speed. */
const SIZE = 96;

function twoHeaded(): tfl.LayersModel {
  const input = tfl.input({ shape: [SIZE, SIZE, 3], name: 'picture' });
  const trunk = mbConv(stage(stem(input, { filters: 16 }), { name: 'own', repeats: 2, filters: 16 }), { name: 'last', filters: 32, strides: 2 });
  const kind = head(convNormAct(trunk, { name: 'mix', filters: 64 }), { classes: 10, hidden: [16] });
  const pooled = tfl.layers.globalMaxPooling2d({ name: 'box_pool' }).apply(trunk) as tfl.SymbolicTensor;
  const box = tfl.layers.dense({ units: 4, activation: 'sigmoid', name: 'box' }).apply(pooled) as tfl.SymbolicTensor;
  return tfl.model({ inputs: input, outputs: [kind, box], name: 'two-headed' });
}

async function write(folder: string, name: string, model: tfl.LayersModel): Promise<void> {
  const pixels = tf.randomUniform([2, SIZE, SIZE, 3], 0, 255, 'float32', 1);
  const outputs = [model.predict(pixels)].flat();
  const answers = await Promise.all(outputs.map(async (output) => [...(await output.data())]));
  writeFileSync(join(folder, `${name}.onnx`), await exportOnnx(model));
  writeFileSync(join(folder, `${name}.json`), JSON.stringify({ pixels: [...(await pixels.data())], shape: pixels.shape, answers }));
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

const wanted = process.argv.slice(2);
const builders = new Map<string, () => tfl.LayersModel>([
  ...VARIANTS.map((name) => [name, () => efficientNet(name, { inputSize: SIZE, classes: 10, classifierActivation: 'linear', seed: 1 })] as const),
  ['two-headed', twoHeaded],
]);
const checker = python();
await selectBackend(['wasm']);
let failed = false;
for (const [name, build] of builders) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const folder = mkdtempSync(join(tmpdir(), 'effnet-onnx-'));
  try {
    await write(folder, name, build());
    execFileSync(checker, ['scripts/checkOnnx.py', join(folder, name)], { stdio: 'inherit' });
  } catch (error) {
    failed = true;
    console.error(`${name}: ${String(error)}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
process.exitCode = failed ? 1 : 0;
