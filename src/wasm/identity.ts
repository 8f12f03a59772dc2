// Identity, and Cast to the same type, without copying. TensorFlow.js saves a clone of every tensor that a gradient needs, so the stock
// kernels store each activation twice.

import type { CastAttrs, KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmBackend } from './backend.js';

/** Identity that shares the data and increments its reference count, as Reshape does. */
export function identityKernel(stock: KernelFunc): KernelFunc {
  return (parameters) => {
    const { x } = parameters.inputs as { x: TensorInfo };
    return x.dtype === 'string' ? stock(parameters) : share(parameters.backend as WasmBackend, x);
  };
}

/** Cast that shares the data if the type does not change. */
export function castKernel(stock: KernelFunc): KernelFunc {
  return (parameters) => {
    const { x } = parameters.inputs as { x: TensorInfo };
    const { dtype } = parameters.attrs as unknown as CastAttrs;
    return x.dtype === dtype && dtype !== 'string' ? share(parameters.backend as WasmBackend, x) : stock(parameters);
  };
}

/** Returns a tensor with the same data, and increments the reference count of the data. */
export function share(backend: WasmBackend, { dataId, shape, dtype }: TensorInfo): TensorInfo {
  backend.incRef(dataId);
  return { dataId, shape, dtype };
}
