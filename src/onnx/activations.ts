// Converts activations, both as separate layers and as options of other layers.

import { inexpressible, inputOf, weightOf, type Converter, type LayerContext } from './layerContext.js';
import { made, type Value } from './value.js';

/** Converts `Activation`. */
export const activation: Converter = (layer) => applyActivation(layer, inputOf(layer), layer.config['activation']);

/** Converts `ReLU`, with or without a maximum value. */
export const relu: Converter = (layer) => {
  const highest = layer.config['maxValue'] as number | null | undefined;
  return made(
    layer.shape,
    highest == null ? layer.graph.node('Relu', layer.name, [inputOf(layer).read()]) : clip(layer, inputOf(layer).read(), 0, highest),
  );
};

/** Converts `LeakyReLU`. */
export const leakyRelu: Converter = (layer) =>
  made(
    layer.shape,
    layer.graph.node('LeakyRelu', layer.name, [inputOf(layer).read()], { alpha: { float: layer.config['alpha'] as number } }),
  );

/** Converts `PReLU`, whose slopes are channels last. */
export const prelu: Converter = (layer) => {
  const { graph, name } = layer;
  const { shape, values } = weightOf(layer, 'alpha');
  const [height = 1, width = 1, channels = 1] = shape;
  const places = height * width;
  const isMap = shape.length === 3;
  const slopes = isMap ? Float32Array.from(values, (_, i) => values[(i % places) * channels + Math.floor(i / places)] ?? NaN) : values;
  const alpha = graph.constant(`${name}/alpha`, isMap ? [channels, height, width] : shape, slopes);
  return made(layer.shape, graph.node('PRelu', name, [inputOf(layer).read(), alpha]));
};

/** Converts `Softmax`. */
export const softmax: Converter = (layer) => {
  const axis = layer.config['axis'] as number | null | undefined;
  if (axis != null && axis !== -1 && axis !== layer.shape.length - 1) throw inexpressible(layer, `class Softmax over axis ${axis}`);
  return applyActivation(layer, inputOf(layer), 'softmax');
};

/** Applies an activation by name. The last operator gets the name of the layer. */
export function applyActivation(layer: LayerContext, value: Value, name: unknown): Value {
  if (isLinear(name)) return value;
  return made(layer.shape, emit(layer, value.read(), name as string));
}

/** Whether an activation in a configuration is the identity. */
export function isLinear(name: unknown): boolean {
  return name == null || name === 'linear';
}

function emit(layer: LayerContext, tensor: string, activationName: string): string {
  const { graph, name, shape } = layer;
  switch (activationName) {
    case 'swish':
      return graph.node('Mul', name, [tensor, graph.node('Sigmoid', `${name}/sigmoid`, [tensor])]);
    case 'relu':
      return graph.node('Relu', name, [tensor]);
    case 'relu6':
      return clip(layer, tensor, 0, 6);
    case 'sigmoid':
      return graph.node('Sigmoid', name, [tensor]);
    case 'softmax':
      return graph.node('Softmax', name, [tensor], { axis: shape.length === 4 ? 1 : -1 });
    case 'tanh':
      return graph.node('Tanh', name, [tensor]);
    case 'elu':
      return graph.node('Elu', name, [tensor]);
    case 'selu':
      return graph.node('Selu', name, [tensor]);
    case 'softplus':
      return graph.node('Softplus', name, [tensor]);
    case 'softsign':
      return graph.node('Softsign', name, [tensor]);
    case 'hardSigmoid':
    case 'hard_sigmoid':
      // TensorFlow.js computes clip(x / 5 + 1/2, 0, 1).
      return graph.node('HardSigmoid', name, [tensor], { alpha: { float: 0.2 }, beta: { float: 0.5 } });
    default:
      throw inexpressible(layer, `activation '${activationName}'`);
  }
}

function clip({ graph, name }: LayerContext, tensor: string, lowest: number, highest: number): string {
  const bound = (value: number): string => graph.constant(String(value), [], Float32Array.of(value));
  return graph.node('Clip', name, [tensor, bound(lowest), bound(highest)]);
}
