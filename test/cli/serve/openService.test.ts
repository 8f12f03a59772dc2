// The HTTP service, with a model that answers at once or when a test lets it.

import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Predictor } from '../../../src/node.js';
import { openService, type Service, type ServiceOptions } from '../../../src/cli/serve/openService.js';

const PHOTO = await readFile('examples/data/photos/panda.jpg');
const OPTIONS: ServiceOptions = {
  port: 0,
  host: '127.0.0.1',
  cors: undefined,
  queue: 64,
  bodyBytes: 2 ** 20,
  maxPixels: 1e6,
  topK: 2,
  uploadSeconds: 30,
  stopSeconds: 5,
  version: '1.2.3',
  onFailure: () => undefined,
};

/** Three classes: bear, cat, dog with fixed probabilities. `before` runs before each batch. */
const predictor = (before: (size: number) => Promise<void> | void = () => undefined): Predictor => ({
  predict: () => {
    throw new Error('not used');
  },
  classNames: ['bear', 'cat', 'dog'],
  inputShape: [null, 8, 8, 3],
  preprocessing: { inputSize: 8, fit: 'stretch' },
  run: async (_, [size = 0]) => {
    await before(size);
    return { output: { shape: [size, 3], values: Float32Array.from({ length: 3 * size }, (__, i) => [0.2, 0.7, 0.1][i % 3] as number) } };
  },
});

/** A promise that a test resolves. */
function barrier(): { readonly passed: Promise<void>; open(): void } {
  let open: () => void = () => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}

let service: Service | undefined;
const open = async (model: Predictor = predictor(), options: Partial<ServiceOptions> = {}): Promise<string> => {
  service = await openService(model, { ...OPTIONS, ...options });
  return service.url;
};
afterEach(async () => {
  await service?.stop();
  service = undefined;
});

const post = async (url: string, body: BodyInit, path = '/classify'): Promise<Response> => fetch(`${url}${path}`, { method: 'POST', body });
const form = (...files: readonly [name: string, bytes: Uint8Array<ArrayBuffer>][]): FormData => {
  const data = new FormData();
  for (const [name, bytes] of files) data.append('file', new Blob([bytes]), name);
  return data;
};

describe('POST /classify', () => {
  it('answers the bytes of an image with its classes', async () => {
    const response = await post(await open(), PHOTO);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      predictions: [
        {
          file: null,
          classes: [
            { index: 1, name: 'cat', probability: 0.7 },
            { index: 0, name: 'bear', probability: 0.2 },
          ],
        },
      ],
    });
  });

  it('answers every file of a form, and names the broken one', async () => {
    const response = await post(await open(), form(['a.jpg', PHOTO], ['broken.jpg', PHOTO.subarray(0, 60)]), '/classify?topK=1');
    expect(response.status).toBe(200);
    const { predictions } = (await response.json()) as { predictions: { file: string; classes?: unknown[]; error?: string }[] };
    expect(predictions[0]).toEqual({ file: 'a.jpg', classes: [{ index: 1, name: 'cat', probability: 0.7 }] });
    expect(predictions[1]).toMatchObject({ file: 'broken.jpg', error: expect.stringContaining('broken.jpg') as string });
  });

  it('says whether an image shows none of the classes if the model has a threshold', async () => {
    const url = await open({ ...predictor(), unknownThreshold: 0.9 });
    expect(await (await post(url, PHOTO)).json()).toMatchObject({ predictions: [{ unknown: true }] });
  });

  it.each<[number, string, BodyInit, string]>([
    [415, 'image', 'no image', '/classify'],
    [400, 'empty', '', '/classify'],
    [400, 'topK', PHOTO, '/classify?topK=many'],
    [400, 'at least one file', form(), '/classify'],
    [413, 'at most 1048576 bytes', new Uint8Array(2 ** 20 + 1), '/classify'],
    [404, 'GET /health', PHOTO, '/clasify'],
    [405, 'GET for /health', PHOTO, '/health'],
  ])('refuses with %i: %s', async (status, message, body, path) => {
    const response = await post(await open(), body, path);
    expect(response.status).toBe(status);
    expect(((await response.json()) as { error: string }).error).toContain(message);
  });

  it('refuses images with too many pixels before it decodes them', async () => {
    const response = await post(await open(predictor(), { maxPixels: 100 }), PHOTO);
    expect(response.status).toBe(415);
  });

  it('answers the images that wait together', async () => {
    const sizes: number[] = [];
    const url = await open(
      predictor(async (size) => {
        sizes.push(size);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }),
    );
    const first = post(url, PHOTO);
    while (sizes.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const answers = await Promise.all([first, ...Array.from({ length: 5 }, async () => post(url, PHOTO))]);
    expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(200));
    expect(Math.max(...sizes)).toBeGreaterThan(1);
  });

  it('refuses at once, with a time to try again, when too many images wait', async () => {
    const gate = barrier();
    const url = await open(
      predictor(() => gate.passed),
      { queue: 2 },
    );
    const waiting = [post(url, PHOTO), post(url, PHOTO)];
    while (((await (await fetch(`${url}/health`)).json()) as { waiting: number }).waiting < 2);
    const refused = await post(url, PHOTO);
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    gate.open();
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200]);
  });

  it('answers others while many clients send headers and no body', async () => {
    const url = await open(predictor(), { queue: 2 });
    const sockets = Array.from({ length: 64 }, () => {
      const socket = connect(Number(new URL(url).port), '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write('POST /classify HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n');
      return socket;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await post(url, PHOTO)).status).toBe(200);
    for (const socket of sockets) socket.destroy();
  });

  it('ends requests that take too long, without a word', async () => {
    const failures: string[] = [];
    const url = await open(predictor(), { uploadSeconds: 0.2, onFailure: (line) => failures.push(line) });
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write('POST /classify HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nabc');
    const [answer] = await new Promise<Buffer[]>((resolve) => {
      const chunks: Buffer[] = [];
      socket.on('data', (chunk: Buffer) => chunks.push(chunk));
      socket.on('close', () => {
        resolve(chunks);
      });
    });
    expect(String(answer)).toContain('408');
    expect(failures).toEqual([]);
  });

  it('reports a failure of the model in a line, and goes on', async () => {
    const failures: string[] = [];
    let isBroken = true;
    const url = await open(
      predictor(() => {
        if (isBroken) throw new Error('the device was lost');
      }),
      { onFailure: (line) => failures.push(line) },
    );
    expect((await post(url, PHOTO)).status).toBe(500);
    expect(failures).toHaveLength(1);
    expect(failures[0]).toContain('the device was lost');
    isBroken = false;
    expect((await post(url, PHOTO)).status).toBe(200);
  });
});

describe('other paths', () => {
  it('answer with the state, the metrics, a page and an OpenAPI document', async () => {
    const url = await open();
    await post(url, PHOTO);
    await post(url, 'no image');
    expect(await (await fetch(`${url}/health?x=1`)).json()).toEqual({
      status: 'ok',
      waiting: 0,
      images: 2,
      statuses: { 200: 1, 415: 1 },
    });
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain('effnet_requests_total{path="/classify",status="415"} 1');
    expect(metrics).toContain('effnet_classify_seconds_count 2');
    expect(await (await fetch(url)).text()).toContain('<input type="file"');
    const document = (await (await fetch(`${url}/openapi.json`)).json()) as { info: { version: string }; paths: object };
    expect(document.info.version).toBe('1.2.3');
    expect(Object.keys(document.paths)).toEqual(['/classify', '/health', '/metrics']);
    expect((await fetch(`${url}/health`, { method: 'HEAD' })).status).toBe(200);
  });

  it('let the pages of other sites call only if they are allowed', async () => {
    const closed = await fetch(`${await open()}/health`);
    expect(closed.headers.get('access-control-allow-origin')).toBe(null);
    await service?.stop();
    const url = await open(predictor(), { cors: 'https://example.com' });
    const preflight = await fetch(`${url}/classify`, { method: 'OPTIONS' });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe('https://example.com');
  });
});

describe('the end', () => {
  it('answers what has arrived, refuses what is new, and counts', async () => {
    const gate = barrier();
    const url = await open(predictor(() => gate.passed));
    const waiting = post(url, PHOTO);
    while (((await (await fetch(`${url}/health`)).json()) as { waiting: number }).waiting < 1);
    const stopped = service?.stop();
    await expect(fetch(`${url}/health`)).rejects.toThrow();
    gate.open();
    expect((await waiting).status).toBe(200);
    expect(await stopped).toBe('1 images classified');
    service = undefined;
  });

  it('does not wait for clients that never finish', async () => {
    const url = await open(predictor(), { stopSeconds: 0.1 });
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('POST /classify HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n');
    await new Promise((resolve) => setTimeout(resolve, 50));
    await service?.stop();
    service = undefined;
  });

  it('is refused a port that is in use, in a sentence', async () => {
    const url = await open();
    await expect(openService(predictor(), { ...OPTIONS, port: Number(new URL(url).port) })).rejects.toThrow(
      /^serve: expected a free port for `port`, received \d+, which another program uses\./,
    );
  });
});
