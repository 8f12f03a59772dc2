// Builds the configuration of a model in the form of Keras 3. Initializers and regularizers are left out, because the file contains the
// weights.

import * as tfl from '@tensorflow/tfjs-layers';
import { WeightsError } from '../core/index.js';

/** A layer as TensorFlow.js serializes it, with the option names of Python. */
interface LayerJson {
  readonly name?: string | undefined;
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>> & { readonly name: string };
  readonly inbound_nodes?: readonly (readonly (readonly [layer: string, node: number, tensor: number, kwargs?: object])[])[] | undefined;
}

interface NetworkJson {
  readonly name: string;
  readonly layers: readonly LayerJson[];
  readonly input_layers: readonly (readonly [string, number, number])[];
  readonly output_layers: readonly (readonly [string, number, number])[];
}

/** A layer of a model and its class in Keras. */
export interface KerasLayer {
  readonly className: string;
  readonly layer: tfl.layers.Layer;
  readonly json: LayerJson;
}

/** The options of Keras' constructors by class. Options with different names are renamed. */
const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  InputLayer: ['batch_input_shape:batch_shape', 'dtype'],
  Rescaling: ['scale', 'offset'],
  Conv2D: ['filters', 'kernel_size', 'strides', 'padding', 'data_format', 'dilation_rate', 'activation', 'use_bias'],
  DepthwiseConv2D: ['kernel_size', 'strides', 'padding', 'data_format', 'dilation_rate', 'activation', 'use_bias', 'depth_multiplier'],
  Dense: ['units', 'activation', 'use_bias'],
  BatchNormalization: ['axis', 'momentum', 'epsilon', 'center', 'scale'],
  Activation: ['activation'],
  LeakyReLU: ['alpha:negative_slope'],
  ReLU: ['max_value'],
  Dropout: ['rate', 'noise_shape'],
  ZeroPadding2D: ['padding', 'data_format'],
  Reshape: ['target_shape'],
  GlobalAveragePooling2D: ['data_format'],
  GlobalMaxPooling2D: ['data_format'],
  Flatten: [],
  Add: [],
  Multiply: [],
  Concatenate: ['axis'],
};

/** Returns the layers of a model in order, each with its class in Keras. */
export function kerasLayers(where: string, model: tfl.LayersModel): readonly KerasLayer[] {
  const { layers } = networkJson(where, model);
  return layers.map((json) => {
    const name = json.name ?? json.config.name;
    const className = json.class_name === 'Model' ? 'Functional' : json.class_name;
    return { className, layer: model.getLayer(name), json };
  });
}

/**
 * Returns the configuration of a functional model.
 *
 * @throws {WeightsError} when Keras has no equivalent of a layer.
 */
export function kerasConfig(where: string, model: tfl.LayersModel): object {
  const network = networkJson(where, model);
  return {
    module: 'keras.src.models.functional',
    class_name: 'Functional',
    registered_name: 'Functional',
    build_config: { input_shape: null },
    compile_config: {},
    config: functionalConfig(where, model, network),
  };
}

function functionalConfig(where: string, model: tfl.LayersModel, network: NetworkJson): object {
  const single = (tensors: NetworkJson['input_layers']): unknown => (tensors.length === 1 ? tensors[0] : tensors);
  return {
    name: network.name,
    trainable: true,
    layers: kerasLayers(where, model).map((layer) => layerConfig(where, model, layer)),
    input_layers: single(network.input_layers),
    output_layers: single(network.output_layers),
  };
}

function layerConfig(where: string, model: tfl.LayersModel, { className, layer, json }: KerasLayer): object {
  const { name } = json.config;
  const inbound_nodes = (json.inbound_nodes ?? []).map((node) => {
    const tensors = node.map(([source, index, tensor]) => tensorConfig(model, source, index, tensor));
    return { args: node.length === 1 ? tensors : [tensors], kwargs: {} };
  });
  if (layer instanceof tfl.LayersModel) {
    return {
      module: 'keras.src.models.functional',
      class_name: 'Functional',
      registered_name: 'Functional',
      name,
      inbound_nodes,
      config: functionalConfig(where, layer, networkJson(where, layer)),
    };
  }
  if (!Object.hasOwn(OPTIONS, className)) {
    throw new WeightsError(
      `${where}: Keras has no way to read the layer '${name}' of class ${className}. Write only its weights with \`writeKerasWeights\`.`,
    );
  }
  const options = (OPTIONS[className] ?? []).flatMap((option) => {
    const [ours = '', theirs = ours] = option.split(':');
    const value = json.config[ours];
    return value === undefined ? [] : [[theirs, value] as const];
  });
  const common = className === 'InputLayer' ? { name } : { name, trainable: layer.trainable };
  return {
    module: 'keras.layers',
    class_name: className,
    registered_name: null,
    name,
    inbound_nodes,
    config: { ...common, ...Object.fromEntries(options) },
  };
}

function tensorConfig(model: tfl.LayersModel, source: string, node: number, tensor: number): object {
  const layer = model.getLayer(source);
  const outputs = layer.getOutputAt(Math.min(node, layer.inboundNodes.length - 1));
  const output = Array.isArray(outputs) ? outputs[tensor] : outputs;
  return { class_name: '__keras_tensor__', config: { shape: output?.shape, dtype: 'float32', keras_history: [source, node, tensor] } };
}

function networkJson(where: string, model: tfl.LayersModel): NetworkJson {
  const json = model.toJSON(null, false) as unknown as { readonly config: NetworkJson };
  if (!Array.isArray(json.config.layers) || !Array.isArray(json.config.input_layers)) {
    throw new WeightsError(`${where}: expected a functional model, received '${model.name}'.`);
  }
  return json.config;
}
