// Converts pooling, reshaping and dense layers, and layers that combine several inputs.

import { applyActivation, isLinear } from './activations.js';
import { inexpressible, inputOf, refuseChannelsFirst, weightOf, type Converter, type LayerContext } from './layerContext.js';
import { made, pending, readChannelsLast, transpose } from './value.js';

/** Converts `GlobalAveragePooling2D` and `GlobalMaxPooling2D`. */
export const globalPooling: Converter = (layer) => {
  refuseChannelsFirst(layer);
  const { graph, name, className } = layer;
  const map = graph.node(className === 'GlobalAveragePooling2D' ? 'GlobalAveragePool' : 'GlobalMaxPool', `${name}/map`, [
    inputOf(layer).read(),
  ]);
  return pending(layer.shape, () => graph.node('Flatten', name, [map]), { map });
};

/** Converts `AveragePooling2D` and `MaxPooling2D`. */
export const pooling: Converter = (layer) => {
  refuseChannelsFirst(layer);
  const { graph, name, className, config } = layer;
  const same = config['padding'] === 'same';
  const attributes = {
    kernel_shape: config['poolSize'] as number[],
    strides: config['strides'] as number[],
    auto_pad: same ? 'SAME_UPPER' : 'VALID',
  };
  return made(layer.shape, graph.node(className === 'MaxPooling2D' ? 'MaxPool' : 'AveragePool', name, [inputOf(layer).read()], attributes));
};

/** Converts `Reshape` and `Flatten`. A pooled vector that is reshaped to `[1, 1, channels]` uses the pooled feature map again. */
export const reshape: Converter = (layer) => {
  const { graph, name, shape } = layer;
  const input = inputOf(layer);
  if (input.map !== undefined && shape.length === 4 && shape[1] === 1 && shape[2] === 1) return made(shape, input.map);
  const lengths = shape.map((length, axis) => BigInt(axis === 0 ? 0 : (length ?? -1)));
  const target = graph.constant(`${name}/shape`, [lengths.length], BigInt64Array.from(lengths));
  const source = readChannelsLast(graph, name, input);
  if (shape.length !== 4) return made(shape, graph.node('Reshape', name, [source, target]));
  return made(shape, transpose(graph, name, graph.node('Reshape', `${name}/reshaped`, [source, target]), 'nchw'));
};

/** Converts `Dense` on vectors. */
export const dense: Converter = (layer) => {
  const { graph, name } = layer;
  const input = inputOf(layer);
  if (input.shape.length !== 2) throw inexpressible(layer, `class Dense on ${input.shape.length} axes`);
  const { shape, values } = weightOf(layer, 'kernel');
  const bias = layer.weights.get('bias');
  const operands = [input.read(), graph.constant(`${name}/kernel`, shape, values)];
  if (bias !== undefined) operands.push(graph.constant(`${name}/bias`, bias.shape, bias.values));
  const activation = layer.config['activation'];
  const product = graph.node('Gemm', isLinear(activation) ? name : `${name}/logits`, operands);
  return applyActivation(layer, made(layer.shape, product), activation);
};

/** Creates a converter for layers that apply one operator to all their inputs. */
export function merging(operator: 'Add' | 'Mul' | 'Sub' | 'Max' | 'Min' | 'Mean'): Converter {
  return (layer) => {
    if (layer.inputs.some(({ shape }) => shape.length !== layer.shape.length))
      throw inexpressible(layer, `class ${layer.className} on inputs of different rank`);
    const tensors = layer.inputs.map((value) => value.read());
    const { graph, name } = layer;
    // These operators take any number of inputs. The others take two.
    if (operator === 'Max' || operator === 'Min' || operator === 'Mean') return made(layer.shape, graph.node(operator, name, tensors));
    const [first, ...rest] = tensors;
    const last = rest.length - 1;
    return made(
      layer.shape,
      rest.reduce((sum, tensor, i) => graph.node(operator, i === last ? name : `${name}/${i + 1}`, [sum, tensor]), first ?? ''),
    );
  };
}

/** Converts `Concatenate`. */
export const concatenate: Converter = (layer) => {
  const rank = layer.shape.length;
  const axis = ((layer.config['axis'] as number | undefined) ?? -1) % rank;
  const keras = axis < 0 ? axis + rank : axis;
  return made(
    layer.shape,
    layer.graph.node(
      'Concat',
      layer.name,
      layer.inputs.map((value) => value.read()),
      { axis: channelsFirst(keras, layer) },
    ),
  );
};

/** Converts `UpSampling2D` with nearest-neighbor interpolation. */
export const upSampling: Converter = (layer) => {
  refuseChannelsFirst(layer);
  const { graph, name, config } = layer;
  if (config['interpolation'] !== 'nearest')
    throw inexpressible(layer, `class UpSampling2D with ${String(config['interpolation'])} interpolation`);
  const scales = graph.constant(`${name}/scales`, [4], Float32Array.of(1, 1, ...(config['size'] as number[])));
  return made(
    layer.shape,
    graph.node('Resize', name, [inputOf(layer).read(), '', scales], {
      mode: 'nearest',
      coordinate_transformation_mode: 'asymmetric',
      nearest_mode: 'floor',
    }),
  );
};

/** Converts layers that return their input at inference. */
export const identity: Converter = (layer) => inputOf(layer);

function channelsFirst(axis: number, { shape }: LayerContext): number {
  return shape.length === 4 ? ([0, 2, 3, 1][axis] as number) : axis;
}
