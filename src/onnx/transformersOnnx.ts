// Writes the ONNX files of an export for transformers.js: normalized pixels with channels first in, logits out.

import { toBinary } from '@bufbuild/protobuf';
import { checkFiniteArrays } from '../models/internal.js';
import type { ModelPlan } from '../scaling/index.js';
import { planArrays, writeNotes } from '../weights/internal.js';
import type { NamedArrays } from '../weights/index.js';
import { computeFloat16 } from './computeFloat16.js';
import { exportPlan } from './exportPlan.js';
import { createGraph } from './graph.js';
import { ModelProtoSchema, type ModelProto } from './proto/onnx_pb.js';
import { storeWeights } from './storeWeights.js';
import { made } from './value.js';

/** Data type of a file: float32 throughout; float16 throughout; or kernels stored as int8, and computed in float32. */
export type TransformersDtype = 'float32' | 'float16' | 'int8';

/**
 * Exports a plan as the ONNX file that transformers.js expects of an image classifier.
 *
 * The input is `pixel_values`, `[batch, channels, height, width]`, which a preprocessor has already rescaled and normalized. The output is
 * `logits`, `[batch, classes]`. The normalization and the activation of the classifier are left out.
 *
 * @param where - The function that the user called, for error messages.
 * @param arrays - The weights of the plan, with the names of any framework.
 * @throws {WeightsError} when a weight is missing, is not finite or exceeds the range of float16.
 */
export function transformersOnnx(where: string, plan: ModelPlan, arrays: NamedArrays, dtype: TransformersDtype): Uint8Array {
  checkFiniteArrays(where, arrays);
  const file = float32File(where, plan, arrays);
  if (dtype === 'float16') computeFloat16(where, file, "Leave 'float16' out of `dtypes`.");
  else if (dtype === 'int8') storeWeights(where, file, dtype);
  return toBinary(ModelProtoSchema, file);
}

function float32File(where: string, plan: ModelPlan, arrays: NamedArrays): ModelProto {
  const graph = createGraph();
  const [height, width, channels] = plan.inputShape;
  const tensor = graph.input('pixel_values', ['batch', channels, height ?? 'height', width ?? 'width']);
  const input = made([null, height, width, channels], tensor);
  const bare: ModelPlan = { ...plan, normalization: 'none', classifierActivation: 'linear' };
  const { value } = exportPlan(where, graph, bare, planArrays(where, plan, arrays), input);
  graph.output(value.read(), 'logits', ['batch', plan.classes]);
  // No preprocessing is stored: it describes channels-last pixels in [0, 255].
  return graph.model(plan.name, { ...writeNotes({ classNames: arrays.classNames }), variant: JSON.stringify(plan.name) });
}
