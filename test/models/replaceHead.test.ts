import { beforeAll, describe, expect, test } from 'vitest';
import { classNamesOf, efficientNet, featureExtractor, planOf, replaceHead } from '../../src/models/index.js';
import { expectNoLeak } from '../support/leaks.js';
import { predict, TINY } from '../support/tinyNetworks.js';
import { startWasm } from '../support/wasm.js';

beforeAll(startWasm);

describe('replaceHead', () => {
  test('keeps the features and predicts the new classes', async () => {
    const model = efficientNet(TINY, { classes: 10, seed: 1 });
    const features = featureExtractor(model, ['top_activation']);
    const before = await predict(features);
    const result = replaceHead(model, { classes: 3, dropoutRate: 0.2, classNames: ['x', 'y', 'z'] });
    expect(result.outputs[0]!.shape).toEqual([null, 3]);
    expect(await predict(featureExtractor(result, ['top_activation']))).toEqual(before);
    expect(classNamesOf(result)).toEqual(['x', 'y', 'z']);
    expect(planOf(result).classes).toBe(3);
    expect(planOf(result).layers.map((layer) => layer.name)).toContain('predictions');
  });

  test('max pooling and hidden layers are part of the new head', () => {
    const base = efficientNet(TINY, { includeTop: false });
    const result = replaceHead(base, {
      classes: 1,
      classifierActivation: 'sigmoid',
      pooling: 'max',
      hidden: [16],
      classNames: ['no', 'yes'],
    });
    expect(result.layers.slice(-3).map((layer) => layer.name)).toEqual(['max_pool', 'hidden1', 'predictions']);
    expect(planOf(result).classifier).toBeNull();
  });

  test('pooled features are taken as they are', () => {
    const result = replaceHead(efficientNet(TINY, { includeTop: false, pooling: 'avg' }), { classes: 4 });
    expect(result.layers.slice(-2).map((layer) => layer.name)).toEqual(['avg_pool', 'predictions']);
  });

  test('the old head is disposed', async () => {
    await expectNoLeak(() => {
      replaceHead(efficientNet(TINY, { classes: 10 }), { classes: 3 }).dispose();
    });
  });

  test('names that do not match the classes are refused', () => {
    expect(() => replaceHead(efficientNet(TINY), { classes: 2, classNames: ['a', 'a'] })).toThrow(
      "replaceHead: expected an array of different non-empty strings for `classNames`, received ['a', 'a'].",
    );
    expect(() => replaceHead(efficientNet(TINY), { classes: 3, classNames: ['a'] })).toThrow(
      'replaceHead: expected 3 names for `classNames`, one per class, received 1.',
    );
  });
});
