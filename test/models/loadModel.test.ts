import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { BatchNormalization, SeededDropout } from '../../src/layers/internal.js';
import { convNormAct, head, stage, stem } from '../../src/layers/index.js';
import { classNamesOf, efficientNet, loadModel, planOf, saveModel, setClassNames } from '../../src/models/index.js';
import type { VariantSpec } from '../../src/scaling/index.js';
import { fillModel } from '../support/fillModel.js';
import { LITE, memory, predict, TINY, V2 } from '../support/tinyNetworks.js';
import { startWasm } from '../support/wasm.js';

beforeAll(startWasm);

describe('saveModel and loadModel', () => {
  test.each<[string, VariantSpec]>([
    ['V1', TINY],
    ['Lite', LITE],
    ['V2', V2],
  ])('%s comes back with its layers, plan, class names and answers', async (_, spec) => {
    const model = efficientNet(spec, { classes: 3, seed: 1 });
    fillModel(model, 2);
    setClassNames(model, ['a', 'b', 'c']);
    const file = memory();
    await saveModel(model, file);
    const back = await loadModel(file);
    expect(await predict(back)).toEqual(await predict(model));
    expect(planOf(back)).toEqual(planOf(model));
    expect(classNamesOf(back)).toEqual(['a', 'b', 'c']);
    expect(back.layers.map((layer) => layer.constructor.name)).toEqual(model.layers.map((layer) => layer.constructor.name));
    expect(back.getLayer('stem_bn')).toBeInstanceOf(BatchNormalization);
    expect(back.getLayer('top_dropout')).toBeInstanceOf(SeededDropout);
  });

  test('plain TensorFlow.js opens the file and predicts the same', async () => {
    const model = efficientNet(TINY, { classes: 3, seed: 1 });
    const file = memory();
    await saveModel(model, file);
    const names = JSON.stringify(file.saved!.modelTopology);
    expect(names).not.toContain('Effnet');
    const stock = await tfl.loadLayersModel(file);
    expect(stock.getLayer('stem_bn')).not.toBeInstanceOf(BatchNormalization);
    expect(await predict(stock)).toEqual(await predict(model));
  });

  test('a model of another library is unchanged', async () => {
    const other = tfl.sequential({
      layers: [tfl.layers.batchNormalization({ inputShape: [4, 4, 3], name: 'theirs' }), tfl.layers.dropout({ rate: 0.5 })],
    });
    const file = memory();
    await saveModel(other, file);
    const back = await loadModel(file);
    expect(back.getLayer('theirs')).not.toBeInstanceOf(BatchNormalization);
    expect(planOf(back)).not.toHaveProperty('variant');
  });

  test('a model composed of blocks by hand keeps its layers too', async () => {
    const input = tfl.input({ shape: [32, 32, 3] });
    const x = stage(stem(input, { filters: 8 }), { name: 'own', repeats: 2, filters: 8, dropRates: [0, 0.1] });
    const model = tfl.model({ inputs: input, outputs: head(convNormAct(x, { name: 'last', filters: 16 }), { classes: 2, hidden: [5] }) });
    const file = memory();
    await saveModel(model, file);
    const back = await loadModel(file);
    expect(back.getLayer('owna_bn')).toBeInstanceOf(BatchNormalization);
    expect(await predict(back, 32)).toEqual(await predict(model, 32));
  });

  test('a page loads from a path on its server, and such a path is refused outside a page', async () => {
    const model = efficientNet(TINY, { classes: 3, seed: 1 });
    const file = memory();
    await saveModel(model, file);
    const { modelTopology, weightSpecs, userDefinedMetadata, weightData } = file.saved!;
    const manifest = JSON.stringify({
      modelTopology,
      userDefinedMetadata,
      weightsManifest: [{ paths: ['weights.bin'], weights: weightSpecs }],
    });
    const asked: (string | undefined)[] = [];
    const server = createServer(({ url }, response) => {
      asked.push(url);
      response.setHeader('content-type', url?.endsWith('.json') === true ? 'application/json' : 'application/octet-stream');
      response.end(url?.endsWith('.json') === true ? manifest : Buffer.from(weightData as ArrayBuffer));
    }).listen(0);
    onTestFinished(() => {
      vi.unstubAllGlobals();
      server.close();
    });
    vi.stubGlobal('location', { href: `http://localhost:${(server.address() as AddressInfo).port}/app/page.html` });
    for (const url of ['models/mine/model.json', '/models/mine/model.json'])
      expect(await predict(await loadModel(url))).toEqual(await predict(model));
    expect(asked).toEqual([
      '/app/models/mine/model.json',
      '/app/models/mine/weights.bin',
      '/models/mine/model.json',
      '/models/mine/weights.bin',
    ]);
    vi.unstubAllGlobals();
    await expect(loadModel('models/mine/model.json')).rejects.toThrow(
      'loadModel: expected a URL TensorFlow.js can handle here for `source`',
    );
  });

  test('truncated weights are refused', async () => {
    const file = memory();
    await saveModel(efficientNet(TINY, { classes: 3 }), file);
    file.saved = { ...file.saved!, weightData: (file.saved!.weightData as ArrayBuffer).slice(0, 1000) };
    await expect(loadModel(file)).rejects.toThrow(/^loadModel: expected \d+ bytes of weights, received 1000\./);
  });
});
