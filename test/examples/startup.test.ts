// What the examples share before training.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { expect, test, vi } from 'vitest';
import { loadBackbone } from '../../examples/shared/startup.js';

const settings = { data: '', variant: 'lite0', weights: '', backend: 'wasm', out: '', workers: 0, mixup: 0, cutmix: 0, inputSize: 64 };

test('the seed of an example decides which blocks its network drops in training', async () => {
  vi.spyOn(console, 'log').mockImplementation(() => undefined);
  const seedsOf = (model: LayersModel): unknown[] =>
    model.layers.filter(({ name }) => name.endsWith('_drop')).map((layer) => layer.getConfig()['seed']);
  const seeds: unknown[][] = [];
  for (const seed of [1, 1, 2]) {
    const model = await loadBackbone({ ...settings, seed });
    seeds.push(seedsOf(model));
    model.dispose();
  }
  expect(seeds[0]?.length).toBeGreaterThan(5);
  expect(seeds[0]).not.toContain(null);
  expect(seeds[1]).toEqual(seeds[0]);
  expect(seeds[2]).not.toEqual(seeds[0]);
});
