// Opens layers models and ONNX files in ONNX Runtime.

import { toBinary } from '@bufbuild/protobuf';
import type * as tfl from '@tensorflow/tfjs-layers';
import { boolean, checkOptions, invalid, oneOf, positiveInteger, record } from '../core/internal.js';
import { checkModel } from '../models/internal.js';
import { fileOfModel } from './exportOnnx.js';
import { runtimePackage } from './loadOnnxRuntime.js';
import { ModelProtoSchema } from './proto/onnx_pb.js';
import { openRuntime, type Runtime, type CreateRuntimeOptions } from './openRuntime.js';

const where = 'createRuntime';

/**
 * Opens a model, or an ONNX file with one image input, in ONNX Runtime. Requires the optional package `onnxruntime-node` or, in browsers,
 * `onnxruntime-web`.
 *
 * The result has a `predict` method, so evaluation and explanation functions accept it in place of a model. The given model may be
 * disposed afterwards.
 *
 * @throws {MissingPackageError} when `onnxruntime-node` is needed and not installed.
 * @throws {BackendError} when the package cannot use the device.
 * @throws {DataError} when the bytes are not an ONNX model, or ONNX Runtime refuses the model.
 * @throws {OptionError} when an option is unknown, or a layer of the model has no equivalent in ONNX.
 * @example
 * const runtime = await createRuntime(model, { threads: 2 });
 * const probabilities = await runtime.predict(batch) as tf.Tensor;
 */
export async function createRuntime(
  model: tfl.LayersModel | Uint8Array | ArrayBuffer,
  options: CreateRuntimeOptions = {},
): Promise<Runtime> {
  const checked = checkOptions(where, options, {
    threads: positiveInteger,
    spinning: boolean,
    device: oneOf('cpu', 'wasm', 'webgpu', 'webgl', 'webnn', 'cuda', 'dml', 'coreml'),
    onnxruntime: runtimePackage,
  });
  if (model instanceof Uint8Array) return openRuntime(where, model, checked);
  if (model instanceof ArrayBuffer) return openRuntime(where, new Uint8Array(model), checked);
  if (!record.accepts(model) || (model as unknown) instanceof URL || (model as unknown) instanceof Promise) {
    throw invalid(where, 'model', 'a layers model or the bytes of an ONNX file', model, remedyFor(model));
  }
  checkModel(where, model);
  const file = await fileOfModel(where, model, model.name, {}, 'Its training diverged, or its file is damaged.');
  return openRuntime(where, toBinary(ModelProtoSchema, file), checked);
}

function remedyFor(model: unknown): string {
  if (model instanceof Promise) return 'Await it first.';
  if (typeof model !== 'string' && !(model instanceof URL)) return '';
  return /^https?:/i.test(String(model))
    ? 'Fetch its bytes: `await (await fetch(url)).arrayBuffer()`.'
    : "Read the file: `await readFile(path)` with `readFile` of 'node:fs/promises'.";
}
