// Identity, and Cast to the type a tensor has, without a copy. TensorFlow.js keeps a clone of every tensor it needs for the way
// back, so stock wasm holds each activation twice.

import type { CastAttrs, KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmBackend } from './backend.js';

/** Identity: the same data, counted once more, as Reshape does. */
export function identityKernel(stock: KernelFunc): KernelFunc {
  return (parameters) => {
    const { x } = parameters.inputs as { x: TensorInfo };
    return x.dtype === 'string' ? stock(parameters) : share(parameters.backend as WasmBackend, x);
  };
}

/** Cast: nothing to do where the type stays. */
export function castKernel(stock: KernelFunc): KernelFunc {
  return (parameters) => {
    const { x } = parameters.inputs as { x: TensorInfo };
    const { dtype } = parameters.attrs as unknown as CastAttrs;
    return x.dtype === dtype && dtype !== 'string' ? share(parameters.backend as WasmBackend, x) : stock(parameters);
  };
}

function share(backend: WasmBackend, { dataId, shape, dtype }: TensorInfo): TensorInfo {
  backend.incRef(dataId);
  return { dataId, shape, dtype };
}
