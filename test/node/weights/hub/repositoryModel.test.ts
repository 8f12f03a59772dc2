import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { classNamesOf, planOf } from '../../../../src/models/index.js';
import { selectBackend } from '../../../../src/node/backends/index.js';
import { pretrained, type PretrainedOptions } from '../../../../src/node/weights/index.js';
import { isRepository } from '../../../../src/node/weights/hub/repositoryModel.js';
import { hubEnvironment } from '../../../support/hubEnvironment.js';
import { FIRST, hubServer, type HubServer } from '../../../support/hubServer.js';

/** A small network that transformers has written, whole and in shards. */
const fixtures = fileURLToPath(new URL('../../../fixtures/weights/hub', import.meta.url));
const filesOf = (folder: string): Record<string, Uint8Array> =>
  Object.fromEntries(readdirSync(join(fixtures, folder)).map((name) => [name, new Uint8Array(readFileSync(join(fixtures, folder, name)))]));

let folder: string;
let server: HubServer;

beforeAll(() => selectBackend(['wasm']));

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'effnet-hub-'));
  const only = (files: Record<string, Uint8Array | string>): object => ({ commits: { [FIRST]: files }, refs: { main: FIRST } });
  server = await hubServer({
    'me/net': only(filesOf('file')),
    'me/shards': only(filesOf('shards')),
    'me/bert': only({ 'config.json': '{"model_type":"bert"}' }),
    'me/empty': only({ 'README.md': '' }),
    'me/broken': only({ ...filesOf('file'), 'model.safetensors': filesOf('file')['model.safetensors']!.subarray(0, 5000) }),
  } as Parameters<typeof hubServer>[0]);
  hubEnvironment({ HF_ENDPOINT: server.endpoint, HF_HOME: folder });
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The probabilities of an image of one color. */
function probabilities(model: LayersModel): Promise<Float32Array> {
  const output = tf.tidy(() => model.predict(tf.fill([1, 32, 32, 3], 200)) as tf.Tensor);
  return output.data<'float32'>().finally(() => {
    output.dispose();
  });
}

async function refusal(name: string, options: PretrainedOptions = {}): Promise<string> {
  const error = await pretrained(name, options).then(
    () => new Error('built'),
    (reason: unknown) => reason as Error,
  );
  return `${error.name}: ${error.message}`.replaceAll(server.endpoint, 'HUB').replaceAll(folder, 'HOME').replaceAll(fixtures, 'FIXTURES');
}

describe('a repository', () => {
  test('is the same model from the hub, in shards, from the cache and from a folder', async () => {
    const online = await pretrained('hf:me/net');
    expect(classNamesOf(online)).toEqual(['cat', 'dog', 'horse']);
    const expected = await probabilities(online);
    hubEnvironment({ HF_ENDPOINT: server.endpoint, HF_HOME: folder, HF_HUB_OFFLINE: '1' });
    const cached = await pretrained('hf:me/net');
    hubEnvironment({ HF_ENDPOINT: server.endpoint, HF_HOME: folder });
    const models = [online, cached, await pretrained('hf:me/shards'), await pretrained(join(fixtures, 'file'))];
    for (const model of models) expect(await probabilities(model)).toEqual(expected);
    for (const model of models) model.dispose();
  });

  test('takes the options of the network', async () => {
    const model = await pretrained('hf:me/net', { classes: 5, head: 'skip' });
    expect(planOf(model)).toMatchObject({ classes: 5 });
    model.dispose();
  });

  test.each([
    [
      { weights: new Map() },
      "`weights` cannot be used for 'hf:me/net': a repository has weights of its own. Load others afterwards with `loadWeights`.",
    ],
    [
      { mirror: 'https://example.com' },
      "`mirror` cannot be used for 'hf:me/net': set the environment variable HF_ENDPOINT to a mirror of the hub.",
    ],
    [{ clases: 3 }, 'received `clases`'],
  ])('%o is refused before anything is asked for', async (options, message) => {
    expect(await refusal('hf:me/net', options as never)).toContain(message);
    expect(server.requests).toEqual([]);
  });

  test('what is no EfficientNet, has no configuration or is damaged is explained', async () => {
    expect(await refusal('hf:me/bert')).toContain(
      "pretrained: expected an EfficientNet of transformers or timm, received 'me/bert', which is ",
    );
    expect(await refusal('hf:me/empty')).toContain("received 'me/empty', which has no config.json.");
    expect(await refusal('hf:me/broken')).toMatch(/^WeightsError: /);
    expect(server.requests.some(({ path }) => path.startsWith('/me/bert') && path.includes('safetensors'))).toBe(false);
    // The commit of a repository that was refused is not that of a model.
    expect(() => readFileSync(join(folder, 'hub', 'models--me--bert', 'refs', 'main'))).toThrow('ENOENT');
  });

  test('no tensor is left of what fails', async () => {
    const before = tf.memory().numTensors;
    await refusal('hf:me/broken');
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('a path', () => {
  test.each(['./b0', '../b0', '.', '..', '/b0', '.\\b0', 'C:\\b0', 'c:/b0', '~/b0', 'file:///b0'])('%s is one', (name) => {
    expect(isRepository(name)).toBe(true);
  });

  test.each(['b0', 'timm/efficientnet_b0.ra_in1k', 'models/b0', '.b0', undefined])('%s is none', (name) => {
    expect(isRepository(name)).toBe(false);
  });

  test('of something else than the folder of a repository is explained', async () => {
    mkdirSync(join(folder, 'saved'));
    writeFileSync(join(folder, 'saved', 'model.json'), '{}');
    expect(await refusal(join(folder, 'saved'))).toMatchInlineSnapshot(
      `"DataError: pretrained: expected a folder with the config.json of a model of transformers or timm, received 'HOME/saved', a saved model. Open it with \`loadModel\`."`,
    );
    expect(await refusal(join(folder, 'nothing'))).toMatchInlineSnapshot(
      `"DataError: pretrained: expected a folder with the config.json of a model of transformers or timm, received 'HOME/nothing': there is no such file or folder."`,
    );
    expect(await refusal(join(fixtures, 'file', 'config.json'))).toMatchInlineSnapshot(
      `"DataError: pretrained: expected a folder with the config.json of a model of transformers or timm, received the file 'FIXTURES/file/config.json'. Pass the folder that it is in."`,
    );
    expect(await refusal(join(fixtures, 'file', 'model.safetensors'))).toContain('Load weights with `loadWeights`.');
    expect(await refusal('file:///models/b0')).toMatchInlineSnapshot(
      `"OptionError: pretrained: expected the path of a folder for \`name\`, received 'file:///models/b0'. Convert the URL with \`fileURLToPath\` of 'node:url'."`,
    );
    expect(await refusal('~/models/b0')).toMatchInlineSnapshot(
      `"OptionError: pretrained: expected the path of a folder for \`name\`, received '~/models/b0'. Replace '~' with \`homedir()\` of 'node:os'."`,
    );
    mkdirSync(join(folder, 'empty'));
    expect(await refusal(join(folder, 'empty'))).toContain('which has no config.json');
  });

  test('a saved model beside the files of a repository is none of its business', async () => {
    cpSync(join(fixtures, 'file'), join(folder, 'both'), { recursive: true });
    writeFileSync(join(folder, 'both', 'model.json'), '{}');
    (await pretrained(join(folder, 'both'))).dispose();
  });

  test.each([
    [{ cacheFolder: '/x' }, '`cacheFolder` cannot be used for'],
    [{ mirror: 'https://example.com' }, '`mirror` cannot be used for'],
    [{ signal: AbortSignal.abort() }, 'AbortError'],
  ])('%o is obeyed or refused', async (options, message) => {
    expect(await refusal(join(fixtures, 'file'), options)).toContain(message);
  });
});
