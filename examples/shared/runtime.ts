// ONNX Runtime for the parts of an example that do not train, if its package is installed.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { createRuntime, type Runtime } from 'effnet-ts/onnx';

type OpenRuntime = (model: LayersModel) => Promise<Runtime>;

let installed: Promise<OpenRuntime | undefined> | undefined;

/** Returns `createRuntime` if `onnxruntime-node` is installed, or `undefined`, with which TensorFlow.js computes everything. */
export function runtimeIfInstalled(): Promise<OpenRuntime | undefined> {
  return (installed ??= findRuntime());
}

async function findRuntime(): Promise<OpenRuntime | undefined> {
  try {
    await import('onnxruntime-node');
    return createRuntime;
  } catch {
    console.log('Several times as fast with ONNX Runtime: npm install onnxruntime-node\n');
    return undefined;
  }
}

/** Calls `use` with a model in ONNX Runtime, or with the model itself if the package is not installed. */
export async function inRuntime<R>(model: LayersModel, use: (model: LayersModel | Runtime) => Promise<R>): Promise<R> {
  const open = await runtimeIfInstalled();
  if (open === undefined) return use(model);
  const runtime = await open(model);
  try {
    return await use(runtime);
  } finally {
    await runtime.dispose();
  }
}
