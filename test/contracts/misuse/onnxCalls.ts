import * as tf from '@tensorflow/tfjs-core';
import * as onnxruntime from 'onnxruntime-node';
import { createRuntime, type OnnxLayer, type Runtime } from '../../../src/onnx/index.js';
import type { BaseCalls } from './baseCall.js';
import { tinyModel } from './tinyModel.js';

const converters = { Dropout: ({ inputs, node, name }: OnnxLayer) => node('Identity', name, [inputs[0]?.tensor ?? '']) };

let opened: Promise<Runtime> | undefined;
const runtime = (): Promise<Runtime> => (opened ??= createRuntime(tinyModel(), { threads: 1 }));

export const onnxCalls: BaseCalls = {
  exportOnnx: { args: () => [tinyModel(), { name: 'tiny', compute: 'float32', dtype: 'float16', converters }] },
  createRuntime: { args: () => [tinyModel(), { threads: 1, device: 'cpu', onnxruntime }] },
  'createRuntime().predict': { on: runtime, args: () => [tf.zeros([1, 32, 32, 3])] },
  'createRuntime().run': { on: runtime, args: () => [new Float32Array(32 * 32 * 3), [1, 32, 32, 3]] },
};
