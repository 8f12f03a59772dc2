import { beforeAll, describe, expect, test } from 'vitest';
import { efficientNet, featureExtractor } from '../../src/models/index.js';
import { TINY } from '../support/tinyNetworks.js';
import { startWasm } from '../support/wasm.js';

beforeAll(startWasm);

describe('featureExtractor', () => {
  test('returns the last feature map of each size', () => {
    const model = efficientNet('b0', { inputSize: 64, includeTop: false });
    const pyramid = featureExtractor(model, ['reduction_1', 'reduction_2', 'reduction_3', 'reduction_4', 'reduction_5', 'top_activation']);
    expect(pyramid.outputs.map((output) => output.shape)).toEqual([
      [null, 32, 32, 16],
      [null, 16, 16, 24],
      [null, 8, 8, 40],
      [null, 4, 4, 112],
      [null, 2, 2, 320],
      [null, 2, 2, 1280],
    ]);
  });

  test('an unknown layer is refused', () => {
    const model = efficientNet(TINY, { classes: 3 });
    expect(() => featureExtractor(model, ['reduction_9'])).toThrow(
      /^featureExtractor: expected names of layers \('reduction_1', .*\) for `names`, received 'reduction_9'\.$/,
    );
  });
});
