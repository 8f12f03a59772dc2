// What does not need a browser. test/browser/pretrained.test.ts has the rest.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Progress } from '../../src/core/index.js';
import { preprocessingOf } from '../../src/image/index.js';
import { planOf } from '../../src/models/index.js';
import { VARIANTS, type Variant } from '../../src/scaling/index.js';
import { findPagePretrained, pageSources } from '../../src/weights/pagePretrained.js';
import { pageWeights, type PageDownloadOptions } from '../../src/weights/pageWeights.js';
import { findPretrained } from '../../src/weights/findPretrained.js';
import { defaultPretrained, PRETRAINED, pretrained, readSafetensors, weightsOf, type WeightsSource } from '../../src/weights/index.js';
import { startServer, type LocalServer } from '../support/localServer.js';

const content = Uint8Array.from({ length: 300_000 }, (_, i) => Math.imul(i, 2654435761) >>> 24);
const hex = createHash('sha256').update(content).digest('hex');
const variants = Object.keys(VARIANTS) as Variant[];

let server: LocalServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

async function serve(listener: RequestListener): Promise<string> {
  server = await startServer(listener);
  return server.url;
}

const serving =
  (bytes: Uint8Array, { sent = bytes.length, type = 'application/octet-stream', status = 200 } = {}): RequestListener =>
  (_, response) => {
    response.writeHead(status, { 'content-length': bytes.length, 'content-type': type });
    if (sent === bytes.length) response.end(bytes);
    else response.write(bytes.subarray(0, sent), () => setTimeout(() => response.destroy(), 20));
  };

/** The message of a refusal, without what changes from run to run. */
async function refusal(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => new Error('not refused'),
    (reason: unknown) => reason as Error,
  );
  return `${error.name}: ${error.message}`.replaceAll(server?.url ?? '//', 'SERVER');
}

describe('which file a web page gets', () => {
  test.each(variants)('the default of %s is a checkpoint in safetensors on the Hugging Face hub, the same as in Node', (variant) => {
    const found = findPagePretrained('pretrained', variant);
    const [{ url, digest } = { url: '', digest: null }, ...others] = pageSources('pretrained', found, false);
    expect(url).toMatch(/^https:\/\/huggingface\.co\/timm\/[\w.]+\/resolve\/main\/model\.safetensors$/);
    expect(digest).toBeNull();
    expect(others).toEqual([]);
    const name = defaultPretrained(variant);
    expect(found).toEqual([name, PRETRAINED[name]]);
    expect(findPretrained('pretrained', variant)).toEqual(found);
    expect(found[1]).toMatchObject({ variant, includeTop: true, classes: 1000, padding: 'same', batchNormEpsilon: 1e-3 });
  });

  test("a mirror is asked for the file of the hub first, then for the publisher's", () => {
    const found = findPagePretrained('pretrained', 'b8');
    expect(pageSources('pretrained', found, true).map(({ url }) => url.split('/').at(-1))).toEqual([
      'model.safetensors',
      'tf_efficientnet_b8_ra-572d5dd9.pth',
    ]);
    expect(pageSources('pretrained', ['torchvision/b0', PRETRAINED['torchvision/b0']!], true)).toEqual(
      PRETRAINED['torchvision/b0']!.sources,
    );
  });

  test('every file that a mirror can serve has a SHA-256 or no digest, because browsers compute no MD5', () => {
    const digests = Object.entries(PRETRAINED).flatMap(([name, weights]) =>
      weights.sources.every(({ url }) => url.endsWith('.h5'))
        ? []
        : pageSources('pretrained', [name, weights], true).map(({ digest }) => digest),
    );
    expect(digests.length).toBeGreaterThan(100);
    expect(digests.filter((digest) => digest !== null && digest.algorithm !== 'sha256')).toEqual([]);
  });

  test('a Keras file is refused with what to do', async () => {
    expect(await refusal(pretrained('keras/b0'))).toMatchInlineSnapshot(
      `"OptionError: pretrained: expected a checkpoint in safetensors or PyTorch format for \`name\`, received 'keras/b0'. Its file is a Keras file (.h5). Use 'timm/tf_efficientnet_b0.aa_in1k', or read the file with \`readKeras\` of 'effnet-ts/hdf5' and pass the arrays as \`weights\`."`,
    );
    expect(await refusal(pretrained('keras/v2-s-notop', { mirror: '/weights' }))).toContain("Use 'timm/tf_efficientnetv2_s.in1k', or");
    expect(await refusal(pretrained('qubvel/b3-noisy-student'))).toContain("Use 'timm/tf_efficientnet_b3.ns_jft_in1k', or");
    expect(await refusal(pretrained('b0', { weights: Uint8Array.of(0x89, 0x48, 0x44, 0x46) }))).toMatchInlineSnapshot(
      `"WeightsError: pretrained: expected a file of safetensors or PyTorch, received one of Keras. Read it with \`readKeras\` of 'effnet-ts/hdf5', and pass the arrays instead."`,
    );
  });

  test('a file on a server that answers no page of another site is refused', async () => {
    expect(await refusal(pretrained('torchvision/b0'))).toMatchInlineSnapshot(
      `"OptionError: pretrained: expected a checkpoint that web pages can download for \`name\`, received 'torchvision/b0'. Only the files of timm are on a server that lets pages of other sites download them. Use 'timm/tf_efficientnet_b0.aa_in1k', serve the file yourself and pass that server as \`mirror\`, or pass the file as \`weights\`."`,
    );
    expect(await refusal(pretrained('lukemelas/b1'))).toContain("Use 'timm/tf_efficientnet_b1.aa_in1k', serve");
  });
});

describe('wrong values are refused', () => {
  test.each([
    [{ mirror: 'ftp://127.0.0.1' }, 'expected an http or https URL, or a path on this site for `mirror`'],
    [{ mirror: '' }, 'expected an http or https URL, or a path on this site for `mirror`'],
    [{ cacheFolder: 'weights' }, 'received `cacheFolder`'],
    [{ weights: 'lite0.safetensors' }, "In Node, `pretrained` of 'effnet-ts/node' takes a path. On a page, fetch the file"],
    [{ weights: Promise.resolve(new Map()) }, 'Await it first.'],
    [{ classes: 10 }, "expected the 1000 classes of 'timm/tf_efficientnet_lite0.in1k' for `classes`"],
    [{ inputSize: 8 }, 'expected an input of at least 32 x 32 pixels'],
  ])('%o', async (options, message) => {
    const mirror = await serve(serving(content));
    const error = await refusal(pretrained('lite0', { mirror, ...options } as never));
    expect(error).toMatch(/^\w+Error: pretrained: /);
    expect(error).toContain(message);
    expect(server?.requests).toEqual([]);
  });

  test('a name that does not exist', async () => {
    expect(await refusal(pretrained('b0-noisy'))).toContain("Near it: 'qubvel/b0-noisy-student'");
  });
});

describe('a download', () => {
  const source = (digest: WeightsSource['digest'] = null): WeightsSource => ({ url: 'https://example.com/net.pth', digest });
  const get = (mirror: string, options: PageDownloadOptions = {}, sources: readonly WeightsSource[] = [source()]): Promise<Uint8Array> =>
    pageWeights('pretrained', 'test/net', sources, { mirror, ...options });

  test('reports bytes and rate, and compares the published digest', async () => {
    const seen: Progress[] = [];
    const onProgress = (progress: Progress): unknown => seen.push(progress);
    const known = source({ algorithm: 'sha256', hex: hex.slice(0, 8) });
    expect(await get(await serve(serving(content)), { onProgress: onProgress }, [known])).toEqual(content);
    expect(seen.at(-1)).toMatchObject({ task: 'download net.pth', done: content.length, total: content.length, unit: 'bytes' });
    expect(seen.at(-1)!.rate).toBeGreaterThan(0);
    expect(server?.requests).toEqual(['/net.pth']);
  });

  test('the length of a compressed transfer is not taken for that of the file', async () => {
    const { gzipSync } = await import('node:zlib');
    const plain = new Uint8Array(100_000).fill(7);
    const packed = gzipSync(plain);
    const url = await serve((_, response) => {
      response.writeHead(200, { 'content-length': packed.length, 'content-encoding': 'gzip' }).end(packed);
    });
    const totals: unknown[] = [];
    expect(await get(url, { onProgress: ({ total }) => totals.push(total) })).toEqual(plain);
    expect(totals.at(0)).toBeUndefined();
    expect(totals.at(-1)).toBe(plain.length);
  });

  test('another file than the published one is refused', async () => {
    const known = source({ algorithm: 'sha256', hex });
    expect(await refusal(get(await serve(serving(content.map((byte) => byte ^ 1))), {}, [known]))).toMatchInlineSnapshot(
      `"WeightsError: pretrained: expected a file whose sha256 begins with 136f334d64761987, received 600e0ac52c921e00... from 'SERVER/net.pth'. Nothing of it was kept."`,
    );
  });

  test('a transfer that breaks off is an error', async () => {
    expect(await refusal(get(await serve(serving(content, { sent: 70_000 }))))).toMatchInlineSnapshot(
      `"WeightsError: pretrained: the server stopped sending 'SERVER/net.pth' at 70000 of 300000 bytes. Call again."`,
    );
  });

  test('the next source is asked when the server does not have the first', async () => {
    const hub = { url: 'https://example.com/model.safetensors', digest: null };
    const url = await serve((request, response) => {
      if (request.url === '/net.pth') serving(content)(request, response);
      else serving(new TextEncoder().encode('<!doctype html>'), { type: 'text/html; charset=utf-8' })(request, response);
    });
    expect(await get(url, {}, [hub, source()])).toEqual(content);
    expect(server?.requests).toEqual(['/test_net.safetensors', '/net.pth']);
  });

  test('a file that no server has is refused with what each answered', async () => {
    const hub = { url: 'https://example.com/model.safetensors', digest: null };
    const url = await serve((request, response) => {
      serving(new TextEncoder().encode('<p>'), request.url === '/net.pth' ? { status: 404 } : { type: 'text/html' })(request, response);
    });
    expect(await refusal(get(url, {}, [hub, source()]))).toMatchInlineSnapshot(
      `"WeightsError: pretrained: 'SERVER/test_net.safetensors' answered with a web page; 'SERVER/net.pth' answered 404. Put the file there, or pass the file as \`weights\`."`,
    );
    await server?.stop();
    expect(await refusal(get(url))).toMatchInlineSnapshot(
      `"WeightsError: pretrained: 'SERVER/net.pth' cannot be reached, or does not answer pages of other sites. Put the file there, or pass the file as \`weights\`."`,
    );
    expect(await refusal(pageWeights('pretrained', 'test/net', [{ url: `${url}/net.pth`, digest: null }], {}))).toMatchInlineSnapshot(
      `"WeightsError: pretrained: 'SERVER/net.pth' cannot be reached, or does not answer pages of other sites. Serve the file yourself and pass that server as \`mirror\`, or pass the file as \`weights\`."`,
    );
  });

  test('a signal stops it before and during the transfer', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { 'content-length': content.length }).write(content.subarray(0, 1000));
    });
    await expect(get(url, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
    expect(server?.requests).toEqual([]);
    const controller = new AbortController();
    const reason = new Error('the user went away');
    const stopped = get(url, {
      signal: controller.signal,
      onProgress: () => {
        controller.abort(reason);
      },
    });
    await expect(stopped).rejects.toBe(reason);
  });
});

describe('pretrained', () => {
  const file = readFileSync('examples/data/weights/efficientnet-lite0.safetensors');

  beforeAll(() => tf.setBackend('cpu'));

  test('downloads, builds what the checkpoint needs, and loads', async () => {
    const mirror = `${await serve(serving(file))}/`;
    const before = tf.memory().numTensors;
    const model = await pretrained('lite0', { mirror, inputSize: 64 });
    expect(server?.requests).toEqual(['/timm_tf_efficientnet_lite0.in1k.safetensors']);
    expect(planOf(model)).toMatchObject({ padding: 'same', batchNormEpsilon: 1e-3, normalization: { mean: 0.5, std: 0.5 }, classes: 1000 });
    expect(preprocessingOf(model)).toMatchObject({ resampler: 'pillow', inputSize: [64, 64], cropFraction: 0.875 });
    expect((await weightsOf(model, { layout: 'lukemelas' })).get('_conv_stem.weight')!.values()).toEqual(
      readSafetensors(file).get('_conv_stem.weight')!.values(),
    );
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  }, 300_000);

  test('bytes are taken as they are, and no server is asked', async () => {
    const mirror = await serve(serving(file));
    const before = tf.memory().numTensors;
    const weights = Uint8Array.from(file).buffer;
    const model = await pretrained('lite0', { weights, mirror, classes: 4, head: 'skip', inputSize: 32 });
    expect(planOf(model)).toMatchObject({ classes: 4 });
    model.dispose();
    expect(server?.requests).toEqual([]);
    expect(tf.memory().numTensors).toBe(before);
  }, 300_000);

  test('a file that does not fit leaves no tensors', async () => {
    const before = tf.memory().numTensors;
    const mirror = await serve(serving(content));
    expect(await refusal(pretrained('lite0', { mirror, inputSize: 32 }))).toContain('WeightsError: pretrained: ');
    expect(tf.memory().numTensors).toBe(before);
  }, 300_000);
});
