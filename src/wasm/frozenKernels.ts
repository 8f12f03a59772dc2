// Wasm kernels for convolutions with frozen BatchNormalization, and for squeeze-and-excitation.

import * as tf from '@tensorflow/tfjs-core';
import type { KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import { addressOf, addressOrZero, allocate, kernelsOf, withScratch } from './backend.js';
import { describe, runDepthwiseGradient, sizes } from './depthwise.js';
import { kernel } from './fusedKernels.js';
import { share } from './identity.js';

const NORM = ['mean', 'variance', 'gamma', 'beta'] as const;
type Shape4D = [number, number, number, number];
type Norm = Readonly<Record<(typeof NORM)[number], TensorInfo | undefined>>;

export const frozenKernels: readonly KernelConfig[] = [
  kernel('EffnetNormAct', ['x', ...NORM], (backend, { x, ...norm }, { epsilon = 0, activation = 0, pool }) => {
    const { batch, rows, channels } = imagesOf(x);
    const { normAct, normActFloats } = kernelsOf(backend);
    const y = allocate(backend, x.shape);
    const slope = activation === 0 ? y : share(backend, x);
    const pooled = pool ? allocate(backend, [batch, channels]) : undefined;
    const addresses = [x, ...partsOf(norm), y, slope, pooled].map((tensor) => addressOrZero(backend, tensor));
    withScratch(backend, normActFloats(channels), (scratch) => {
      normAct(...addresses, scratch, batch, rows, channels, epsilon, activation);
    });
    return [y, ...(activation === 0 ? [] : [slope]), ...(pooled === undefined ? [] : [pooled])];
  }),

  kernel(
    'EffnetDepthwiseNormAct',
    ['x', 'filter', ...NORM],
    (backend, { x, filter, ...norm }, { epsilon = 0, activation = 0, strideHeight = 1, strideWidth = 1, same, pool }) => {
      const info = depthwiseInfo(x, filter, [strideHeight, strideWidth], Boolean(same));
      const { batchSize, outWidth, inChannels: channels, filterHeight, filterWidth } = info;
      const { depthwiseNormAct, depthwiseNormActScratch } = kernelsOf(backend);
      const y = allocate(backend, info.outShape);
      const slope = activation === 0 ? undefined : allocate(backend, info.outShape);
      const pooled = pool ? allocate(backend, [batchSize, channels]) : undefined;
      const addresses = [x, filter, ...partsOf(norm), y, slope, pooled].map((tensor) => addressOrZero(backend, tensor));
      withScratch(backend, depthwiseNormActScratch(outWidth, channels, filterHeight, filterWidth, strideWidth), (scratch) => {
        depthwiseNormAct(...addresses, scratch, ...sizes(info), epsilon, activation);
      });
      return [y, slope, pooled].filter((tensor) => tensor !== undefined);
    },
  ),

  kernel(
    'EffnetDepthwiseGradient',
    ['x', 'filter', 'dy', 'weights', 'shift', 'slope'],
    (backend, operands, { strideHeight = 1, strideWidth = 1, same, inputTrains, filterTrains }) => {
      const { x, filter } = operands;
      const dx = inputTrains ? allocate(backend, x.shape) : undefined;
      const dfilter = filterTrains ? allocate(backend, filter.shape) : undefined;
      runDepthwiseGradient(backend, { ...operands, dx, dfilter }, depthwiseInfo(x, filter, [strideHeight, strideWidth], Boolean(same)));
      return [dx, dfilter].filter((gradient) => gradient !== undefined);
    },
  ),

  kernel('EffnetPointwiseNormAct', ['x', 'filter', ...NORM], (backend, { x, filter, ...norm }, { epsilon = 0, activation = 0 }) => {
    const [inputs = 0, outputs = 0] = filter.shape.slice(2);
    const { pointwiseNormAct, pointwiseScratch } = kernelsOf(backend);
    const shape = [...x.shape.slice(0, -1), outputs];
    const y = allocate(backend, shape);
    const slope = activation === 0 ? y : allocate(backend, shape);
    const addresses = [x, filter, ...partsOf(norm), y, slope].map((tensor) => addressOrZero(backend, tensor));
    withScratch(backend, pointwiseScratch(inputs, outputs), (scratch) => {
      pointwiseNormAct(...addresses, scratch, tf.util.sizeFromShape(x.shape) / inputs, inputs, outputs, epsilon, activation);
    });
    return activation === 0 ? [y] : [y, slope];
  }),

  kernel(
    'EffnetPointwiseGradient',
    ['x', 'filter', 'dy', 'slope', 'variance', 'gamma'],
    (backend, { x, filter, dy, slope, variance, gamma }, { epsilon = 0, inputTrains, filterTrains }) => {
      const [inputs = 0, outputs = 0] = filter.shape.slice(2);
      const { pointwiseGradient, pointwiseGradientScratch } = kernelsOf(backend);
      const dx = inputTrains ? allocate(backend, x.shape) : undefined;
      const dfilter = filterTrains ? allocate(backend, filter.shape) : undefined;
      const addresses = [x, filter, dy, slope, variance, gamma, dx, dfilter].map((tensor) => addressOrZero(backend, tensor));
      withScratch(backend, pointwiseGradientScratch(inputs, outputs), (scratch) => {
        pointwiseGradient(...addresses, scratch, tf.util.sizeFromShape(x.shape) / inputs, inputs, outputs, epsilon);
      });
      return [dx, dfilter].filter((gradient) => gradient !== undefined);
    },
  ),

  kernel('EffnetGate', ['pooled', 'reduce', 'reduceBias', 'expand', 'expandBias'], (backend, inputs) => {
    const { pooled, reduce, reduceBias, expand, expandBias } = inputs;
    const [batch = 0, channels = 0] = pooled.shape;
    const filters = tf.util.sizeFromShape(reduceBias.shape);
    const reduced = allocate(backend, [batch, filters]);
    const weights = allocate(backend, [batch, channels]);
    const addresses = [pooled, reduce, reduceBias, expand, expandBias, reduced, weights].map((tensor) => addressOf(backend, tensor));
    withScratch(backend, filters, (scratch) => {
      kernelsOf(backend).gate(...addresses, scratch, batch, channels, filters);
    });
    return [weights, reduced];
  }),

  kernel(
    'EffnetGateGradient',
    ['dweights', 'weights', 'reduced', 'pooled', 'reduce', 'expand'],
    (backend, { dweights, weights, reduced, pooled, reduce, expand }, { rows = 1 }) => {
      const { gateGradient, gateScratch } = kernelsOf(backend);
      const [batch = 0, channels = 0] = pooled.shape;
      const filters = reduced.shape[1] ?? 0;
      const results = [pooled.shape, reduce.shape, [filters], expand.shape, [channels]].map((shape) => allocate(backend, shape));
      const addresses = [dweights, weights, reduced, pooled, reduce, expand, ...results].map((tensor) => addressOf(backend, tensor));
      withScratch(backend, gateScratch(channels, filters), (scratch) => {
        gateGradient(...addresses, scratch, batch, channels, filters, rows);
      });
      return results;
    },
  ),

  kernel('EffnetExcite', ['x', 'weights'], (backend, { x, weights }) => {
    const { batch, rows, channels } = imagesOf(x);
    const y = allocate(backend, x.shape);
    kernelsOf(backend).excite(addressOf(backend, x), addressOf(backend, weights), addressOf(backend, y), batch, rows, channels);
    return y;
  }),

  kernel('EffnetExciteSums', ['x', 'dy'], (backend, { x, dy }) => {
    const { batch, rows, channels } = imagesOf(x);
    const { exciteSums, exciteScratch } = kernelsOf(backend);
    const sums = allocate(backend, [batch, channels]);
    withScratch(backend, exciteScratch(channels), (scratch) => {
      exciteSums(addressOf(backend, x), addressOf(backend, dy), addressOf(backend, sums), scratch, batch, rows, channels);
    });
    return sums;
  }),

  kernel('EffnetExciteGradient', ['dy', 'weights', 'shift', 'slope'], (backend, { dy, weights, shift, slope }) => {
    const { batch, rows, channels } = imagesOf(dy);
    const dx = allocate(backend, dy.shape);
    const addresses = [dy, weights, shift, slope, dx].map((tensor) => addressOf(backend, tensor));
    kernelsOf(backend).exciteGradient(...addresses, batch, rows, channels);
    return dx;
  }),
];

function depthwiseInfo(x: TensorInfo, filter: TensorInfo, strides: [number, number], same: boolean): tf.backend_util.Conv2DInfo {
  const attributes = { strides, dilations: 1, pad: same ? 'same' : 'valid' } as const;
  return describe('EffnetDepthwise', x.shape as Shape4D, filter.shape as Shape4D, attributes);
}

function partsOf(norm: Norm): readonly (TensorInfo | undefined)[] {
  return NORM.map((name) => norm[name]);
}

/** Sizes of `[batch, ..., channels]`. */
function imagesOf({ shape }: TensorInfo): { readonly batch: number; readonly rows: number; readonly channels: number } {
  const [batch = 1] = shape;
  return { batch, rows: tf.util.sizeFromShape(shape.slice(1, -1)), channels: shape.at(-1) ?? 1 };
}
