import * as tf from '@tensorflow/tfjs-core';
import { test } from 'vitest';
import { describeConvolutions, expectEqualOnCpu, signed, type Shape4D } from '../support/convolutions.js';

describeConvolutions(({ kernel, inputs, outputs, title, x, gradient, common }) => {
  const filterShape: Shape4D = [kernel, kernel, inputs, outputs];

  test('a convolution has the filter gradient of the cpu backend', async () => {
    await expectEqualOnCpu(tf.Conv2DBackpropFilter, { x, dy: gradient(outputs) }, { ...common, filterShape });
  });

  test('a convolution has the input gradient of the cpu backend', async () => {
    const filter = {
      values: signed(
        `${title}/w`,
        filterShape.reduce((a, b) => a * b),
      ),
      shape: filterShape,
    };
    await expectEqualOnCpu(tf.Conv2DBackpropInput, { dy: gradient(outputs), filter }, { ...common, inputShape: x.shape });
  });
});
