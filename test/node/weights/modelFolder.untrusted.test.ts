// Models that strangers made: what they name stays in their folder, what they claim is not believed.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { classNamesOf, setClassNames } from '../../../src/models/index.js';
import { ensureBackend } from '../../../src/node/backends/index.js';
import { loadModel, readWeightFile, saveModel } from '../../../src/node/weights/index.js';

let folder: string;
let model: string;
let text: string;

interface ModelJson {
  modelTopology: { config: { layers: { config: Record<string, unknown>; inbound_nodes: unknown[][][] }[] } };
  userDefinedMetadata: { effnet: Record<string, unknown> };
  weightsManifest: { paths: unknown[]; weights: { shape: unknown }[] }[];
}

beforeAll(async () => {
  await ensureBackend();
  folder = await mkdtemp(path.join(tmpdir(), 'effnet-untrusted-'));
  model = path.join(folder, 'model');
  const input = tfl.input({ shape: [4] });
  const net = tfl.model({
    inputs: input,
    outputs: tfl.layers
      .dense({ units: 2, name: 'predictions' })
      .apply(tfl.layers.dense({ units: 3, name: 'hidden' }).apply(input)) as tfl.SymbolicTensor,
  });
  setClassNames(net, ['a', 'b']);
  await saveModel(net, model);
  text = await readFile(path.join(model, 'model.json'), 'utf8');
});

afterAll(() => rm(folder, { recursive: true }));

async function edited(edit: (json: ModelJson) => void): Promise<string> {
  const json = JSON.parse(text) as ModelJson;
  edit(json);
  await writeFile(path.join(model, 'model.json'), JSON.stringify(json));
  return model;
}

const refusal = async (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'read',
    (error: unknown) =>
      String(error)
        .replaceAll(folder, '')
        .replace(/Error: expected.*cannot be built/, 'Error: expected ... cannot be built'),
  );

describe('a model.json', () => {
  test.each(['../secret.bin', '/etc/hostname', 'a/../../secret.bin', '..\\secret.bin', 'C:\\secret.bin', 'weights.bin\0'])(
    'that names the shard %j is refused by both readers',
    async (name) => {
      await writeFile(path.join(folder, 'secret.bin'), new Uint8Array(92));
      const source = await edited(({ weightsManifest: [group] }) => {
        group!.paths = [name];
      });
      expect(await refusal(loadModel(source))).toMatch(/^WeightsError: loadModel: '\/model\/model.json' names a file outside its folder: /);
      expect(await refusal(readWeightFile(source))).toMatch(
        /^WeightsError: readWeightFile: '\/model\/model.json' names a file outside its folder: /,
      );
    },
  );

  test('with a path that is no text leaves no read behind that fails later', async () => {
    const source = await edited(({ weightsManifest: [group] }) => {
      group!.paths = ['missing.bin', true];
    });
    expect(await refusal(loadModel(source))).toMatchInlineSnapshot(
      `"WeightsError: loadModel: '/model/model.json' names a file outside its folder: true."`,
    );
  });

  test('whose layers wait for each other, or for one that is not there, is refused', async () => {
    const wait = (name: string, node = 0) =>
      edited(({ modelTopology }) => {
        modelTopology.config.layers[1]!.inbound_nodes[0]![0] = [name, node, 0, {}];
      });
    expect(await refusal(loadModel(await wait('nobody')))).toMatchInlineSnapshot(
      `"WeightsError: loadModel: expected layers whose inputs are computed, received 'hidden' after [['nobody', 0, 0, {  }]]. The file is damaged."`,
    );
    expect(await refusal(loadModel(await wait('predictions')))).toMatch(
      /expected layers whose inputs are computed, received 'hidden' after/,
    );
    expect(await refusal(loadModel(await wait('input1', 7)))).toMatch(/expected layers whose inputs are computed/);
  });

  test('with a layer larger than its weights is refused before memory is taken', async () => {
    const source = await edited(({ modelTopology }) => {
      modelTopology.config.layers[1]!.config['units'] = 500_000_000;
    });
    expect(await refusal(loadModel(source))).toMatchInlineSnapshot(
      `"WeightsError: loadModel: expected layers of the size of their weights, at most 4, received 500000000 for \`units\`. The file is damaged."`,
    );
  });

  test('that is no model of layers is refused with a sentence of ours', async () => {
    expect(
      await refusal(
        loadModel(
          await edited((json) => {
            json.modelTopology = true as never;
          }),
        ),
      ),
    ).toMatch(/^DataError: loadModel: expected a layers model of TensorFlow.js, received one that cannot be built/);
    expect(
      await refusal(
        loadModel(
          await edited((json) => {
            json.weightsManifest[0]!.weights[0]!.shape = 'wide';
          }),
        ),
      ),
    ).toMatch(/^WeightsError: loadModel: expected every weight to have a shape/);
    expect(
      await refusal(
        loadModel(
          await edited((json) => {
            json.weightsManifest[0]!.weights = [null as never];
          }),
        ),
      ),
    ).toMatch(/^WeightsError: loadModel: expected every weight to have a shape/);
  });

  test('whose class names are no names has none', async () => {
    expect(
      classNamesOf(
        await loadModel(
          await edited((json) => {
            json.userDefinedMetadata.effnet['classNames'] = { length: 2 };
          }),
        ),
      ),
    ).toBeUndefined();
  });
});
