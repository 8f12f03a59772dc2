// Question: can training and batch inference leave for many machines, and come back with the same numbers?
// Command:  npm run example:distributed -- --python .venv/bin/python     (a Python with requirements.txt of this folder)
// The README beside this file has the expected output, the minutes and what to do on real hosts.

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import {
  BackendError,
  efficientNet,
  encodeImage,
  evaluate,
  freeze,
  imageFolder,
  loadWeights,
  recordImages,
  replaceHead,
  selectBackend,
  setPreprocessing,
  tfrecordDataset,
  unfreezeExceptBatchNorm,
  writeTFRecords,
  type ImageFolder,
  type ImageFolderOptions,
} from 'effnet-ts/node';
import { writeKeras } from 'effnet-ts/hdf5';
import { createRuntime, exportOnnx } from 'effnet-ts/onnx';
import { runExample } from '../shared/run.js';
import { DATA } from '../shared/settings.js';

const SIZE = 96;
/** How images become the input, in training and in the exported file alike. */
const PREPROCESSING = { inputSize: SIZE, fit: 'stretch', antialias: true } as const;
const RECORD = { image: { key: 'image', kind: 'bytes' }, label: { key: 'label', kind: 'int64' } } as const;

const { values: options } = parseArgs({
  options: { python: { type: 'string', default: 'python3' }, out: { type: 'string', default: path.join('runs', 'distributed') } },
});
const script = (name: string): string => path.join(import.meta.dirname, name);
const inOut = (name: string): string => path.join(options.out, name);
const labeled = (folder: string, more: ImageFolderOptions = {}): Promise<ImageFolder> =>
  imageFolder(folder, { ...PREPROCESSING, shuffle: false, ...more });
const photos = (part: 'train' | 'validation'): string => path.join(DATA, 'clothing', part);

await runExample(async () => {
  await requirePackages();
  await mkdir(options.out, { recursive: true });
  await selectBackend();
  const classNames = await leave();

  console.log('Training in TensorFlow: Lite0 from block7a on, 16 pictures a step');
  const one = await train('one', [await freeHost()]);
  const two = await train('two', await Promise.all([freeHost(), freeHost()]));
  for (const [name, { losses, startSeconds, secondsPerStep }] of Object.entries({ 'one worker ': one, 'two workers': two })) {
    console.log(
      `  ${name}: ${startSeconds.toFixed(1)} s to start, ${losses.length} steps of ${secondsPerStep.toFixed(3)} s, ` +
        `loss ${losses[0]?.toFixed(4) ?? ''} to ${losses.at(-1)?.toFixed(4) ?? ''}`,
    );
  }
  agree('the losses of all steps, one worker and two', one.losses, two.losses, 1e-3);
  agree('the losses of what they saved', [one.loss], [two.loss], 1e-3);

  const model = efficientNet('lite0', { inputSize: SIZE, classes: classNames.length });
  await loadWeights(model, inOut('two.keras'));
  const records = await tfrecordDataset(inOut('validation-*'), RECORD);
  const back = await evaluate(model, recordImages(records, { classes: classNames.length }), { classNames });
  console.log(
    `Back in TypeScript, on ${back.count} pictures: loss ${back.loss.toFixed(4)}, accuracy ${back.accuracy.toFixed(4)}; Keras: ` +
      `${two.loss.toFixed(4)}, ${two.accuracy.toFixed(4)}`,
  );
  agree('the two losses', [back.loss], [two.loss], 1e-4);
  agree('all probabilities, here and in Keras', back.predictions.probabilities, two.probabilities.flat(), 1e-4);

  setPreprocessing(model, PREPROCESSING);
  const onnx = await exportOnnx(model);
  model.dispose();
  await writeFile(inOut('model.onnx'), onnx);
  console.log('Inference: ONNX Runtime here, and on Ray Data');
  await inferTwice(onnx, inOut('pictures'));
  await inferTwice(onnx, photos('validation'));
});

/** Writes what leaves: the model with its freezing, records for training and validation, and the validation pictures as files. */
async function leave(): Promise<readonly string[]> {
  const { classNames } = await labeled(photos('train'));
  const backbone = efficientNet('lite0', { inputSize: SIZE, dropConnectRate: 0 });
  await loadWeights(backbone, path.join(DATA, 'weights', 'efficientnet-lite0.safetensors'));
  const model = replaceHead(backbone, { classes: classNames.length, dropoutRate: 0, seed: 1 });
  // Each worker would normalize by its own part of a batch, and drop its own features: without, two compute what one does.
  freeze(model);
  unfreezeExceptBatchNorm(model, { from: 'block7a' });
  await writeFile(inOut('model.keras'), await writeKeras(model));
  model.dispose();
  for (const part of ['train', 'validation'] as const) {
    const { images } = await labeled(photos(part), { shuffle: true, seed: 1, labelMode: 'int' });
    const records = images.map(async ({ pixels, label, origin = '' }) => {
      // PNG at the model's size: every engine reads the same pixels.
      const image = await encodeImage(pixels);
      if (part === 'validation') await writeFileIn(inOut('pictures'), origin.replace(/\.\w+$/, '.png'), image);
      return { image, label: label as number };
    });
    await writeTFRecords(records, RECORD, inOut(part), { shards: 4 });
  }
  return classNames;
}

async function writeFileIn(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
  await writeFile(path.join(folder, name), bytes);
}

/** What train.py says. */
interface Trained {
  readonly losses: readonly number[];
  readonly startSeconds: number;
  readonly secondsPerStep: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly probabilities: readonly (readonly number[])[];
}

/** Trains with one Python process a host; where one fails, the others are ended. */
async function train(name: string, hosts: readonly string[]): Promise<Trained> {
  const failure = new AbortController();
  await Promise.all(
    hosts.map(async (_, index) => {
      const cluster = { cluster: { worker: hosts }, task: { type: 'worker', index } };
      await python([script('train.py'), options.out, name], { TF_CONFIG: JSON.stringify(cluster) }, failure.signal).catch(
        (error: unknown) => {
          failure.abort();
          throw error;
        },
      );
    }),
  );
  return JSON.parse(await readFile(inOut(`${name}.json`), 'utf8')) as Trained;
}

/** What infer.py says. */
interface Inferred {
  readonly startSeconds: number;
  readonly seconds: number;
  readonly probabilities: Readonly<Record<string, readonly number[]>>;
}

/** Classifies a folder here and on Ray Data. */
async function inferTwice(onnx: Uint8Array, folder: string): Promise<void> {
  const start = performance.now();
  const runtime = await createRuntime(onnx);
  const started = performance.now();
  const { predictions, count } = await evaluate(runtime, (await labeled(folder)).images);
  const seconds = (performance.now() - started) / 1000;
  await runtime.dispose();
  await python([script('infer.py'), inOut('model.onnx'), folder, inOut('inferred.json')]);
  const ray = JSON.parse(await readFile(inOut('inferred.json'), 'utf8')) as Inferred;
  const perPicture = (time: number): string => `${((1000 * time) / count).toFixed(1)} ms a picture`;
  console.log(`  ${folder}, ${count} pictures`);
  console.log(`  here:     ${((started - start) / 1000).toFixed(1)} s to start, then ${perPicture(seconds)}`);
  console.log(`  Ray Data: ${ray.startSeconds.toFixed(1)} s to the first answer, then ${perPicture(ray.seconds - ray.startSeconds)}`);
  const there = (predictions.files ?? []).map((file) => ray.probabilities[file] ?? []);
  const alike = there.filter((row, i) => row.indexOf(Math.max(...row)) === predictions.predicted[i]).length;
  console.log(`  ${alike} of ${count} are given the same class`);
  agree('all probabilities, here and on Ray Data', predictions.probabilities, there.flat(), 1e-4);
}

/** Says what is missing before any work is done. */
async function requirePackages(): Promise<void> {
  const names = ['tensorflow', 'keras', 'ray', 'onnxruntime', 'PIL'];
  const code = `import importlib.util as i; print(*[name for name in ${JSON.stringify(names)} if i.find_spec(name) is None])`;
  const missing = (await python(['-c', code])).trim();
  if (missing !== '')
    throw new BackendError(
      `--python: expected the packages of requirements.txt, '${options.python}' lacks ${missing}. Run: ` +
        `${options.python} -m pip install -r examples/distributed/requirements.txt`,
    );
}

/** Runs Python, and says in its last line what it failed of. */
async function python(parameters: readonly string[], env: Readonly<Record<string, string>> = {}, signal?: AbortSignal): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(options.python, [...parameters], {
      env: { ...process.env, ...env },
      maxBuffer: 2 ** 26,
      ...(signal === undefined ? {} : { signal }),
    });
    return stdout;
  } catch (cause) {
    const { stderr, message } = cause as { readonly stderr?: string; readonly message: string };
    const said = (stderr ?? '').trim().split('\n').at(-1) ?? '';
    throw new BackendError(`'${options.python}' failed: ${said === '' ? message : said}`, { cause });
  }
}

/** A port of this machine that nothing listens on. */
async function freeHost(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `127.0.0.1:${port}`;
}

/** Prints how far two lists of numbers are apart; the program fails where that is too far. */
function agree(what: string, a: ArrayLike<number>, b: ArrayLike<number>, tolerance: number): void {
  const largest = a.length === b.length && a.length > 0 ? Math.max(...Array.from(a, (value, i) => Math.abs(value - (b[i] ?? NaN)))) : NaN;
  const isClose = largest <= tolerance;
  console.log(`  ${isClose ? 'equal' : 'UNLIKE'}: ${what}, ${largest.toExponential(1)} apart (${tolerance} allowed)`);
  if (!isClose) process.exitCode = 1;
}
