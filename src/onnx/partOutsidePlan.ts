// Compares a model with its plan. A plan does not show custom layers without weights, such as another activation.

import { toBinary } from '@bufbuild/protobuf';
import type * as tfl from '@tensorflow/tfjs-layers';
import { planOf } from '../models/index.js';
import type { ModelPlan } from '../scaling/index.js';
import type { NamedArrays } from '../weights/index.js';
import { fileOfModel, fileOfPlan } from './exportOnnx.js';
import { NodeProtoSchema, type ModelProto, type NodeProto } from './proto/onnx_pb.js';

/**
 * Returns the name of the first layer or ONNX operator of a model that differs from its plan, or `undefined` if the model computes exactly
 * what the plan says.
 *
 * @param where - The function that the user called, for error messages.
 * @param arrays - The weights of the model.
 * @throws {OptionError} when a layer of the model has no equivalent in ONNX.
 */
export async function partOutsidePlan(
  where: string,
  model: tfl.LayersModel,
  plan: ModelPlan,
  arrays: NamedArrays,
): Promise<string | undefined> {
  const layer = firstDifference(
    planOf(model).layers.map(({ name }) => name),
    plan.layers.map(({ name }) => name),
  );
  if (layer !== undefined) return layer[0] ?? layer[1];
  const operators = [await fileOfModel(where, model), fileOfPlan(where, { plan, arrays })] as const;
  const [actual, planned] = operators.map(nodesOf) as [readonly NodeProto[], readonly NodeProto[]];
  const differing = firstDifference(actual.map(bytesOf), planned.map(bytesOf));
  return differing === undefined ? undefined : (actual[differing[2]] ?? planned[differing[2]])?.name;
}

function firstDifference(
  one: readonly string[],
  other: readonly string[],
): readonly [inOne: string | undefined, inOther: string | undefined, index: number] | undefined {
  for (let i = 0; i < Math.max(one.length, other.length); i++) if (one[i] !== other[i]) return [one[i], other[i], i];
  return undefined;
}

const nodesOf = ({ graph }: ModelProto): readonly NodeProto[] => graph?.node ?? [];
const bytesOf = (node: NodeProto): string => String(toBinary(NodeProtoSchema, node));
