// The HTTP service of a model.

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { OptionError, type Predictor } from '../../node.js';
import { batchQueue, type BatchQueue } from './batchQueue.js';
import { uploadClassifier, type Outcome, type UploadedImage } from './classifyUploads.js';
import { classifyReply, topKOf } from './classifyReply.js';
import { handleRequest, type Handling, type Routes } from './handleRequest.js';
import { openApi } from './openApi.js';
import { readUpload, type BodyMemory } from './readUpload.js';
import { refuse } from './refusal.js';
import { serviceMetrics } from './serviceMetrics.js';
import { uploadPage } from './uploadPage.js';

/** How a service answers. */
export interface ServiceOptions {
  /** 0 chooses a free port. */
  readonly port: number;
  readonly host: string;
  /** Origin whose pages may call the service, or '*'. `undefined` allows only its own page. */
  readonly cors: string | undefined;
  /** Most images that wait or are being classified. */
  readonly queue: number;
  /** Most bytes of a request. */
  readonly bodyBytes: number;
  /** Most pixels of an image. */
  readonly maxPixels: number;
  /** Classes for each image, unless the request names another number. */
  readonly topK: number;
  /** Most seconds that a request may take to arrive. */
  readonly uploadSeconds: number;
  /** Most seconds to answer the waiting requests when the service stops. */
  readonly stopSeconds: number;
  readonly version: string;
  /** Receives a line about each failure of the model. */
  readonly onFailure: (line: string) => void;
}

/** A running service. */
export interface Service {
  readonly url: string;
  /** Accepts no new connections, answers the requests that have arrived, and ends. Resolves with a line of counts. */
  stop(): Promise<string>;
}

const BATCH = 8;
/** Most seconds until the headers of a request have arrived. */
const HEADER_SECONDS = 10;
/** Bodies that arrive at the same time may take as much memory as this many of the largest. */
const BODIES = 32;

/** Starts the service. @throws {OptionError} when the port is in use or not allowed. */
export async function openService(model: LayersModel | Predictor, options: ServiceOptions): Promise<Service> {
  const metrics = serviceMetrics();
  const count: Handling['count'] = (path, status) => {
    metrics.request(path, status);
  };
  const memory: BodyMemory = { each: options.bodyBytes, all: BODIES * options.bodyBytes, used: 0 };
  const queue = batchQueue(uploadClassifier(model, options), { batchSize: BATCH, limit: options.queue });
  let isStopping = false;

  const routes: Routes = {
    'GET /': () => ({ status: 200, type: 'text/html; charset=utf-8', body: uploadPage() }),
    'GET /health': () => ({
      status: isStopping ? 503 : 200,
      body: { status: isStopping ? 'stopping' : 'ok', waiting: queue.length, ...metrics.counts() },
    }),
    'GET /metrics': () => ({
      status: 200,
      type: 'text/plain; version=0.0.4; charset=utf-8',
      body: metrics.text({
        effnet_waiting_images: ['Images that wait or are being classified.', queue.length],
        effnet_upload_bytes: ['Bytes of the requests that are being received.', memory.used],
      }),
    }),
    'GET /openapi.json': () => ({ status: 200, body: openApi(options) }),
    'POST /classify': async ({ request, url, signal }) => {
      const start = performance.now();
      if (isStopping) refuse(503, 'the service stops', 1);
      const topK = topKOf(url, options.topK);
      const files = await readUpload(request, memory);
      if (files.length > options.queue) refuse(413, `expected at most ${options.queue} images, received ${files.length}`);
      const images = files.map((file): UploadedImage => ({ file, topK }));
      const outcomes = await (queue.add(images, signal) ?? refuse(503, 'too many images wait', Math.max(1, Math.ceil(queue.delay))));
      metrics.answered((performance.now() - start) / 1000, outcomes.length);
      return classifyReply(images, outcomes);
    },
  };

  const server = createServer({
    headersTimeout: 1000 * Math.min(HEADER_SECONDS, options.uploadSeconds),
    requestTimeout: 1000 * options.uploadSeconds,
    connectionsCheckingInterval: 1000,
  });
  server.on('request', (request, response) => {
    const { cors, onFailure } = options;
    void handleRequest({ request, response, routes, cors, onFailure, isStopping: () => isStopping, count });
  });
  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  const host = options.host === '0.0.0.0' || options.host === '::' ? 'localhost' : options.host;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    async stop() {
      isStopping = true;
      await close(server, queue, options.stopSeconds);
      const { images, statuses } = metrics.counts();
      const others = Object.entries(statuses).filter(([status]) => status !== '200');
      return [`${images} images classified`, ...others.map(([status, count]) => `${count} requests with ${status}`)].join(', ');
    },
  };
}

/** @throws {OptionError} when the port is in use or not allowed. */
async function listen(server: Server, { port, host }: ServiceOptions): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reasons: Readonly<Record<string, string>> = { EADDRINUSE: 'which another program uses', EACCES: 'which this user may not use' };
    const reason = reasons[code ?? ''];
    if (reason === undefined)
      throw new OptionError(`serve: expected an address of this machine for \`host\`, received '${host}'.`, { cause: error });
    throw new OptionError(`serve: expected a free port for \`port\`, received ${port}, ${reason}. Choose another one; 0 takes any.`, {
      cause: error,
    });
  }
}

async function close(server: Server, queue: BatchQueue<UploadedImage, Outcome>, seconds: number): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  const late = setTimeout(() => {
    server.closeAllConnections();
  }, 1000 * seconds);
  await closed;
  clearTimeout(late);
  await queue.idle();
}
