// ONNX files: the protobuf reader here, ONNX Runtime behind it.

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { createRuntime, exportOnnx } from '../../../../src/onnx/index.js';
import { expectRight, type Parser } from '../parser.js';

export const parser: Parser = {
  async files() {
    await tf.setBackend('cpu');
    const input = tfl.input({ shape: [4, 4, 3] });
    const layers = [
      tfl.layers.conv2d({ filters: 2, kernelSize: 3 }),
      tfl.layers.globalAveragePooling2d({}),
      tfl.layers.dense({ units: 3, activation: 'softmax' }),
    ];
    const model = tfl.model({
      inputs: input,
      outputs: layers.reduce<tfl.SymbolicTensor>((x, layer) => layer.apply(x) as tfl.SymbolicTensor, input),
    });
    return [await exportOnnx(model)];
  },
  inputs: fc.uint8Array({ maxLength: 100 }),
  async read(bytes) {
    const runtime = await createRuntime(bytes, { threads: 1 });
    const { inputShape, classNames } = runtime;
    await runtime.dispose();
    expectRight(
      inputShape.every((length) => length === null || Number.isSafeInteger(length)),
      'an input shape',
    );
    expectRight(classNames === undefined || classNames.every((name) => typeof name === 'string'), 'class names are text');
  },
};
