// What the test of ONNX Runtime in a browser runs in its page.

import * as onnxruntime from 'onnxruntime-web';
import { createRuntime } from '../../src/onnx.js';

/** Predicts one batch with a file served as model.onnx. */
export async function predict(shape: readonly number[], value: number, folder: string): Promise<readonly number[]> {
  onnxruntime.env.wasm.wasmPaths = folder;
  onnxruntime.env.wasm.numThreads = 1;
  const bytes = new Uint8Array(await (await fetch('model.onnx')).arrayBuffer());
  const runtime = await createRuntime(bytes, { onnxruntime, device: 'wasm' });
  const [output] = Object.values(await runtime.run(new Float32Array(shape.reduce((a, b) => a * b)).fill(value), shape));
  await runtime.dispose();
  return [...(output?.values ?? [])];
}
