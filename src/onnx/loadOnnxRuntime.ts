// Loads ONNX Runtime, an optional package, and declares the parts of its API that this library uses.

import { BackendError } from '../core/index.js';
import { callable, missingPackage, rule } from '../core/internal.js';

/** An ONNX Runtime tensor. */
export interface OnnxTensor {
  readonly dims: readonly number[];
  readonly type: string;
  readonly data: unknown;
}

/** An ONNX Runtime session. */
export interface OnnxSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Record<string, OnnxTensor>): Promise<Readonly<Record<string, OnnxTensor>>>;
  release(): Promise<void>;
}

/** Options of an ONNX Runtime session. */
export interface OnnxSessionOptions {
  readonly intraOpNumThreads?: number | undefined;
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
  readonly executionProviders: readonly string[];
  readonly graphOptimizationLevel: 'all';
}

/** The API of the packages `onnxruntime-node` and `onnxruntime-web`. */
export interface OnnxRuntimeModule {
  readonly InferenceSession: { create(model: Uint8Array, options: never): Promise<unknown> };
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => unknown;
}

export const runtimePackage = rule<OnnxRuntimeModule>('a package of ONNX Runtime', (value) => {
  const { Tensor, InferenceSession } = (value ?? {}) as Partial<OnnxRuntimeModule>;
  return (
    callable.accepts(Tensor) && callable.accepts((InferenceSession as Partial<OnnxRuntimeModule['InferenceSession']> | undefined)?.create)
  );
});

/**
 * Loads `onnxruntime-node`.
 *
 * @throws {MissingPackageError} when it is not installed.
 * @throws {BackendError} when this is not Node.
 */
export async function loadOnnxRuntime(where: string): Promise<OnnxRuntimeModule> {
  const inNode = typeof process === 'object' && typeof (process.versions as { node?: string | undefined } | undefined)?.node === 'string';
  if (!inNode) {
    throw new BackendError(
      `${where}: expected ONNX Runtime for \`onnxruntime\`, received none. ` +
        `Run \`npm install onnxruntime-web\` and give \`await import('onnxruntime-web')\`.`,
    );
  }
  // The name is not a literal in `import`, so that bundlers do not try to resolve an optional package.
  const name = 'onnxruntime-node';
  const loading = import(/* @vite-ignore */ /* webpackIgnore: true */ name) as Promise<
    OnnxRuntimeModule & { default?: OnnxRuntimeModule | undefined }
  >;
  const module = await loading.catch(missingPackage(where, name));
  return module.default ?? module;
}
