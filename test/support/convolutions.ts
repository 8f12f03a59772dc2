// Compares convolution kernels with the cpu backend of TensorFlow.js, for shapes that often cause errors.

import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect } from 'vitest';
import { registerWasmTraining } from '../../src/wasm.js';
import { uniform } from './fill.js';

export type Shape4D = [number, number, number, number];
export interface ConvolutionCase {
  readonly kernel: number;
  readonly stride: number;
  readonly pad: 'same' | 'valid' | number;
  readonly size: readonly [number, number];
  readonly batch: number;
  readonly inputs: number;
  readonly outputs: number;
}

const CASES: ConvolutionCase[] = [];
for (const kernel of [1, 3, 5, 7]) {
  for (const stride of [1, 2]) {
    for (const pad of ['same', 'valid'] as const) {
      CASES.push({ kernel, stride, pad, size: [9, 11], batch: 1, inputs: 8, outputs: 16 });
      CASES.push({ kernel, stride, pad, size: [13, 8], batch: 3, inputs: 3, outputs: 10 });
      CASES.push({ kernel, stride, pad, size: [12, 12], batch: 3, inputs: 21, outputs: 13 });
    }
  }
}

CASES.push({ kernel: 3, stride: 2, pad: 1, size: [11, 10], batch: 2, inputs: 12, outputs: 8 });
CASES.push({ kernel: 5, stride: 1, pad: 3, size: [4, 9], batch: 2, inputs: 9, outputs: 5 });
CASES.push({ kernel: 4, stride: 3, pad: 'same', size: [10, 7], batch: 1, inputs: 16, outputs: 4 });

/** Returns numbers in [-1, 1) that depend only on the name. */
export function signed(text: string, count: number): Float32Array {
  return Float32Array.from(uniform(text, count), (u) => 2 * u - 1);
}

/** Runs a kernel on a backend and returns the values of its result. */
async function run(
  backend: string,
  kernel: string,
  inputs: Record<string, { values: Float32Array; shape: Shape4D }>,
  attrs: object,
): Promise<Float32Array> {
  await tf.setBackend(backend);
  const tensors = Object.fromEntries(Object.entries(inputs).map(([name, { values, shape }]) => [name, tf.tensor(values, shape)]));
  const result: tf.Tensor = tf.engine().runKernel(kernel, tensors, attrs as never);
  const values = await result.data<'float32'>();
  tf.dispose([result, ...Object.values(tensors)]);
  return values;
}

/** Expects a wasm kernel to give the results of the cpu kernel. */
export async function expectEqualOnCpu(kernel: string, inputs: Parameters<typeof run>[2], attrs: object): Promise<void> {
  const expected = await run('cpu', kernel, inputs, attrs);
  const before = tf.memory().numTensors;
  const received = await run('wasm', kernel, inputs, attrs);
  expect(tf.memory().numTensors).toBe(before);
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  expect(largest).toBeGreaterThan(0);
  expect(received).toBeAllclose(expected, { tolerance: 1e-5 * largest });
}

const name = ({ kernel, stride, pad, size, batch, inputs, outputs }: ConvolutionCase): string =>
  `kernel ${kernel}, stride ${stride}, ${pad}, ${size.join(' x ')}, batch ${batch}, ${inputs} -> ${outputs} channels`;

interface Given {
  readonly values: Float32Array;
  readonly shape: Shape4D;
}

/** What a case gives to a kernel. */
export interface ConvolutionInputs extends ConvolutionCase {
  readonly title: string;
  readonly x: Given;
  /** Makes the gradient of an output with so many channels. */
  readonly gradient: (channels: number) => Given;
  /** The attributes that all kernels take. */
  readonly common: object;
}

/** Calls `tests` for each shape, after wasm has its training kernels. */
export function describeConvolutions(tests: (inputs: ConvolutionInputs) => void): void {
  beforeAll(async () => {
    await tf.setBackend('wasm');
    await registerWasmTraining();
  });

  describe.each(CASES.map((one) => [name(one), one] as const))('%s', (title, one) => {
    const {
      kernel,
      stride,
      pad,
      size: [height, width],
      batch,
      inputs,
    } = one;
    const x = { values: signed(`${title}/x`, batch * height * width * inputs), shape: [batch, height, width, inputs] as Shape4D };
    const out = (size: number): number =>
      pad === 'same' ? Math.ceil(size / stride) : Math.floor((size + (pad === 'valid' ? 0 : 2 * pad) - kernel) / stride) + 1;
    const outShape = (channels: number): Shape4D => [batch, out(height), out(width), channels];
    const gradient = (channels: number): Given => ({
      values: signed(
        `${title}/dy`,
        outShape(channels).reduce((a, b) => a * b),
      ),
      shape: outShape(channels),
    });
    const common = { strides: stride, pad, dataFormat: 'NHWC', dimRoundingMode: undefined };
    tests({ ...one, title, x, gradient, common });
  });
}
