// The hardware behind the active backend, as far as the runtime tells, and whether it is still there.

import * as tf from '@tensorflow/tfjs-core';

/** What a backend computes on. */
export interface Device {
  /** In the runtime's own words, for example `ANGLE (NVIDIA GeForce ...)`; browsers may shorten it. */
  readonly name: string;
  /** Bytes of the largest tensor it takes, where the runtime tells (webgpu); none tells its whole memory. */
  readonly largestTensorBytes?: number | undefined;
}

/** What is read of TensorFlow.js' backends; each has a part of it. */
interface BackendInside {
  /** webgpu */
  readonly device?:
    | {
        readonly adapterInfo?: Readonly<Record<string, unknown>> | undefined;
        readonly limits: { readonly maxBufferSize: number; readonly maxStorageBufferBindingSize: number };
        readonly lost: Promise<{ readonly message: string }>;
      }
    | undefined;
  readonly adapterInfo?: Readonly<Record<string, unknown>> | undefined;
  /** webgl */
  readonly gpgpu?: { readonly gl: WebGLRenderingContext } | undefined;
  /** wasm */
  readonly wasm?: { readonly tfjs?: { getThreadsCount(): number } | undefined } | undefined;
  /** tensorflow */
  readonly binding?: { readonly TF_Version?: string | undefined } | undefined;
  readonly isUsingGpuDevice?: boolean | undefined;
}

/** The device of a started backend; `undefined` where the runtime tells nothing. */
export function deviceOf(backend: string): Device | undefined {
  const { device, adapterInfo, gpgpu, wasm, binding, isUsingGpuDevice } = (tf.findBackend(backend) as BackendInside | undefined) ?? {};
  if (device !== undefined) {
    const { description, device: model, vendor, architecture }: Readonly<Record<string, unknown>> = device.adapterInfo ?? adapterInfo ?? {};
    const name = [description, model, [vendor, architecture].filter(isText).join(' ')].find(isText) ?? 'a GPU without a name';
    return { name, largestTensorBytes: Math.min(device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize) };
  }
  if (gpgpu !== undefined) {
    const { gl } = gpgpu;
    const unmasked = gl.getExtension('WEBGL_debug_renderer_info');
    return { name: String(gl.getParameter(unmasked === null ? gl.RENDERER : unmasked.UNMASKED_RENDERER_WEBGL)) };
  }
  const threads = wasm?.tfjs?.getThreadsCount();
  // -1 is the build without threads.
  if (threads !== undefined) {
    const simd = tf.env().getFlags()['WASM_HAS_SIMD_SUPPORT'] === false ? ', without SIMD' : '';
    return { name: `WebAssembly, ${threads > 1 ? `${threads} threads` : 'one thread'}${simd}` };
  }
  if (binding?.TF_Version !== undefined)
    return { name: `TensorFlow ${binding.TF_Version} on ${isUsingGpuDevice === true ? 'a GPU' : 'the CPU'}` };
  return undefined;
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** Why the active backend's WebGL context is gone; `undefined` while it is there. Its tensors read as zeros, without an error. */
export function lostContext(): string | undefined {
  const { gpgpu } = tf.backend() as BackendInside;
  return gpgpu?.gl.isContextLost() === true ? 'the WebGL context was lost' : undefined;
}

/**
 * Does some work on the active backend; when its GPU goes away meanwhile, throws what `explain` makes of the reason. Without this a lost
 * WebGL context leaves the work waiting for ever.
 */
export async function whileDeviceLasts<T>(work: () => Promise<T>, explain: (reason: string, cause?: unknown) => Error): Promise<T> {
  const { device, gpgpu } = tf.backend() as BackendInside;
  if (device === undefined && gpgpu === undefined) return work();
  const done = new AbortController();
  const gone =
    device !== undefined
      ? device.lost.then(({ message }) => (message === '' ? 'no reason given' : message))
      : new Promise<string>((resolve) => {
          gpgpu?.gl.canvas.addEventListener(
            'webglcontextlost',
            () => {
              resolve('the WebGL context was lost');
            },
            { signal: done.signal },
          );
        });
  try {
    return await Promise.race([
      work(),
      gone.then((reason) => {
        throw explain(reason);
      }),
    ]);
  } catch (cause) {
    // webgpu throws a moment before it says that the device is lost.
    const reason = await Promise.race([
      gone,
      new Promise<undefined>((resolve) => {
        setTimeout(resolve, 100, undefined);
      }),
    ]);
    throw reason === undefined ? cause : explain(reason, cause);
  } finally {
    done.abort();
  }
}
