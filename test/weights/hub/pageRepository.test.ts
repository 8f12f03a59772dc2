// What does not need a browser. test/browser/pretrained.test.ts keeps a repository in Chromium.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import path from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { pretrained } from '../../../src/weights/index.js';
import { hubListener } from '../../support/hubListener.js';
import { fixture } from '../../support/hubFixture.js';
import { startServer, type LocalServer } from '../../support/localServer.js';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const files = new Map<string, Uint8Array>(
  ['config.json', 'preprocessor_config.json', 'model.safetensors'].map((file) => [file, readFileSync(path.join(fixture('file'), file))]),
);

let server: LocalServer | undefined;
afterEach(() => server?.stop());
beforeAll(() => tf.setBackend('cpu'));

async function serve(listener: RequestListener): Promise<string> {
  server = await startServer(listener);
  return server.url;
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => new Error('not refused'),
    (reason: unknown) => reason as Error,
  );
  return `${error.name}: ${error.message}`.replaceAll(server?.url ?? '//', 'SERVER');
}

test('a repository is read from one commit, and files that it does not have are not asked for', async () => {
  const folder = fixture('shards');
  const shards = new Map<string, Uint8Array>(readdirSync(folder).map((file) => [file, readFileSync(path.join(folder, file))]));
  const mirror = `${await serve(hubListener('owner/name', { main: COMMIT }, shards))}/`;
  const model = await pretrained('hf:owner/name', { mirror });
  expect(model.outputs[0]?.shape).toEqual([null, 3]);
  model.dispose();
  const [list, ...read] = server?.requests ?? [];
  expect(list).toBe('/api/models/owner/name/revision/main?blobs=true');
  expect(read.sort()).toEqual([...shards.keys()].sort().map((file) => `/owner/name/resolve/${COMMIT}/${file}`));
});

test('another file than that of the commit is refused', async () => {
  const weights = files.get('model.safetensors')!;
  const changed = new Map(files).set(
    'model.safetensors',
    weights.map((byte) => byte ^ 1),
  );
  const digests = new Map([['model.safetensors', createHash('sha256').update(weights).digest('hex')]]);
  const mirror = await serve(hubListener('owner/name', { main: COMMIT }, changed, digests));
  const message = await refusal(pretrained('hf:owner/name', { mirror }));
  expect(message.replaceAll(/[0-9a-f]{16}(?=\W)/g, 'DIGEST')).toMatchInlineSnapshot(
    `"WeightsError: pretrained: expected a file whose sha256 begins with DIGEST, received DIGEST... from 'SERVER/owner/name/resolve/0123456789abcdef01234567DIGEST/model.safetensors'. Nothing of it was kept."`,
  );
});

test('what is no public repository is refused with what to do', async () => {
  const mirror = await serve(hubListener('owner/name', { main: COMMIT }, files));
  expect(await refusal(pretrained('hf:owner/other', { mirror }))).toMatchInlineSnapshot(
    `"WeightsError: pretrained: expected a public repository of 'SERVER', received 'owner/other', which does not exist or is not public. Check the name. Pages have no access token, so download a private repository in Node and save the model with \`saveModel\`."`,
  );
  expect(await refusal(pretrained('hf:owner/name@v9', { mirror }))).toMatchInlineSnapshot(
    `"WeightsError: pretrained: expected a public repository of 'SERVER' with the revision 'v9', received 'owner/name'. 'SERVER/owner/name/commits' shows its revisions."`,
  );
  expect(await refusal(pretrained('hf:owner', { mirror }))).toContain('OptionError: pretrained: expected a repository such as');
  expect(await refusal(pretrained('hf:owner/name', { mirror, weights: new Map() }))).toMatchInlineSnapshot(
    `"OptionError: pretrained: \`weights\` cannot be used for 'hf:owner/name': a repository has weights of its own. Load others afterwards with \`loadWeights\`."`,
  );
  expect(await refusal(pretrained('hf:owner/name', { mirror, inputsize: 32 } as never))).toContain('received `inputsize`');
  await server?.stop();
  expect(await refusal(pretrained('hf:owner/name', { mirror }))).toMatchInlineSnapshot(
    `"WeightsError: pretrained: 'SERVER/api/models/owner/name/revision/main?blobs=true' cannot be reached, or does not answer pages of other sites. Call again with a connection."`,
  );
  const other = await serve((_, response) => response.setHeader('content-type', 'application/json').end('{}'));
  expect(await refusal(pretrained('hf:owner/name', { mirror: other }))).toMatchInlineSnapshot(
    `"WeightsError: pretrained: expected the Hugging Face hub or a mirror at 'SERVER', received another answer for 'owner/name'."`,
  );
  await server?.stop();
  const busy = await serve((_, response) => response.writeHead(429).end());
  expect(await refusal(pretrained('hf:owner/name', { mirror: busy }))).toMatchInlineSnapshot(
    `"WeightsError: pretrained: 'SERVER/api/models/owner/name/revision/main?blobs=true' answered 429. Try again later."`,
  );
});
