// Sum and Mean over adjacent axes that do not include the last one, as in global pooling and bias gradients. The stock kernels transpose
// the tensor first, which takes longer than the sum.

import * as tf from '@tensorflow/tfjs-core';
import type { KernelFunc, SumAttrs, TensorInfo } from '@tensorflow/tfjs-core';
import { addressOf, allocate, kernelsOf, withScratch } from './backend.js';
import type { WasmBackend } from './backend.js';

export function sumKernel(stock: KernelFunc): KernelFunc {
  return reduction(stock, () => 1);
}

export function meanKernel(stock: KernelFunc): KernelFunc {
  return reduction(stock, (rows) => 1 / rows);
}

function reduction(stock: KernelFunc, factorOf: (rows: number) => number): KernelFunc {
  return (parameters) => {
    const { x } = parameters.inputs as { x: TensorInfo };
    const { axis, keepDims } = parameters.attrs as unknown as SumAttrs;
    const axes = tf.util.parseAxisParam(axis, x.shape).sort((a, b) => a - b);
    const [first = 0, last = 0] = [axes[0], axes.at(-1)];
    const neighbors = axes.length > 0 && last - first === axes.length - 1;
    if (x.dtype !== 'float32' || !neighbors || last === x.shape.length - 1) return stock(parameters);

    const sizeOf = (from: number, to?: number): number => tf.util.sizeFromShape(x.shape.slice(from, to));
    const [outer, rows, channels] = [sizeOf(0, first), sizeOf(first, last + 1), sizeOf(last + 1)];
    const backend = parameters.backend as WasmBackend;
    const { sumRows, sumRowsScratch } = kernelsOf(backend);
    const shape = keepDims ? x.shape.map((length, i) => (axes.includes(i) ? 1 : length)) : x.shape.filter((_, i) => !axes.includes(i));
    const out = allocate(backend, shape);
    withScratch(backend, sumRowsScratch(channels), (scratch) => {
      sumRows(addressOf(backend, x), addressOf(backend, out), scratch, outer, rows, channels, factorOf(rows));
    });
    return out;
  };
}
