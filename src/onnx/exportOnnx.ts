// Exports a layers model to ONNX, from its outputs back to its inputs. Plans are exported by exportPlan.ts.

import { toBinary } from '@bufbuild/protobuf';
import type * as tfl from '@tensorflow/tfjs-layers';
import { checkOptions, invalid, oneOf, rule, text } from '../core/internal.js';
import { OptionError } from '../core/index.js';
import { checkEnds, checkImageSize } from '../data/internal.js';
import type { ImageBatch } from '../data/index.js';
import { completePreprocessing, preprocessingFor } from '../image/internal.js';
import type { CompletePreprocessing } from '../image/index.js';
import { checkFiniteArrays, checkFiniteWeights, isNestedModel, layersOf, publishedEvaluation, variantPlanOf } from '../models/internal.js';
import { classNamesOf, unknownThresholdOf } from '../models/index.js';
import { atSize, planArrays, writeNotes } from '../weights/internal.js';
import { calibrate } from './calibrate.js';
import { computeFloat16 } from './computeFloat16.js';
import { convertLayer } from './convertLayer.js';
import { createGraph, type Dimension, type OnnxGraph } from './graph.js';
import { exportPlan } from './exportPlan.js';
import type { LayerWeight } from './layerContext.js';
import { converters, type OnnxConverter } from './ownConverter.js';
import { runtimePackage, type OnnxRuntimeModule } from './loadOnnxRuntime.js';
import { isModel, type PlannedNetwork } from './plannedNetwork.js';
import { ModelProtoSchema, type ModelProto } from './proto/onnx_pb.js';
import { checkQuantizable, quantize, tensorsToCalibrate } from './quantize.js';
import { storeWeights } from './storeWeights.js';
import { made, readChannelsLast, transpose, type Shape, type Value } from './value.js';

/** Options of {@link exportOnnx}. */
export interface ExportOnnxOptions {
  /** Name of the graph. @defaultValue the name of the model */
  readonly name?: string | undefined;
  /**
   * How kernels are stored. `'float16'` halves the file size. `'int8'` reduces it to a quarter, with one scale per output channel.
   * Vectors such as biases stay float32. Engines convert kernels to float32 when they load the file, so this affects neither the speed
   * nor where the file runs.
   * @defaultValue the value of `compute`
   */
  readonly dtype?: 'float32' | 'float16' | 'int8' | undefined;
  /**
   * Data type of the computation. `'float16'` is for GPUs; CPUs mostly convert to float32 at every operator. `'int8'` is faster on CPUs
   * with int8 instructions. It supports only networks with ReLU and ReLU6 (Lite), and requires `calibration`. Any value other than
   * `'float32'` also sets `dtype`.
   * @defaultValue 'float32'
   */
  readonly compute?: 'float32' | 'float16' | 'int8' | undefined;
  /** Images for `compute: 'int8'`, similar to those the model will see; use a hundred or more. Both tensors of each batch are disposed. */
  readonly calibration?: AsyncIterable<ImageBatch> | undefined;
  /** The package that runs the calibration. Only for `compute: 'int8'`. @defaultValue onnxruntime-node */
  readonly onnxruntime?: OnnxRuntimeModule | undefined;
  /**
   * Converters for custom layers, by class name. A converter for a class of this library or TensorFlow.js replaces the built-in one.
   * Only for models, because a plan has no layers to convert.
   * @defaultValue none
   */
  readonly converters?: Readonly<Record<string, OnnxConverter>> | undefined;
}

const RULES = {
  name: text,
  dtype: oneOf('float32', 'float16', 'int8'),
  compute: oneOf('float32', 'float16', 'int8'),
  calibration: rule<AsyncIterable<ImageBatch>>(
    'batches of { xs, ys }',
    (value) => typeof value === 'object' && value !== null && Symbol.asyncIterator in value,
  ),
  onnxruntime: runtimePackage,
  converters,
};

/**
 * Exports a model to ONNX (operator set 17). The outputs are the same, and engines such as ONNX Runtime run it several times as fast as
 * TensorFlow.js.
 *
 * Inputs and outputs keep the model's names, shapes and channels-last order, with a variable batch size. BatchNormalization is folded
 * into the convolutions. The normalization of the pixels is folded into the first convolution as far as its padding allows an exact
 * result. Operators are named after the layers. The metadata of the file contains the classes (`classes`, a JSON array) and the
 * preprocessing (`preprocessing`, a JSON object with the fields of `Preprocessing` and `layout`, `color` and `range`).
 *
 * @param source - Any model of this library, or a model composed of its blocks and stock layers; or a plan with its weights, for which no
 *   model is built.
 * @returns The bytes of the file.
 * @throws {OptionError} when a layer of the model has no equivalent in ONNX and no converter, an option is unknown or has no effect, or
 *   int8 would make the network slower.
 * @throws {WeightsError} when a weight is not finite or exceeds the range of float16, or the arrays do not match the weights of the plan.
 * @throws {DataError} when there is no batch for the calibration.
 * @example
 * await writeFile('b0.onnx', await exportOnnx(model));
 * await writeFile('b0.onnx', await exportOnnx({ plan: planModel('b0'), arrays: readSafetensors(bytes) }));
 * await writeFile('b0.onnx', await exportOnnx(model, { dtype: 'int8' })); // a quarter of the size
 * await writeFile('lite0.onnx', await exportOnnx(lite, { compute: 'int8', calibration: imageBatches(images.take(128)) }));
 */
export async function exportOnnx(source: tfl.LayersModel | PlannedNetwork, options: ExportOnnxOptions = {}): Promise<Uint8Array> {
  const where = 'exportOnnx';
  const isBuilt = isModel(where, source);
  const inputShape = isBuilt ? source.inputs[0]?.shape : [null, ...source.plan.inputShape];
  const { name, compute = 'float32', dtype = compute, calibration, onnxruntime, converters: own } = checkOptions(where, options, RULES);
  if (compute !== 'float32' && dtype !== compute) throw invalid(where, 'dtype', `'${compute}' with \`compute: '${compute}'\``, dtype);
  if ((compute === 'int8') !== (calibration !== undefined)) {
    throw invalid(where, 'calibration', "batches of images with `compute: 'int8'` and none without", calibration);
  }
  if (compute !== 'int8' && onnxruntime !== undefined) {
    throw new OptionError(`${where}: expected no \`onnxruntime\` without \`compute: 'int8'\`, received one. It only runs the calibration.`);
  }
  if (!isBuilt && own !== undefined) {
    throw invalid(where, 'converters', 'nothing for a plan, which has no layers to convert,', own);
  }
  if (calibration !== undefined) checkEnds(where, 'calibration', calibration);
  checkImageSize(where, 'calibration', calibration, inputShape);
  const file = isBuilt ? await fileOfModel(where, source, name, own) : fileOfPlan(where, source, name);
  if (calibration !== undefined) {
    checkQuantizable(file);
    quantize(file, await calibrate(file, tensorsToCalibrate(file), calibration, onnxruntime));
  } else if (compute === 'float16') computeFloat16(where, file);
  else if (dtype !== 'float32') storeWeights(where, file, dtype);
  return toBinary(ModelProtoSchema, file);
}

/** Exports a model that computes in float32, for the function that the user called. */
export async function fileOfModel(
  where: string,
  source: tfl.LayersModel,
  name = source.name,
  own: Walk['own'] = {},
  remedy?: string,
): Promise<ModelProto> {
  const metadata = metadataOf(where, source);
  await checkFiniteWeights(where, source, remedy);
  const graph = createGraph();
  await addModel(where, graph, source, own);
  return graph.model(name, metadata);
}

/** Exports a plan that computes in float32, for the function that the user called. */
export function fileOfPlan(where: string, source: PlannedNetwork, name = source.plan.name): ModelProto {
  const { plan, arrays, prefix } = source;
  const metadata = metadataOfPlan(where, source);
  checkFiniteArrays(where, arrays);
  const graph = createGraph();
  const input = convertInput(graph, 'input_layer', [null, ...plan.inputShape]);
  const { name: output, value } = exportPlan(where, graph, plan, planArrays(where, plan, arrays, prefix), input);
  graph.output(readChannelsLast(graph, output, value), output, dimensions(value.shape));
  return graph.model(name, metadata);
}

async function addModel(where: string, graph: OnnxGraph, source: tfl.LayersModel, own: Walk['own']): Promise<void> {
  const values: Values = new Map();
  for (const input of source.inputs) values.set(input.id, convertInput(graph, input.sourceLayer.name, input.shape));
  const walk: Walk = { where, graph, values, weights: await readWeights(source), own, prefix: '' };
  // All outputs are read before the first is named, because naming one may rename a tensor that another one reads.
  const outputs = source.outputs.map((output) => {
    const value = valueOf(output, walk);
    return { name: output.sourceLayer.name, tensor: readChannelsLast(graph, output.sourceLayer.name, value), shape: value.shape };
  });
  for (const output of outputs) graph.output(output.tensor, output.name, dimensions(output.shape));
}

type Values = Map<number, Value>;
type Weights = ReadonlyMap<tfl.layers.Layer, ReadonlyMap<string, LayerWeight>>;

interface Walk {
  /** The function that the user called, for error messages. */
  readonly where: string;
  readonly graph: OnnxGraph;
  /** Values by the id of the symbolic tensor. */
  readonly values: Values;
  readonly weights: Weights;
  readonly own: Readonly<Record<string, OnnxConverter>>;
  /** Names of the models that contain the layer, each followed by a slash. */
  readonly prefix: string;
}

function valueOf(output: tfl.SymbolicTensor, walk: Walk): Value {
  const known = walk.values.get(output.id);
  if (known !== undefined) return known;
  const inputs = output.inputs.map((input) => valueOf(input, walk));
  const value = convert(output, inputs, walk);
  walk.values.set(output.id, value);
  return value;
}

function convert(output: tfl.SymbolicTensor, inputs: readonly Value[], walk: Walk): Value {
  const { where, graph, prefix } = walk;
  const { sourceLayer } = output;
  const name = `${prefix}${sourceLayer.name}`;
  if (isNestedModel(sourceLayer)) {
    // Each call of a nested model is converted separately, with the values it is called on.
    const values: Values = new Map(sourceLayer.inputs.map((input, i) => [input.id, inputs[i] as Value]));
    return valueOf(sourceLayer.outputs[output.outputTensorIndex ?? 0] as tfl.SymbolicTensor, { ...walk, values, prefix: `${name}/` });
  }
  return convertLayer(
    {
      where,
      graph,
      name,
      inputs,
      className: sourceLayer.getClassName(),
      config: sourceLayer.getConfig(),
      weights: walk.weights.get(sourceLayer) ?? new Map<string, LayerWeight>(),
      shape: output.shape,
    },
    walk.own,
  );
}

function convertInput(graph: OnnxGraph, name: string, shape: Shape): Value {
  const tensor = graph.input(name, dimensions(shape));
  return made(shape, shape.length === 4 ? transpose(graph, name, tensor, 'nchw') : tensor);
}

function dimensions(shape: Shape): Dimension[] {
  return shape.map((length, axis) => length ?? (axis === 0 ? 'batch' : `axis${axis}`));
}

async function readWeights(model: tfl.LayersModel): Promise<Weights> {
  const read = async (weight: tfl.layers.Layer['weights'][number]): Promise<[string, LayerWeight]> => [
    weight.originalName.slice(weight.originalName.lastIndexOf('/') + 1),
    { shape: weight.shape as number[], values: (await weight.read().data()) as Float32Array },
  ];
  const entries = layersOf(model).map(async (layer) => [layer, new Map(await Promise.all(layer.weights.map(read)))] as const);
  return new Map(await Promise.all(entries));
}

function metadataOf(where: string, source: tfl.LayersModel): Record<string, string> {
  const variant = variantPlanOf(source)?.name;
  const preprocessing = preprocessingFor(where, source);
  return {
    ...writeNotes({ classNames: classNamesOf(source), unknownThreshold: unknownThresholdOf(source) }),
    ...(variant === undefined ? {} : { variant: JSON.stringify(variant) }),
    ...(preprocessing === undefined ? {} : describe(preprocessing, source.inputs[0]?.shape[3] ?? null)),
  };
}

function metadataOfPlan(
  where: string,
  { plan, arrays, preprocessing = arrays.preprocessing && atSize(arrays.preprocessing, plan.inputShape) }: PlannedNetwork,
): Record<string, string> {
  const { name, variant, inputShape, classifier } = plan;
  const record = completePreprocessing(where, preprocessing ?? publishedEvaluation(variant, inputShape));
  const named = arrays.classNames?.length === classifier?.outputShape[2];
  return {
    ...writeNotes(named ? { classNames: arrays.classNames, unknownThreshold: arrays.unknownThreshold } : {}),
    variant: JSON.stringify(name),
    ...describe(record, inputShape[2]),
  };
}

/** Returns the metadata for the preprocessing and the format of the input. */
function describe(preprocessing: CompletePreprocessing, channels: number | null): Record<string, string> {
  return { preprocessing: JSON.stringify({ ...preprocessing, layout: 'NHWC', color: channels === 3 ? 'RGB' : null, range: [0, 255] }) };
}
