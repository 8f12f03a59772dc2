import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Progress } from '../../../../src/core/index.js';
import { repositoryFiles, type RepositoryFiles, type RepositoryFilesOptions } from '../../../../src/node/weights/hub/repositoryFiles.js';
import { parseHubName } from '../../../../src/weights/internal.js';
import { hubEnvironment } from '../../../support/hubEnvironment.js';
import { FIRST, gitHash, hubServer, OTHER_TOKEN, SECOND, TOKEN, type HubServer } from '../../../support/hubServer.js';

const weights = Uint8Array.from({ length: 3000 }, (_, i) => Math.imul(i, 2654435761) >>> 24);
const newer = weights.map((byte) => byte ^ 85);
const sha256 = createHash('sha256').update(weights).digest('hex');

let folder: string;
let server: HubServer;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'effnet-hub-'));
  const files = { 'config.json': '{"old":1}', 'model.safetensors': weights };
  server = await hubServer({
    'me/net': {
      commits: { [FIRST]: files, [SECOND]: { 'config.json': '{"new":1}', 'model.safetensors': newer } },
      refs: { main: FIRST, 'refs/pr/1': SECOND, v2: SECOND },
    },
    'me/secret': { commits: { [FIRST]: files }, refs: { main: FIRST }, isPrivate: true },
    'me/gated': { commits: { [FIRST]: files }, refs: { main: FIRST }, isGated: true },
  });
  environment();
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

function environment(more: Parameters<typeof hubEnvironment>[0] = {}): void {
  hubEnvironment({ HF_ENDPOINT: server.endpoint, HF_HOME: folder, ...more });
}

const open = async (name: string, options: RepositoryFilesOptions = {}): Promise<RepositoryFiles> =>
  repositoryFiles('pretrained', parseHubName('pretrained', name), options);

/** Reads both files, as a model does, and records the commit. */
async function readAll(name: string, options: RepositoryFilesOptions = {}): Promise<[config: string, weights: Uint8Array]> {
  const files = await open(name, options);
  const config = (await files.read('config.json'))!;
  const data = (await files.read('model.safetensors'))!;
  await files.commit();
  return [new TextDecoder().decode(config), new Uint8Array(data)];
}

const inHub = (...parts: string[]): string => join(folder, 'hub', 'models--me--net', ...parts);

/** The message of a refusal, with what changes from run to run left out. */
async function refusal(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => new Error('read'),
    (reason: unknown) => reason as Error,
  );
  return `${error.name}: ${error.message}`
    .replaceAll(server.endpoint, 'HUB')
    .replaceAll(server.storage, 'STORAGE')
    .replaceAll(folder, 'HOME');
}

describe('a repository', () => {
  test('is downloaded into the folder of Python, with its layout', async () => {
    expect(await readAll('hf:me/net')).toEqual(['{"old":1}', weights]);
    expect(readFileSync(inHub('refs', 'main'), 'utf8')).toBe(FIRST);
    expect(readdirSync(inHub('blobs')).sort()).toEqual([gitHash(new TextEncoder().encode('{"old":1}')), sha256].sort());
    expect(readlinkSync(inHub('snapshots', FIRST, 'model.safetensors'))).toBe(`../../blobs/${sha256}`);
  });

  test('is asked for once: a second time for one file, and for none at a commit', async () => {
    await readAll('hf:me/net');
    server.requests.length = 0;
    expect(await readAll('hf:me/net')).toEqual(['{"old":1}', weights]);
    expect(server.requests.map(({ method, path }) => `${method} ${path.split('?')[0]}`)).toEqual([
      'HEAD /me/net/resolve/main/config.json',
      `HEAD /api/resolve-cache/models/me/net/${FIRST}/config.json`,
    ]);
    server.requests.length = 0;
    expect(await readAll(`hf:me/net@${FIRST}`)).toEqual(['{"old":1}', weights]);
    expect(server.requests).toEqual([]);
  });

  test.each(['v2', 'refs/pr/1', SECOND])('has revisions: %s', async (revision) => {
    expect(await readAll(`hf:me/net@${revision}`)).toEqual(['{"new":1}', newer]);
    expect(existsSync(inHub('refs', 'main'))).toBe(false);
    expect(existsSync(inHub('refs', ...revision.split('/')))).toBe(revision !== SECOND);
  });

  test('gives all files of one commit, even if the branch moves in between', async () => {
    const files = await open('hf:me/net');
    await files.read('config.json');
    server.repositories['me/net']!.refs['main'] = SECOND;
    expect(new Uint8Array((await files.read('model.safetensors'))!)).toEqual(weights);
    await files.commit();
    expect(await readAll('hf:me/net')).toEqual(['{"new":1}', newer]);
    expect(readFileSync(inHub('refs', 'main'), 'utf8')).toBe(SECOND);
  });

  test('keeps its last complete commit for offline use until a newer one is complete', async () => {
    await readAll('hf:me/net');
    server.repositories['me/net']!.refs['main'] = SECOND;
    server.faults.storageStatus = 503;
    expect(await refusal(readAll('hf:me/net'))).toContain('answered 503');
    environment({ HF_HUB_OFFLINE: '1' });
    expect(await readAll('hf:me/net')).toEqual(['{"old":1}', weights]);
  });

  test('says that a file is missing, and remembers it', async () => {
    const files = await open('hf:me/net');
    expect(await files.read('preprocessor_config.json')).toBeUndefined();
    expect(existsSync(inHub('.no_exist', FIRST, 'preprocessor_config.json'))).toBe(true);
    server.requests.length = 0;
    expect(await files.read('preprocessor_config.json')).toBeUndefined();
    expect(server.requests).toEqual([]);
  });

  test('reports progress by the name of the file', async () => {
    const seen: Progress[] = [];
    await readAll('hf:me/net', { onProgress: (progress) => seen.push(progress) });
    expect(seen.at(-1)).toMatchObject({ task: 'download model.safetensors', done: weights.length, total: weights.length, unit: 'bytes' });
  });

  test('goes into `cacheFolder`, HF_HUB_CACHE or HF_HOME, in this order', async () => {
    environment({ HF_HUB_CACHE: join(folder, 'b') });
    await readAll('hf:me/net', { cacheFolder: join(folder, 'a') });
    await readAll('hf:me/net');
    environment();
    await readAll('hf:me/net');
    for (const place of ['a', 'b', 'hub']) expect(existsSync(join(folder, place, 'models--me--net', 'refs', 'main'))).toBe(true);
  });

  test.each(['../x.bin', 'a/../../x.bin', '/etc/passwd', 'a\\b.bin', 'C:x.bin', ''])('has no file outside of it: %j', async (file) => {
    const files = await open('hf:me/net');
    expect(await refusal(files.read(file))).toContain(`expected the name of a file of 'me/net', received '${file}'`);
    expect(server.requests).toEqual([]);
  });

  test('is copied where links are switched off', async () => {
    environment({ HF_HUB_DISABLE_SYMLINKS: '1' });
    expect(await readAll('hf:me/net')).toEqual(['{"old":1}', weights]);
    expect(lstatSync(inHub('snapshots', FIRST, 'model.safetensors')).isFile()).toBe(true);
    environment({ HF_HUB_OFFLINE: '1' });
    expect(await readAll('hf:me/net')).toEqual(['{"old":1}', weights]);
  });
});

describe('a transfer', () => {
  test('that breaks off goes on where it stopped', async () => {
    server.faults.stopAfter = 700;
    expect(await readAll('hf:me/net')).toEqual(['{"old":1}', weights]);
    const ranges = server.requests.filter(({ from }) => from === 'storage').map(({ range }) => range);
    expect(ranges.slice(0, 3)).toEqual([undefined, 'bytes=700-', 'bytes=1400-']);
  });

  test('that keeps breaking off is given up, and goes on in the next call', async () => {
    server.faults.stopAfter = 700;
    const files = await open('hf:me/net', { onProgress: () => (server.faults.stopAfter = 0) });
    expect(await refusal(files.read('model.safetensors'))).toMatchInlineSnapshot(
      `"WeightsError: pretrained: the server stopped sending 'me/net/model.safetensors' at 700 of 3000 bytes. What arrived is kept; call again to go on from there."`,
    );
    server.faults.stopAfter = Infinity;
    server.requests.length = 0;
    expect(await readAll('hf:me/net')).toEqual(['{"old":1}', weights]);
    expect(server.requests.find(({ from }) => from === 'storage')?.range).toBe('bytes=700-');
  });

  test('that was complete when the process ended starts again', async () => {
    mkdirSync(inHub('blobs'), { recursive: true });
    writeFileSync(inHub('blobs', `${sha256}.part`), weights);
    writeFileSync(inHub('blobs', `${sha256}.part.etag`), '"storage-etag"');
    expect(await readAll('hf:me/net')).toEqual(['{"old":1}', weights]);
  });

  test('of other bytes than the digest says is refused, and nothing is kept', async () => {
    server.faults.corrupt = true;
    expect(await refusal(readAll('hf:me/net'))).toMatchInlineSnapshot(
      `"WeightsError: pretrained: expected a file whose sha256 begins with 416b6d6783fba128, received 4070d57491ec5255... from 'me/net/model.safetensors'. Nothing of it was kept."`,
    );
    expect(readdirSync(inHub('blobs'))).toHaveLength(1);
  });

  test('that the storage refuses is an error without the signed address', async () => {
    server.faults.storageStatus = 403;
    expect(await refusal(readAll('hf:me/net'))).toMatchInlineSnapshot(
      `"WeightsError: pretrained: expected a server that sends the file, received that 'me/net/model.safetensors' answered 403. Try again later."`,
    );
  });

  test('is stopped by a signal', async () => {
    await expect(readAll('hf:me/net', { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
    const controller = new AbortController();
    server.faults.isSilent = true;
    const reading = readAll('hf:me/net', { signal: controller.signal });
    setTimeout(() => {
      controller.abort();
    }, 50);
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('the access token', () => {
  test('goes to the hub and to no other server', async () => {
    environment({ HF_TOKEN: `${TOKEN}\n` });
    expect(await readAll('hf:me/secret')).toEqual(['{"old":1}', weights]);
    const tokens = (from: string): unknown[] => [
      ...new Set(server.requests.filter((each) => each.from === from).map((each) => each.authorization)),
    ];
    expect(tokens('hub')).toEqual([`Bearer ${TOKEN}`]);
    expect(tokens('storage')).toEqual([undefined]);
  });

  test('comes from the file of `hf auth login` otherwise', async () => {
    writeFileSync(join(folder, 'token'), `${TOKEN}\n`);
    expect(await readAll('hf:me/gated')).toEqual(['{"old":1}', weights]);
    environment({ HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' });
    expect(await refusal(readAll('hf:me/secret'))).toContain('which does not exist or is private');
  });

  test.each([
    [
      'hf:me/nett',
      undefined,
      "expected a repository of 'HUB', received 'me/nett', which does not exist or is private. Check the name. For a private repository, set HF_TOKEN.",
    ],
    [
      'hf:me/nett',
      TOKEN,
      "expected a repository of 'HUB', received 'me/nett', which does not exist or which the token in HF_TOKEN cannot read. " +
        'Check the name, and the permissions of the token.',
    ],
    [
      'hf:me/secret',
      undefined,
      "received 'me/secret', which does not exist or is private. Check the name. For a private repository, set HF_TOKEN.",
    ],
    ['hf:me/secret', OTHER_TOKEN, "received 'me/secret', which does not exist or which the token in HF_TOKEN cannot read."],
    [
      'hf:me/gated',
      undefined,
      "received 'me/gated', which is gated. Accept its terms at 'HUB/me/gated', then set HF_TOKEN to a token of your account.",
    ],
    [
      'hf:me/gated',
      OTHER_TOKEN,
      "received 'me/gated', which is gated. Accept its terms at 'HUB/me/gated', then use a token of the account that did (HF_TOKEN).",
    ],
    [
      'hf:me/net',
      'hf_wrong',
      "expected a valid access token in HF_TOKEN, received one that 'HUB' refuses. " +
        "Create another at 'HUB/settings/tokens', or remove it for public repositories.",
    ],
    [
      'hf:me/net@v9',
      undefined,
      "expected a branch, a tag or a commit of 'me/net', received 'v9'. 'HUB/me/net/commits' shows its revisions. Without '@', it is 'main'.",
    ],
  ])('%s with the token %s is explained', async (name, token, message) => {
    environment(token === undefined ? {} : { HF_TOKEN: token });
    expect(await refusal(readAll(name))).toContain(message);
  });
});

describe('without the hub', () => {
  test.each([{ HF_HUB_OFFLINE: '1' }, { TRANSFORMERS_OFFLINE: 'yes' }])('%o reads the cache, and asks nobody', async (variables) => {
    await readAll('hf:me/net');
    environment(variables);
    server.requests.length = 0;
    expect(await readAll('hf:me/net')).toEqual(['{"old":1}', weights]);
    expect(server.requests).toEqual([]);
  });

  test('a server that is out of order is one that is not there', async () => {
    await readAll('hf:me/net');
    server.faults.status = 503;
    expect(await readAll('hf:me/net')).toEqual(['{"old":1}', weights]);
    expect(await refusal(readAll('hf:me/net@v2'))).toMatchInlineSnapshot(
      `"WeightsError: pretrained: expected 'config.json' of 'me/net@v2' in the cache folder 'HOME/hub', received none, and 'HUB' answered 503. Check the connection, the proxy and HF_ENDPOINT."`,
    );
  });

  test('what is not in the cache is an error that says why it is not downloaded', async () => {
    environment({ HF_HUB_OFFLINE: '1' });
    expect(await refusal(readAll('hf:me/net'))).toMatchInlineSnapshot(
      `"WeightsError: pretrained: expected 'config.json' of 'me/net' in the cache folder 'HOME/hub', received none, and HF_HUB_OFFLINE is set. Unset HF_HUB_OFFLINE to download it."`,
    );
    environment();
    await server.close();
    expect(await refusal(readAll('hf:me/net'))).toMatchInlineSnapshot(
      `"WeightsError: pretrained: expected 'config.json' of 'me/net' in the cache folder 'HOME/hub', received none, and 'HUB' cannot be reached (ECONNREFUSED). Check the connection, the proxy and HF_ENDPOINT."`,
    );
  });

  test('a configuration that was not downloaded is missed, other forms of the weights are not', async () => {
    const files = await open('hf:me/net');
    await files.read('model.safetensors');
    await files.commit();
    environment({ HF_HUB_OFFLINE: '1' });
    const offline = await open('hf:me/net');
    expect(await offline.read('pytorch_model.bin')).toBeUndefined();
    expect(await refusal(offline.read('preprocessor_config.json'))).toContain(
      "expected 'preprocessor_config.json' of 'me/net' in the cache folder",
    );
  });

  test('a damaged file of the cache is downloaded again, and refused offline', async () => {
    await readAll('hf:me/net');
    writeFileSync(inHub('blobs', sha256), weights.subarray(1));
    environment({ HF_HUB_OFFLINE: '1' });
    expect(await refusal(readAll('hf:me/net'))).toMatchInlineSnapshot(
      `"WeightsError: pretrained: expected 'model.safetensors' of 'me/net' in the cache folder 'HOME/hub', received a damaged one, 'HOME/hub/models--me--net/blobs/416b6d6783fba12823f4180fe7b9b7a238932d6eed210a91e66122650cce468d', and HF_HUB_OFFLINE is set. Unset HF_HUB_OFFLINE to download it."`,
    );
    environment();
    expect(await readAll('hf:me/net')).toEqual(['{"old":1}', weights]);
  });

  test('a server that is no hub is refused', async () => {
    server.faults.status = 200;
    expect(await refusal(readAll('hf:me/net'))).toMatchInlineSnapshot(
      `"WeightsError: pretrained: expected the Hugging Face hub or a mirror at 'HUB', received an answer for 'config.json' without X-Repo-Commit. Check HF_ENDPOINT and the proxy."`,
    );
    server.faults.headers = { 'x-repo-commit': '../../x', etag: '"a"' };
    expect(await refusal(readAll('hf:me/net'))).toContain('with an invalid X-Repo-Commit');
    server.faults.headers = { 'x-repo-commit': FIRST, etag: '"../../../x"' };
    expect(await refusal(readAll('hf:me/net'))).toContain('with an invalid ETag');
    server.faults.status = 302;
    server.faults.headers = { location: '/again' };
    expect(await refusal(readAll('hf:me/net'))).toMatchInlineSnapshot(
      `"WeightsError: pretrained: expected 'HUB/me/net/resolve/main/config.json' to lead to a file, received 10 redirects."`,
    );
  });

  test.runIf(process.getuid?.() !== 0)('a cache that cannot be written is refused, and read', async () => {
    await readAll('hf:me/net');
    chmodSync(inHub('blobs'), 0o555);
    chmodSync(inHub('refs'), 0o555);
    expect(await readAll('hf:me/net')).toEqual(['{"old":1}', weights]);
    expect(await refusal(readAll('hf:me/net@v2'))).toContain('expected a cache folder that can be written');
    chmodSync(inHub('blobs'), 0o755);
    chmodSync(inHub('refs'), 0o755);
  });

  test('a cache folder that is a file is refused', async () => {
    writeFileSync(join(folder, 'hub'), '');
    expect(await refusal(readAll('hf:me/net'))).toMatchInlineSnapshot(
      `"WeightsError: pretrained: expected a cache folder that can be written, received 'HOME/hub' (ENOTDIR). Choose another with \`cacheFolder\` or HF_HUB_CACHE."`,
    );
  });
});
