// Describes the hardware of the active backend and detects when it is lost.

import * as tf from '@tensorflow/tfjs-core';

/** The hardware that a backend runs on. */
export interface Device {
  /** The name that the runtime reports, for example `ANGLE (NVIDIA GeForce ...)`. Browsers may shorten it. */
  readonly name: string;
  /** Size of the largest possible tensor in bytes. Only webgpu reports it. No backend reports the total memory. */
  readonly largestTensorBytes?: number | undefined;
}

/** The internal properties of TensorFlow.js backends that are used here. Each backend has some of them. */
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

/** Returns the device of a started backend, or `undefined` if the runtime does not report it. */
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
  // -1 means the build without threads.
  if (threads !== undefined) {
    const simd = tf.env().getFlags()['WASM_HAS_SIMD_SUPPORT'] === false ? ', without SIMD' : '';
    return { name: `WebAssembly, ${threads > 1 ? `${threads} threads` : 'one thread'}${simd}` };
  }
  if (binding?.TF_Version !== undefined)
    return { name: `TensorFlow ${binding.TF_Version} on ${isUsingGpuDevice === true ? 'a GPU' : 'the CPU'}` };
  return undefined;
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

/**
 * Returns the reason if the active backend has lost its WebGL context, otherwise `undefined`. After the loss, tensors read as zeros without
 * an error.
 */
export function lostContext(): string | undefined {
  const { gpgpu } = tf.backend() as BackendInside;
  return gpgpu?.gl.isContextLost() === true ? 'the WebGL context was lost' : undefined;
}

/**
 * Runs `work` on the active backend. If the GPU is lost meanwhile, throws the error that `explain` creates from the reason. Without this,
 * `work` would wait forever after the loss of a WebGL context.
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
    // webgpu may throw shortly before it reports the lost device.
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
