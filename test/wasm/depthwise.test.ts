import * as tf from '@tensorflow/tfjs-core';
import { test } from 'vitest';
import { describeConvolutions, expectEqualOnCpu, signed, type Shape4D } from '../support/convolutions.js';

describeConvolutions(({ kernel, stride, inputs, title, x, gradient, common }) => {
  const depthwiseShape: Shape4D = [kernel, kernel, inputs, 1];

  test('a depthwise convolution has the filter gradient of the cpu backend', async () => {
    await expectEqualOnCpu(
      tf.DepthwiseConv2dNativeBackpropFilter,
      { x, dy: gradient(inputs) },
      { ...common, dilations: [1, 1], strides: [stride, stride], filterShape: depthwiseShape },
    );
  });

  test('a depthwise convolution has the input gradient of the cpu backend', async () => {
    const filter = { values: signed(`${title}/w`, kernel * kernel * inputs), shape: depthwiseShape };
    await expectEqualOnCpu(
      tf.DepthwiseConv2dNativeBackpropInput,
      { dy: gradient(inputs), filter },
      { ...common, dilations: [1, 1], strides: [stride, stride], inputShape: x.shape },
    );
  });
});
