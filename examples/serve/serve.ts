// Question: how is a trained network served over HTTP, quickly, and without falling over?
// Command:  npm run example:serve                     (listens on port 8080 until Ctrl-C or SIGTERM)
//           npm run example:serve -- --model DIR      (a folder of saveModel, for example runs/cactus/model)
//           npm run example:serve -- --load-test 200  (starts, sends itself 200 pictures, prints its figures, stops)
// The README beside this file has the figures.

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { parseArgs } from 'node:util';
import {
  BackendError,
  classifyMany,
  decodeImage,
  efficientNet,
  foldBatchNorm,
  isEffnetError,
  loadModel,
  loadWeights,
  preprocessingOf,
  selectBackend,
  setClassNames,
  warmup,
  type Classification,
  type Pixels,
  type Predictor,
} from 'effnet-ts/node';
import { IMAGENET_CLASS_NAMES } from 'effnet-ts/imagenet';
import { createRuntime } from 'effnet-ts/onnx';

const DATA = path.join(import.meta.dirname, '..', 'data');
const { values: options } = parseArgs({
  options: {
    model: { type: 'string' },
    port: { type: 'string', default: '8080' },
    threads: { type: 'string', default: '2' },
    'load-test': { type: 'string' },
    clients: { type: 'string', default: '16' },
    queue: { type: 'string', default: '64' },
  },
});
const [PORT, THREADS, CLIENTS] = [options.port, options.threads, options.clients].map(Number) as [number, number, number];

const LIMITS = { bodyBytes: 8 * 2 ** 20, pixels: 25e6, queue: Number(options.queue), batch: 8 };

/** A picture that waits for its answer. */
interface Job {
  readonly pixels: Pixels;
  readonly answer: (classes: Classification[]) => void;
  readonly fail: (error: unknown) => void;
}

/** Pictures in the order they came; asking for one waits until there is one. */
class Queue {
  readonly #waiting: Job[] = [];
  #wake: () => void = () => undefined;
  closed = false;

  get length(): number {
    return this.#waiting.length;
  }

  add(job: Job): void {
    this.#waiting.push(job);
    this.#wake();
  }

  close(): void {
    this.closed = true;
    this.#wake();
  }

  /** Those that wait, at most so many; `undefined` once the queue is closed and empty. */
  async take(most: number): Promise<Job[] | undefined> {
    while (this.#waiting.length === 0 && !this.closed)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    return this.#waiting.length === 0 ? undefined : this.#waiting.splice(0, most);
  }
}

const queue = new Queue();
const counts = { answered: 0, refused: 0, failed: 0 };

/** One batch at a time: whoever waits is answered together. */
async function work(network: Predictor): Promise<void> {
  for (let jobs = await queue.take(LIMITS.batch); jobs !== undefined; jobs = await queue.take(LIMITS.batch)) {
    try {
      let i = 0;
      for await (const classes of classifyMany(
        network,
        jobs.map(({ pixels }) => pixels),
        { batchSize: jobs.length, topK: 5 },
      ))
        jobs[i++]?.answer(classes);
    } catch (error) {
      for (const job of jobs) job.fail(error);
    }
  }
}

class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LIMITS.bodyBytes) throw new Refusal(413, `expected at most ${LIMITS.bodyBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function answer(request: IncomingMessage): Promise<object> {
  if (request.url === '/health') return { status: queue.closed ? 'stopping' : 'ok', queued: queue.length, decoding, ...counts };
  if (request.url !== '/classify') throw new Refusal(404, 'expected /classify or /health');
  if (request.method !== 'POST') throw new Refusal(405, 'expected POST with the bytes of a picture');
  // Refusing at once is kinder than answering after the caller gave up.
  if (queue.closed || queue.length + decoding >= LIMITS.queue) throw new Refusal(503, 'too busy; try again in a second');
  decoding++;
  let pixels: Pixels;
  try {
    pixels = await decodeImage(await readBody(request), { maxPixels: LIMITS.pixels, origin: 'the body' }).catch((error: unknown) => {
      throw isEffnetError(error) ? new Refusal(415, error.message) : error;
    });
  } finally {
    decoding--;
  }
  const classes = await new Promise<Classification[]>((resolve, reject) => {
    queue.add({ pixels, answer: resolve, fail: reject });
  });
  return {
    classes: classes.map(({ index, className, probability }) => ({
      index,
      name: className ?? null,
      probability: Number(probability.toFixed(4)),
    })),
  };
}

let decoding = 0;

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const send = (status: number, body: object): void => {
    response.writeHead(status, {
      'content-type': 'application/json',
      ...(status === 503 ? { 'retry-after': '1' } : {}),
      ...(status === 413 ? { connection: 'close' } : {}),
    });
    response.end(`${JSON.stringify(body)}\n`);
  };
  try {
    send(200, await answer(request));
    if (request.url === '/classify') counts.answered++;
  } catch (error) {
    counts[error instanceof Refusal ? 'refused' : 'failed']++;
    if (!(error instanceof Refusal)) console.error(error);
    send(error instanceof Refusal ? error.status : 500, {
      error: error instanceof Refusal ? error.message : 'the picture could not be classified',
    });
  }
}

/** ONNX Runtime where it is installed, several times faster; else TensorFlow.js with BatchNormalization folded away. */
async function openNetwork(): Promise<{ network: Predictor; engine: string }> {
  const { backend } = await selectBackend();
  const model = options.model === undefined ? efficientNet('lite0') : await loadModel(options.model);
  if (options.model === undefined) {
    await loadWeights(model, path.join(DATA, 'weights', 'efficientnet-lite0.safetensors'));
    setClassNames(model, IMAGENET_CLASS_NAMES);
  }
  if (preprocessingOf(model) === undefined) {
    throw new Error(
      '--model: expected a model that says how images become its input. State it with setPreprocessing, and save the model again.',
    );
  }
  try {
    return { network: await createRuntime(model, { threads: THREADS }), engine: 'ONNX Runtime' };
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    const folded = await foldBatchNorm(model);
    await warmup(folded, { batchSize: LIMITS.batch });
    return { network: folded, engine: `TensorFlow.js on ${backend} (npm install onnxruntime-node is faster)` };
  }
}

const { network, engine } = await openNetwork();
const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, (request, response) => void handle(request, response));
server.listen(PORT);
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
console.log(`${engine} answers on http://localhost:${port}: curl --data-binary @photo.jpg http://localhost:${port}/classify`);

/** Takes no new pictures, answers those that wait, and ends. */
async function stop(): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  queue.close();
  await working;
  server.closeIdleConnections();
  // Whoever still sends a picture nobody will look at has a second to notice.
  setTimeout(() => {
    server.closeAllConnections();
  }, 1000).unref();
  await closed;
  console.log(`Stopped: ${counts.answered} answered, ${counts.refused} refused, ${counts.failed} failed`);
}

const working = work(network);
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop());
if (options['load-test'] !== undefined) {
  await loadTest(Number(options['load-test']));
  await stop();
}

/** Clients that send the panda again and again, each waiting for its answer before the next. */
async function loadTest(requests: number): Promise<void> {
  const photo = await readFile(path.join(DATA, 'photos', 'panda.jpg'));
  const milliseconds: number[] = [];
  let next = 0;
  let first = '';
  const [start, processor] = [performance.now(), process.cpuUsage()];
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      while (next++ < requests) {
        const began = performance.now();
        const response = await fetch(`http://localhost:${port}/classify`, { method: 'POST', body: photo });
        const { classes } = (await response.json()) as { classes?: { name: string; probability: number }[] };
        if (classes?.[0] !== undefined) first = `${classes[0].name} ${classes[0].probability}`;
        if (response.status === 200) milliseconds.push(performance.now() - began);
      }
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(processor);
  milliseconds.sort((a, b) => a - b);
  const at = (share: number): string =>
    (milliseconds[Math.min(milliseconds.length - 1, Math.floor(share * milliseconds.length))] ?? NaN).toFixed(0);
  console.log(
    `${milliseconds.length} of ${requests} answered (${first}) by ${CLIENTS} clients in ${seconds.toFixed(1)} s: ` +
      `${(milliseconds.length / seconds).toFixed(1)} a second, ` +
      `median ${at(0.5)} ms, 95th percentile ${at(0.95)} ms, ${((user + system) / 1000 / requests).toFixed(0)} ms of processor ` +
      `time each, the clients' included`,
  );
}
