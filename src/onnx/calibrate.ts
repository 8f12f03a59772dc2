// Measures the range of a model's tensors on images. It runs the model on ONNX Runtime, with the minimum and maximum of each tensor as
// outputs.

import { clone, toBinary } from '@bufbuild/protobuf';
import * as tf from '@tensorflow/tfjs-core';
import { DataError } from '../core/index.js';
import { checkBatch } from '../data/internal.js';
import type { ImageBatch } from '../data/index.js';
import { nodeProto, valueInfo } from './graph.js';
import type { OnnxRuntimeModule } from './loadOnnxRuntime.js';
import { openRuntime } from './openRuntime.js';
import { ModelProtoSchema, type ModelProto } from './proto/onnx_pb.js';
import type { Range } from './quantize.js';

/**
 * Runs every batch through the model and returns the lowest and highest value of each tensor. Disposes the batches.
 *
 * @throws {OptionError} when an item is not a batch. {@link ShapeError} when the images do not have the shape of the model's input.
 * @throws {DataError} when there are no batches.
 */
export async function calibrate(
  model: ModelProto,
  tensors: readonly string[],
  batches: AsyncIterable<ImageBatch>,
  onnxruntime: OnnxRuntimeModule | undefined,
): Promise<ReadonlyMap<string, Range>> {
  const runtime = await openRuntime('exportOnnx', toBinary(ModelProtoSchema, withExtremes(model, tensors)), { onnxruntime });
  const ranges = new Map<string, Range>();
  try {
    for await (const batch of batches) {
      checkBatch('exportOnnx', 'calibration', batch, runtime.inputShape);
      const { xs, ys } = batch;
      try {
        const outputs = await runtime.run(new Float32Array(await xs.data()), xs.shape);
        for (const tensor of tensors) {
          const [low = Infinity, high = -Infinity] = ranges.get(tensor) ?? [];
          ranges.set(tensor, [
            Math.min(low, outputs[lowest(tensor)]?.values[0] ?? 0),
            Math.max(high, outputs[highest(tensor)]?.values[0] ?? 0),
          ]);
        }
      } finally {
        tf.dispose([xs, ys]);
      }
    }
  } finally {
    await runtime.dispose();
  }
  if (ranges.size === 0)
    throw new DataError(
      'exportOnnx: expected at least one batch for `calibration`, received none. The dataset is empty, or was already read.',
    );
  return ranges;
}

const lowest = (tensor: string): string => `${tensor}/lowest`;
const highest = (tensor: string): string => `${tensor}/highest`;

function withExtremes(model: ModelProto, tensors: readonly string[]): ModelProto {
  const copy = clone(ModelProtoSchema, model);
  for (const tensor of tensors) {
    for (const [operator, name] of [
      ['ReduceMin', lowest(tensor)],
      ['ReduceMax', highest(tensor)],
    ] as const) {
      copy.graph?.node.push(nodeProto(operator, name, [tensor], { keepdims: 0 }));
      copy.graph?.output.push(valueInfo(name, []));
    }
  }
  return copy;
}
