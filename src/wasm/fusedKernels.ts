// Wasm kernels for the fused operations of src/layers, and a faster FusedBatchNorm.

import * as tf from '@tensorflow/tfjs-core';
import type { KernelConfig, KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import type { FusedKernel } from '../layers/internal.js';
import { addressOf, allocate, kernelsOf, withScratch } from './backend.js';
import type { WasmBackend } from './backend.js';

type Inputs = Readonly<Record<string, TensorInfo>>;
type Attributes = Readonly<Record<string, number>>;

/** Describes a wasm kernel for a fused operation. */
export function kernel<const Name extends string>(
  kernelName: FusedKernel,
  names: readonly Name[],
  compute: (backend: WasmBackend, inputs: Readonly<Record<Name, TensorInfo>>, attributes: Attributes) => TensorInfo | TensorInfo[],
): KernelConfig {
  return {
    kernelName,
    backendName: 'wasm',
    kernelFunc: ({ inputs, backend, attrs }) =>
      compute(backend as WasmBackend, inputs as Readonly<Record<Name, TensorInfo>>, attrs as unknown as Attributes),
  };
}

export const fusedKernels: readonly KernelConfig[] = [
  kernel('EffnetMoments', ['x'], (backend, { x }) => {
    const { rows, channels } = rowsOf(x);
    const { moments, batchNormScratch } = kernelsOf(backend);
    const [mean, variance] = [allocate(backend, [channels]), allocate(backend, [channels])];
    withScratch(backend, batchNormScratch(channels), (scratch) => {
      moments(addressOf(backend, x), addressOf(backend, mean), addressOf(backend, variance), scratch, rows, channels);
    });
    return [mean, variance];
  }),

  kernel(
    'EffnetBatchNormGradient',
    ['x', 'dy', 'mean', 'variance', 'gamma'],
    (backend, { x, dy, mean, variance, gamma }, { epsilon, ofBatch }) => {
      const { rows, channels } = rowsOf(x);
      const { normalizeGradient, batchNormScratch } = kernelsOf(backend);
      const [dx, dgamma, dbeta] = [allocate(backend, x.shape), allocate(backend, [channels]), allocate(backend, [channels])];
      const addresses = [x, dy, mean, variance, gamma, dx, dgamma, dbeta].map((tensor) => addressOf(backend, tensor));
      withScratch(backend, batchNormScratch(channels), (scratch) => {
        normalizeGradient(...addresses, scratch, rows, channels, epsilon ?? 0, Number(ofBatch));
      });
      return [dx, dgamma, dbeta];
    },
  ),

  kernel('EffnetSwish', ['x'], (backend, { x }) => {
    const y = allocate(backend, x.shape);
    kernelsOf(backend).swish(addressOf(backend, x), addressOf(backend, y), tf.util.sizeFromShape(x.shape));
    return y;
  }),

  kernel('EffnetSwishGradient', ['x', 'dy'], (backend, { x, dy }) => {
    const dx = allocate(backend, x.shape);
    kernelsOf(backend).swishGradient(addressOf(backend, x), addressOf(backend, dy), addressOf(backend, dx), tf.util.sizeFromShape(x.shape));
    return dx;
  }),

  kernel('EffnetDescentUpdate', ['weight', 'gradient'], (backend, { weight, gradient }, { rate = 0 }) => {
    const result = allocate(backend, weight.shape);
    const addresses = [weight, gradient, result].map((tensor) => addressOf(backend, tensor));
    kernelsOf(backend).descentUpdate(...addresses, tf.util.sizeFromShape(weight.shape), rate);
    return result;
  }),

  kernel(
    'EffnetMomentumUpdate',
    ['weight', 'gradient', 'velocity'],
    (backend, { weight, gradient, velocity }, { rate = 0, momentum = 0, nesterov }) => {
      const results = [allocate(backend, weight.shape), allocate(backend, weight.shape)];
      const addresses = [weight, gradient, velocity, ...results].map((tensor) => addressOf(backend, tensor));
      kernelsOf(backend).momentumUpdate(...addresses, tf.util.sizeFromShape(weight.shape), rate, momentum, Number(nesterov));
      return results;
    },
  ),

  kernel(
    'EffnetAdamUpdate',
    ['weight', 'gradient', 'mean', 'meanSquare'],
    (backend, { weight, gradient, mean, meanSquare }, { rate = 0, beta1 = 0, beta2 = 0, epsilon = 0 }) => {
      const results = [weight, mean, meanSquare].map(({ shape }) => allocate(backend, shape));
      const addresses = [weight, gradient, mean, meanSquare, ...results].map((tensor) => addressOf(backend, tensor));
      kernelsOf(backend).adamUpdate(...addresses, tf.util.sizeFromShape(weight.shape), rate, 1 - beta1, 1 - beta2, epsilon);
      return results;
    },
  ),

  kernel('EffnetFinite', [], (backend, tensors: Readonly<Record<string, TensorInfo>>) => {
    const { finite } = kernelsOf(backend);
    let sum = 0;
    for (const tensor of Object.values(tensors)) sum += finite(addressOf(backend, tensor), tf.util.sizeFromShape(tensor.shape));
    return tf.scalar(sum);
  }),
];

/** FusedBatchNorm for statistics with one value per channel. All other shapes use the stock kernel. */
export function normalizeKernel(stock: KernelFunc): KernelFunc {
  return (parameters) => {
    const backend = parameters.backend as WasmBackend;
    const { x, mean, variance, offset, scale } = parameters.inputs as Inputs & Record<'x' | 'mean' | 'variance', TensorInfo>;
    const { rows, channels } = rowsOf(x);
    if ([mean, variance, offset, scale].some((tensor) => tensor && tf.util.sizeFromShape(tensor.shape) !== channels))
      return stock(parameters);
    const y = allocate(backend, x.shape);
    const { normalize, batchNormScratch } = kernelsOf(backend);
    const addresses = [x, mean, variance, scale, offset, y].map((tensor) => (tensor ? addressOf(backend, tensor) : 0));
    const { varianceEpsilon } = parameters.attrs as unknown as tf.FusedBatchNormAttrs;
    withScratch(backend, batchNormScratch(channels), (scratch) => {
      normalize(...addresses, scratch, rows, channels, varianceEpsilon);
    });
    return y;
  };
}

function rowsOf({ shape }: TensorInfo): { readonly rows: number; readonly channels: number } {
  const channels = shape.at(-1) ?? 1;
  return { rows: tf.util.sizeFromShape(shape.slice(0, -1)), channels };
}
