// Checks that the active backend computes the same results as TensorFlow.

import * as tf from '@tensorflow/tfjs-core';
// Registers the gradients.
import '@tensorflow/tfjs-layers';
import { BackendError } from '../core/index.js';
import { boolean, checkOptions, positive } from '../core/internal.js';
import { readyBackend } from './activeBackend.js';
import { deviceOf, type Device } from './device.js';
import { requireOneCopy } from './oneCopy.js';
import { probeNet, probeValues, valueOf, type ProbeValues } from './probeNet.js';
import { FEATURES, GRADIENTS, LOSS, PROBABILITIES } from './probeReference.js';

/** Options of {@link probeBackend}. */
export interface ProbeBackendOptions {
  /** Whether to check the gradients of every weight as well, which training needs. @defaultValue false */
  readonly gradients?: boolean | undefined;
  /**
   * Maximum error as a fraction of the largest reference value. The default accepts float16 and TensorFloat-32 arithmetic, but not a wrong
   * kernel. @defaultValue 0.01
   */
  readonly tolerance?: number | undefined;
}

/** The result of a successful probe. */
export interface ProbeReport {
  /** The name of the backend in TensorFlow.js. */
  readonly backend: string;
  /** The device of the backend, or `undefined` if the runtime does not report it. */
  readonly device: Device | undefined;
  /** The largest error as a fraction of the largest reference value. */
  readonly largestError: number;
  /** Duration of the probe in milliseconds, including the compilation of kernels. */
  readonly milliseconds: number;
}

export const PROBE_RULES = { gradients: boolean, tolerance: positive };

/**
 * Runs a small network on the active backend and compares the results with those of TensorFlow. All tensors are disposed.
 *
 * @throws {BackendError} when no backend is active, a kernel is missing, a result is wrong, or two copies of TensorFlow.js are loaded.
 * @example
 * await tf.setBackend('wasm');
 * const { largestError } = await probeBackend({ gradients: true });
 */
export async function probeBackend(options: ProbeBackendOptions = {}): Promise<ProbeReport> {
  const { gradients = false, tolerance = 0.01 } = checkOptions('probeBackend', options, PROBE_RULES);
  requireOneCopy('probeBackend');
  const backend = readyBackend();
  if (backend === undefined) {
    throw new BackendError('probeBackend: no backend is ready. Call `await selectBackend()` first.');
  }
  const start = performance.now();
  let largestError = 0;
  const compare = (what: string, received: ArrayLike<number>, expected: readonly number[]): void => {
    const error = relativeError(received, expected);
    if (!(error <= tolerance)) {
      throw new BackendError(
        `probeBackend: '${backend}' gives wrong numbers: ${what} are off by ${percent(error)} (allowed ${percent(tolerance)}).`,
      );
    }
    largestError = Math.max(largestError, error);
  };

  const values = probeValues();
  try {
    for (const [what, received, expected] of await forwardPass(values)) compare(what, received, expected);
    if (gradients) for (const [what, received, expected] of await backwardPass(values)) compare(what, received, expected);
  } catch (error) {
    if (error instanceof BackendError) throw error;
    throw new BackendError(`probeBackend: '${backend}' cannot run the probe: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  } finally {
    tf.dispose(values);
  }
  return { backend, device: deviceOf(backend), largestError, milliseconds: performance.now() - start };
}

type Comparison = readonly [what: string, received: ArrayLike<number>, expected: readonly number[]];

async function forwardPass(values: ProbeValues): Promise<Comparison[]> {
  const { features, probabilities } = tf.tidy(() => {
    const { features, logits } = probeNet(values, false);
    return { features, probabilities: tf.softmax(logits) };
  });
  return [
    ['features', await take(features), FEATURES],
    ['probabilities', await take(probabilities), PROBABILITIES],
  ];
}

/** Kernels that backends often lack. They are checked first, because a gradient that fails halfway leaks tensors. */
const GRADIENT_KERNELS = [
  'Conv2DBackpropInput',
  'Conv2DBackpropFilter',
  'DepthwiseConv2dNativeBackpropInput',
  'DepthwiseConv2dNativeBackpropFilter',
];

async function backwardPass(values: ProbeValues): Promise<Comparison[]> {
  const missing = GRADIENT_KERNELS.filter((kernel) => (tf.getKernel(kernel, tf.getBackend()) as unknown) == null);
  if (missing.length > 0)
    throw new BackendError(`probeBackend: '${tf.getBackend()}' cannot train: it has no kernel for ${missing.join(', ')}.`);
  const expected = Object.entries(GRADIENTS);
  const weights = expected.map(([name]) => valueOf(values, name));
  const loss = (...trained: tf.Tensor[]): tf.Scalar => {
    const replaced = Object.fromEntries(trained.map((weight, i) => [expected[i]?.[0] ?? '', weight]));
    const { logits } = probeNet({ ...values, ...replaced }, true);
    const labels = tf.oneHot(tf.tensor1d([0, 2], 'int32'), 4);
    return tf.neg(tf.mean<tf.Scalar>(tf.sum(tf.mul(tf.cast(labels, 'float32'), tf.logSoftmax(logits)), 1)));
  };
  const { value, grads } = tf.valueAndGrads(loss)(weights);
  const losses = await take(value);
  const gradients = await Promise.all(grads.map(take));
  return [
    ['losses', losses, [LOSS]],
    ...expected.map(([name, numbers], i): Comparison => {
      const gradient = gradients[i] ?? [];
      return [`gradients of ${name}`, [Math.hypot(...gradient), ...gradient.slice(0, 2)], numbers];
    }),
  ];
}

/** Returns the values of a tensor and disposes it. */
async function take(tensor: tf.Tensor): Promise<Float32Array> {
  try {
    return (await tensor.data()) as Float32Array;
  } finally {
    tensor.dispose();
  }
}

function relativeError(received: ArrayLike<number>, expected: readonly number[]): number {
  const scale = Math.max(...expected.map(Math.abs));
  return Math.max(...expected.map((value, i) => Math.abs((received[i] ?? NaN) - value))) / scale;
}

function percent(share: number): string {
  return `${(100 * share).toPrecision(2)} %`;
}
