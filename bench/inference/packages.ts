// Times other npm packages, installed in .cache/bench/node by setup.sh: @tensorflow-models/mobilenet with its own, smaller network on wasm,
// and transformers.js with timm's export. Prints milliseconds as JSON. Arguments: mobilenet|transformers VARIANT SIZE BATCH THREADS ROUNDS.
// MOBILENET_MODEL names a folder with a model.json for mobilenet; without it the package downloads its model.

import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import type * as wasm from '@tensorflow/tfjs-backend-wasm';
import type * as tfjs from '@tensorflow/tfjs-core';
import { CACHE } from '../support/paths.js';

const [kind = '', variant = '', ...numbers] = process.argv.slice(2);
const [size = 224, batch = 1, threads = 1, rounds = 5] = numbers.map(Number);
const load = createRequire(`${CACHE}node/package.json`);

/** The parts of the packages used here. */
interface Mobilenet {
  load(config: { version: 2; alpha: 1; modelUrl?: tfjs.io.IOHandler }): Promise<{ infer(images: tfjs.Tensor4D): tfjs.Tensor }>;
}
interface Transformers {
  readonly env: { allowRemoteModels: boolean };
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => object;
  readonly AutoModelForImageClassification: {
    from_pretrained(
      folder: string,
      options: object,
    ): Promise<(inputs: { readonly pixel_values: object }) => Promise<{ readonly logits: { readonly data: Float32Array } }>>;
  };
}

async function mobilenet(): Promise<() => Promise<unknown>> {
  const tf = load('@tensorflow/tfjs-core') as typeof tfjs;
  const { setWasmPaths } = load('@tensorflow/tfjs-backend-wasm') as typeof wasm;
  setWasmPaths(`${CACHE}node/node_modules/@tensorflow/tfjs-backend-wasm/dist/`);
  await tf.setBackend('wasm');
  const folder = process.env['MOBILENET_MODEL'];
  const model = await (load('@tensorflow-models/mobilenet') as Mobilenet).load({
    version: 2,
    alpha: 1,
    ...(folder === undefined ? {} : { modelUrl: await artifacts(tf, folder) }),
  });
  const pixels = tf.randomUniform<tfjs.Rank.R4>([batch, 224, 224, 3], 0, 255, 'float32', 1);
  return async () => {
    const answer = model.infer(pixels);
    await answer.data();
    answer.dispose();
  };
}

async function artifacts(tf: typeof tfjs, folder: string): Promise<tfjs.io.IOHandler> {
  const json = JSON.parse(await readFile(path.join(folder, 'model.json'), 'utf8')) as tfjs.io.ModelJSON;
  const files = json.weightsManifest.flatMap(({ paths }) => paths);
  const parts = await Promise.all(files.map((file) => readFile(path.join(folder, file))));
  return tf.io.fromMemory({
    ...json,
    weightSpecs: json.weightsManifest.flatMap(({ weights }) => weights),
    weightData: new Uint8Array(Buffer.concat(parts)).buffer,
  });
}

async function transformers(): Promise<() => Promise<unknown>> {
  const { env, Tensor, AutoModelForImageClassification } = load('@huggingface/transformers') as Transformers;
  env.allowRemoteModels = false;
  const folder = `${CACHE}inference/${variant}/transformers`;
  await rm(folder, { recursive: true, force: true });
  await mkdir(`${folder}/onnx`, { recursive: true });
  await writeFile(
    `${folder}/config.json`,
    JSON.stringify({ model_type: 'efficientnet', architectures: ['EfficientNetForImageClassification'] }),
  );
  await symlink(`${CACHE}inference/${variant}/timm.onnx`, `${folder}/onnx/model.onnx`);
  const model = await AutoModelForImageClassification.from_pretrained(folder, {
    dtype: 'fp32',
    session_options: { intraOpNumThreads: threads },
  });
  const data = Float32Array.from({ length: batch * size * size * 3 }, (_, i) => (i * 7919) % 256);
  return async () => (await model({ pixel_values: new Tensor('float32', data, [batch, 3, size, size]) })).logits.data;
}

const run = await (kind === 'mobilenet' ? mobilenet() : transformers());
const [wall, cpu]: [number[], number[]] = [[], []];
for (let round = -2; round < rounds; round++) {
  const [start, used] = [performance.now(), process.cpuUsage()];
  await run();
  const { user, system } = process.cpuUsage(used);
  if (round < 0) continue;
  wall.push(performance.now() - start);
  cpu.push((user + system) / 1000);
}
console.log(JSON.stringify({ wall, cpu }));
