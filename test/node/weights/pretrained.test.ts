import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Progress } from '../../../src/core/index.js';
import { efficientNet, planOf } from '../../../src/models/index.js';
import { pretrained } from '../../../src/node/weights/index.js';
import { selectBackend } from '../../../src/node/backends/index.js';
import { cachedFile, type CacheOptions } from '../../../src/node/weights/weightCache.js';
import { PRETRAINED, weightsOf, writeSafetensors, type PretrainedWeights } from '../../../src/weights/index.js';

const content = Uint8Array.from({ length: 300_000 }, (_, i) => Math.imul(i, 2654435761) >>> 24);
const sha256 = createHash('sha256').update(content).digest('hex');

/** How the server behaves: called for each request, first one 0. */
type Behavior = (request: IncomingMessage, response: ServerResponse, index: number) => void;

let server: Server | undefined;
let folder: string;
const requests: { range: string | undefined; path: string }[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'effnet-cache-'));
  requests.length = 0;
});

afterEach(async () => {
  await stop();
  rmSync(folder, { recursive: true, force: true });
});

async function serve(behavior: Behavior): Promise<string> {
  await stop();
  server = createServer((request, response) => {
    requests.push({ range: request.headers.range, path: request.url ?? '' });
    behavior(request, response, requests.length - 1);
  });
  await new Promise<void>((done) => {
    server!.listen(0, '127.0.0.1', done);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function stop(): Promise<void> {
  server?.closeAllConnections();
  await new Promise<void>((done) => {
    if (server === undefined) done();
    else
      server.close(() => {
        done();
      });
  });
  server = undefined;
}

/** Serves bytes, ranges included; stops after so many of them when told to. */
function serving(bytes: Uint8Array, { stopAfter = Infinity, ranges = true }: { stopAfter?: number; ranges?: boolean } = {}): Behavior {
  return (request, response) => {
    const start = ranges ? Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0) : 0;
    const rest = bytes.subarray(start);
    response.writeHead(start > 0 ? 206 : 200, {
      'content-length': rest.length,
      etag: `"${createHash('md5').update(bytes).digest('hex')}"`,
      ...(start > 0 ? { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` } : {}),
    });
    if (rest.length <= stopAfter) response.end(rest);
    else response.write(rest.subarray(0, stopAfter), () => setTimeout(() => response.destroy(), 20));
  };
}

const checkpointAt = (...sources: PretrainedWeights['sources']): PretrainedWeights => ({ ...PRETRAINED['lukemelas/b0']!, sources });
const known = (url: string): PretrainedWeights => checkpointAt({ url, digest: { algorithm: 'sha256', hex: sha256.slice(0, 8) } });
const fetchFile = (weights: PretrainedWeights, options: CacheOptions = {}): Promise<string> =>
  cachedFile('test/net', weights, { cacheFolder: folder, ...options });
const files = (): string[] => readdirSync(folder).sort();

/** The message of a refusal, with what changes from run to run left out. */
async function refusal(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => new Error('fetched'),
    (reason: unknown) => reason as Error,
  );
  return `${error.name}: ${error.message}`.replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, 'SERVER').replaceAll(folder, 'CACHE');
}

describe('a checkpoint is fetched once', () => {
  test('with progress, under its own name, and is read from the cache when the server is gone', async () => {
    const url = `${await serve(serving(content))}/net-0.pth`;
    const seen: Progress[] = [];
    const path = await fetchFile(known(url), { onProgress: (progress) => seen.push(progress) });
    expect(path).toBe(join(folder, 'net-0.pth'));
    expect(new Uint8Array(readFileSync(path))).toEqual(content);
    expect(files()).toEqual(['net-0.pth']);
    expect(seen.at(-1)).toMatchObject({ task: 'download net-0.pth', done: content.length, total: content.length, unit: 'bytes' });
    await stop();
    expect(await fetchFile(known(url))).toBe(path);
    expect(requests).toHaveLength(1);
  });

  test('an interrupted transfer continues where it stopped', async () => {
    const url = `${await serve(serving(content, { stopAfter: 70_000 }))}/net.pth`;
    const path = await fetchFile(known(url));
    expect(new Uint8Array(readFileSync(path))).toEqual(content);
    expect(requests.length).toBeGreaterThan(1);
    expect(requests.slice(1).every(({ range }) => range !== undefined)).toBe(true);
    expect(files()).toEqual(['net.pth']);
  });

  test('a server without range requests is asked again from the beginning', async () => {
    const [broken, whole] = [serving(content, { stopAfter: 70_000, ranges: false }), serving(content, { ranges: false })];
    const url = `${await serve((request, response, index) => {
      (index === 0 ? broken : whole)(request, response, index);
    })}/net.pth`;
    expect(new Uint8Array(readFileSync(await fetchFile(known(url))))).toEqual(content);
  });

  test('a server that keeps failing is given up, and a later call continues from there', async () => {
    const stuck: Behavior = (request, response, index) => {
      serving(content, { stopAfter: index === 0 ? 70_000 : 0 })(request, response, index);
    };
    const checkpoint = known(`${await serve(stuck)}/net.pth`);
    expect(await refusal(fetchFile(checkpoint))).toMatchInlineSnapshot(
      `"WeightsError: pretrained: the server stopped sending 'SERVER/net.pth' at 70000 of 300000 bytes. What arrived is kept; call again to go on from there."`,
    );
    expect(files()).toEqual(['net.pth.part', 'net.pth.part.etag']);
    const mirror = await serve(serving(content));
    requests.length = 0;
    expect(new Uint8Array(readFileSync(await fetchFile(checkpoint, { mirror })))).toEqual(content);
    expect(requests).toEqual([{ range: 'bytes=70000-', path: '/net.pth' }]);
  });

  test('the next source is asked when the first one fails', async () => {
    const base = await serve((request, response, index) => {
      if (request.url === '/gone.pth') response.writeHead(404).end();
      else serving(content)(request, response, index);
    });
    const path = await fetchFile(checkpointAt({ url: `${base}/gone.pth`, digest: null }, { url: `${base}/here.pth`, digest: null }));
    expect(path).toBe(join(folder, 'here.pth'));
  });

  test('a signal stops it', async () => {
    const url = `${await serve(serving(content, { stopAfter: 1000 }))}/net.pth`;
    await expect(fetchFile(known(url), { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
  });
});

test.each([
  [{ mirrors: 'http://127.0.0.1' }, 'received `mirrors`'],
  [{ mirror: 'ftp://127.0.0.1' }, 'expected an http or https URL for `mirror`'],
  [{ inputSize: 8 }, 'expected an input of at least 32 x 32 pixels'],
  [{ classes: 10 }, "expected the 1000 classes of 'lukemelas/b0' for `classes`"],
  [{ pooling: 'avg' }, '`pooling` cannot be used'],
  [{ attention: () => null }, 'expected `attention` to return a symbolic tensor'],
])('%o is refused before anything is downloaded', async (options, message) => {
  const mirror = await serve(serving(content));
  const error = await refusal(pretrained('lukemelas/b0', { mirror, cacheFolder: folder, ...options } as never));
  expect(error).toContain(`Error: pretrained: `);
  expect(error).toContain(message);
  expect(requests).toEqual([]);
  expect(files()).toEqual([]);
});

describe('what is not the published file is not kept', () => {
  test('a digest that does not match', async () => {
    const checkpoint = known(`${await serve(serving(content.map((byte) => byte ^ 1)))}/net.pth`);
    expect(await refusal(fetchFile(checkpoint))).toMatchInlineSnapshot(
      `"WeightsError: pretrained: expected a file whose sha256 begins with 136f334d, received 600e0ac52c921e00... from 'SERVER/net.pth'. Nothing of it was kept."`,
    );
    expect(files()).toEqual([]);
  });

  test('without a published digest, later downloads must match the first', async () => {
    const checkpoint = checkpointAt({ url: `${await serve(serving(content))}/net.pth`, digest: null });
    const path = await fetchFile(checkpoint);
    expect(readFileSync(`${path}.sha256`, 'utf8')).toBe(sha256);
    rmSync(path);
    const mirror = await serve(serving(content.map((byte) => byte ^ 1)));
    expect(await refusal(fetchFile(checkpoint, { mirror }))).toContain('expected a file whose sha256 begins with');
    expect(existsSync(path)).toBe(false);
  });

  test('an invalid recorded digest is refused, and the file is kept', async () => {
    const checkpoint = checkpointAt({ url: 'http://127.0.0.1:9/net.pth', digest: null });
    writeFileSync(join(folder, 'net.pth'), content);
    writeFileSync(join(folder, 'net.pth.sha256'), 'not found\n');
    expect(await refusal(fetchFile(checkpoint))).toMatchInlineSnapshot(
      `"WeightsError: pretrained: expected the SHA-256 of the weights in 'CACHE/net.pth.sha256', received 'not found'. Delete it together with 'CACHE/net.pth' to download the weights again."`,
    );
    expect(files()).toEqual(['net.pth', 'net.pth.sha256']);
    writeFileSync(join(folder, 'net.pth.sha256'), `${sha256}  net.pth\n`);
    expect(await fetchFile(checkpoint)).toBe(join(folder, 'net.pth'));
  });

  test('a file that is damaged in the cache is downloaded again', async () => {
    const checkpoint = known(`${await serve(serving(content))}/net.pth`);
    const path = await fetchFile(checkpoint);
    writeFileSync(path, content.subarray(1));
    expect(new Uint8Array(readFileSync(await fetchFile(checkpoint)))).toEqual(content);
  });
});

describe('where it cannot be had', () => {
  test('offline, the error says which file to download, where to put it and what else works', async () => {
    const url = `${await serve(serving(content))}/net.pth`;
    await stop();
    expect(await refusal(fetchFile(known(url)))).toMatchInlineSnapshot(
      `"WeightsError: pretrained: 'SERVER/net.pth' cannot be reached. Fetch 'SERVER/net.pth' by other means and put it at 'CACHE/net.pth', or give a file with \`weights\` or a server with \`mirror\`."`,
    );
    expect(files()).toEqual([]);
    // And doing so works.
    writeFileSync(join(folder, 'net.pth'), content);
    expect(await fetchFile(known(url))).toBe(join(folder, 'net.pth'));
  });

  test('an error names a folder that cannot be written', async () => {
    const url = `${await serve(serving(content))}/net.pth`;
    writeFileSync(join(folder, 'file'), '');
    expect(await refusal(fetchFile(known(url), { cacheFolder: join(folder, 'file', 'cache') }))).toMatchInlineSnapshot(
      `"WeightsError: pretrained: the cache folder 'CACHE/file/cache' cannot be written (ENOTDIR). Give another with \`cacheFolder\`, or a file with \`weights\`."`,
    );
  });
});

describe('pretrained', () => {
  test('downloads, builds what the checkpoint needs, and loads', async () => {
    await selectBackend(['wasm']);
    const source = efficientNet('b0', { padding: 'symmetric', batchNormEpsilon: 1e-5 });
    const arrays = await weightsOf(source, { layout: 'timm' });
    source.dispose();
    const mirror = await serve(serving(writeSafetensors(arrays)));
    const name = 'timm/efficientnet_b0.ra4_e3600_r224_in1k';
    const model = await pretrained(name, { mirror, cacheFolder: folder });
    expect(planOf(model)).toMatchObject({
      padding: 'symmetric',
      batchNormEpsilon: 1e-5,
      normalization: { mean: 0.5, std: 0.5 },
      inputShape: [256, 256, 3],
      classes: 1000,
    });
    expect((await weightsOf(model, { layout: 'timm' })).get('conv_stem.weight')!.values()).toEqual(
      arrays.get('conv_stem.weight')!.values(),
    );
    model.dispose();
    expect(files()).toEqual([
      'timm_efficientnet_b0.ra4_e3600_r224_in1k.safetensors',
      'timm_efficientnet_b0.ra4_e3600_r224_in1k.safetensors.sha256',
    ]);

    // Another number of classes is a new head by choice, never by accident.
    expect(await refusal(pretrained(name, { cacheFolder: folder, classes: 10 }))).toMatchInlineSnapshot(
      `"OptionError: pretrained: expected the 1000 classes of 'timm/efficientnet_b0.ra4_e3600_r224_in1k' for \`classes\`, received 10. Pass \`head: 'skip'\` for a classifier of your own."`,
    );
    const ours = await pretrained(name, { cacheFolder: folder, classes: 10, head: 'skip', inputSize: 64 });
    expect(planOf(ours)).toMatchObject({ classes: 10, inputShape: [64, 64, 3] });
    ours.dispose();
    const backbone = await pretrained(name, { weights: arrays, includeTop: false, pooling: 'avg' });
    expect(backbone.outputs[0]!.shape).toEqual([null, 1280]);
    backbone.dispose();

    // A custom file that contains the network twice: the error asks for `prefix`, which is an option here, too.
    const twice = new Map(['raw.', 'ema.'].flatMap((prefix) => [...arrays].map(([key, array]) => [prefix + key, array] as const)));
    const message = await refusal(pretrained(name, { weights: twice, inputSize: 64 }));
    expect(message).toContain("Choose one: `prefix: 'raw.'`.");
    for (const prefix of ['raw.', 'ema.']) (await pretrained(name, { weights: twice, prefix, inputSize: 64 })).dispose();
  });

  test('an unknown name is refused with similar names', async () => {
    expect(await refusal(pretrained('b0-noisy'))).toMatchInlineSnapshot(
      `"OptionError: pretrained: expected a variant or a checkpoint for \`name\`, received 'b0-noisy'. Near it: 'qubvel/b0-noisy-student', 'qubvel/b0-noisy-student-notop'."`,
    );
    expect(await refusal(pretrained('resnet50'))).toMatchInlineSnapshot(
      `"OptionError: pretrained: expected a variant or a checkpoint for \`name\`, received 'resnet50'. PRETRAINED lists them. 'hf:owner/name' is a repository of the Hugging Face hub, and './name' a folder."`,
    );
  });

  test('every variant has a default checkpoint', async () => {
    const { VARIANTS } = await import('../../../src/scaling/index.js');
    const { defaultPretrained } = await import('../../../src/weights/index.js');
    for (const variant of Object.keys(VARIANTS) as (keyof typeof VARIANTS)[]) {
      expect(PRETRAINED[defaultPretrained(variant)], variant).toMatchObject({ variant, includeTop: true });
    }
  });
});
