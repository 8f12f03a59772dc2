// Compares a model with its plan. A plan does not show custom layers without weights, such as another activation.

import { toBinary } from '@bufbuild/protobuf';
import type * as tfl from '@tensorflow/tfjs-layers';
import type { ModelPlan } from '../scaling/index.js';
import type { NamedArrays } from '../weights/index.js';
import { fileOfModel, fileOfPlan } from './exportOnnx.js';
import { NodeProtoSchema, type ModelProto, type NodeProto } from './proto/onnx_pb.js';

/**
 * Returns the name of the first ONNX operator of a model that differs from the operator in the same place of its plan, or `undefined` if
 * the model computes exactly what the plan says.
 *
 * @throws {OptionError} when a layer of the model has no equivalent in ONNX.
 */
export async function operatorOutsidePlan(
  where: string,
  model: tfl.LayersModel,
  plan: ModelPlan,
  arrays: NamedArrays,
): Promise<string | undefined> {
  const [actual, planned] = [nodesOf(await fileOfModel(where, model)), nodesOf(fileOfPlan(where, { plan, arrays }))];
  const length = Math.max(actual.length, planned.length);
  for (let i = 0; i < length; i++) {
    if (bytesOf(actual[i]) !== bytesOf(planned[i])) return (actual[i] ?? planned[i])?.name;
  }
  return undefined;
}

const nodesOf = ({ graph }: ModelProto): readonly NodeProto[] => graph?.node ?? [];

function bytesOf(node: NodeProto | undefined): string {
  return node === undefined ? '' : String(toBinary(NodeProtoSchema, node));
}
