// Converts convolutions and the layers that are merged into them: padding, rescaling and batch normalization.

import { permute } from '../weights/internal.js';
import { applyActivation, isLinear } from './activations.js';
import { inexpressible, inputOf, refuseChannelsFirst, weightOf, type Converter, type LayerContext } from './layerContext.js';
import { made, pending, type Pads, type Value } from './value.js';

const NO_PADS: Pads = [0, 0, 0, 0];

/** Converts `Conv2D` and `DepthwiseConv2D`. */
export const convolution: Converter = (layer) => {
  refuseChannelsFirst(layer);
  const depthwise = layer.className === 'DepthwiseConv2D';
  const kernel = weightOf(layer, depthwise ? 'depthwise_kernel' : 'kernel').values;
  const linear = pendingConvolution(layer, depthwise, kernel, layer.weights.get('bias')?.values);
  return applyActivation(layer, linear, layer.config['activation']);
};

/** Converts `ZeroPadding2D`. */
export const zeroPadding: Converter = (layer) => {
  refuseChannelsFirst(layer);
  const inner = inputOf(layer);
  const [[top, bottom], [left, right]] = layer.config['padding'] as [[number, number], [number, number]];
  const pads: Pads = [top, left, bottom, right];
  return pending(layer.shape, () => pad(layer, inner.read(), pads), { padded: { inner, pads } });
};

/** Converts `Rescaling` by one number, or by one number per channel. */
export const rescaling: Converter = (layer) => {
  const inner = inputOf(layer);
  const channels = inner.shape.at(-1) ?? 1;
  const spread = (value: unknown): readonly number[] =>
    Array.isArray(value) ? (value as number[]) : Array.from({ length: channels }, () => value as number);
  const [scale, offset] = [spread(layer.config['scale']), spread(layer.config['offset'])];
  const read = (): string => {
    const scaled = layer.graph.node('Mul', `${layer.name}/scaled`, [inner.read(), perChannel(layer, 'scale', scale, inner)]);
    return layer.graph.node('Add', layer.name, [scaled, perChannel(layer, 'offset', offset, inner)]);
  };
  return pending(layer.shape, read, { rescaled: { inner, scale, offset } });
};

/** Converts `BatchNormalization`. Merges it into the preceding convolution if there is one. */
export const batchNormalization: Converter = (layer) => {
  const input = inputOf(layer);
  const axis = [layer.config['axis'] as number | number[] | null].flat()[0];
  if (axis != null && axis !== -1 && axis !== input.shape.length - 1)
    throw inexpressible(layer, `class ${layer.className} over axis ${axis}`);
  if (input.shape.length !== 4 && input.shape.length !== 2)
    throw inexpressible(layer, `class ${layer.className} on ${input.shape.length} axes`);
  const mean = weightOf(layer, 'moving_mean').values;
  const variance = weightOf(layer, 'moving_variance').values;
  const gamma = layer.weights.get('gamma')?.values ?? new Float32Array(mean.length).fill(1);
  const beta = layer.weights.get('beta')?.values ?? new Float32Array(mean.length);
  const epsilon = layer.config['epsilon'] as number;
  if (input.convolution !== undefined) {
    const { kernel, bias } = input.convolution;
    const factor = gamma.map((value, c) => value / Math.sqrt((variance[c] as number) + epsilon));
    const shift = beta.map((value, c) => value + ((bias?.[c] ?? 0) - (mean[c] as number)) * (factor[c] as number));
    return input.convolution.with(
      kernel.map((value, i) => value * (factor[i % factor.length] as number)),
      shift,
    );
  }
  const statistics = Object.entries({ gamma, beta, mean, variance }).map(([name, values]) =>
    layer.graph.constant(`${layer.name}/${name}`, [values.length], values),
  );
  return made(
    layer.shape,
    layer.graph.node('BatchNormalization', layer.name, [input.read(), ...statistics], { epsilon: { float: epsilon } }),
  );
};

function pendingConvolution(layer: LayerContext, depthwise: boolean, kernel: Float32Array, bias: Float32Array | undefined): Value {
  return pending(layer.shape, () => emit(layer, depthwise, kernel, bias), {
    convolution: { kernel, bias, with: (otherKernel, otherBias) => pendingConvolution(layer, depthwise, otherKernel, otherBias) },
  });
}

function emit(layer: LayerContext, depthwise: boolean, kernel: Float32Array, bias: Float32Array | undefined): string {
  const { graph, name, config } = layer;
  const [height, width, inputs, last] = weightOf(layer, depthwise ? 'depthwise_kernel' : 'kernel').shape as [
    number,
    number,
    number,
    number,
  ];
  const dilations = [config['dilationRate'] ?? 1].flat() as number[];
  const strides = config['strides'] as number[];
  // DepthwiseConv2D of TensorFlow.js accepts a dilation but ignores it.
  if (depthwise && dilations.some((rate) => rate !== 1)) throw inexpressible(layer, 'class DepthwiseConv2D with dilation');

  let source = inputOf(layer);
  let pads = NO_PADS;
  if (config['padding'] === 'valid' && source.padded !== undefined) ({ inner: source, pads } = source.padded);
  const samePads = config['padding'] === 'same' ? sameOf(source, [height, width], strides, dilations) : NO_PADS;
  if (samePads !== undefined && samePads !== NO_PADS) pads = samePads;
  const padded = samePads === undefined || pads.some((length) => length > 0);

  const filters = depthwise ? inputs * last : last;
  let tensor: string;
  let weights = kernel;
  let shift = bias;
  if (source.rescaled === undefined) tensor = source.read();
  else {
    const { inner, scale, offset } = source.rescaled;
    weights = kernel.map((value, i) => value * (scale[Math.floor(i / last) % inputs] as number));
    if (padded && offset.some((value) => value !== 0)) {
      // The offset must be added before the padding, because the padding zeros are not normalized. The scale can be merged into the
      // kernel.
      tensor = graph.node('Add', `${name}/offset`, [
        inner.read(),
        perChannel(
          layer,
          'offset',
          offset.map((value, c) => value / (scale[c] as number)),
          inner,
        ),
      ]);
    } else {
      tensor = inner.read();
      shift = shifted(kernel, bias, offset, { filters, inputs, last });
    }
  }
  const shape = depthwise ? [filters, 1, height, width] : [filters, inputs, height, width];
  const axes = depthwise ? [2, 3, 0, 1] : [3, 2, 0, 1];
  const operands = [tensor, graph.constant(`${name}/kernel`, shape, permute(weights, [height, width, inputs, last], axes))];
  if (shift !== undefined) operands.push(graph.constant(`${name}/bias`, [filters], shift));
  return graph.node('Conv', isLinear(config['activation']) ? name : `${name}/linear`, operands, {
    kernel_shape: [height, width],
    strides,
    ...(samePads === undefined ? { auto_pad: 'SAME_UPPER' } : { pads }),
    ...(depthwise ? { group: inputs } : {}),
    ...(dilations.some((rate) => rate !== 1) ? { dilations } : {}),
  });
}

/** Returns the padding that TensorFlow adds for `same`, or `undefined` if the size is unknown. */
function sameOf({ shape }: Value, kernel: readonly number[], strides: readonly number[], dilations: readonly number[]): Pads | undefined {
  const totals = [0, 1].map((axis) => {
    const length = shape[axis + 1];
    const stride = strides[axis] as number;
    const reach = ((kernel[axis] as number) - 1) * (dilations[axis] ?? dilations[0] ?? 1);
    if (reach === 0) return 0;
    return length == null ? undefined : Math.max(0, (Math.ceil(length / stride) - 1) * stride + reach + 1 - length);
  });
  const [vertical, horizontal] = totals;
  if (vertical === undefined || horizontal === undefined) return undefined;
  const [top, left] = [Math.floor(vertical / 2), Math.floor(horizontal / 2)];
  return [top, left, vertical - top, horizontal - left];
}

/** Returns the bias plus the contribution of a constant offset per input channel. */
function shifted(
  kernel: Float32Array,
  bias: Float32Array | undefined,
  offset: readonly number[],
  { filters, inputs, last }: { filters: number; inputs: number; last: number },
): Float32Array {
  const shift = Float64Array.from({ length: filters }, (_, filter) => bias?.[filter] ?? 0);
  // The filters are the last axis. In depthwise kernels they are the last two axes.
  kernel.forEach((value, i) => {
    const filter = i % filters;
    shift[filter] = (shift[filter] as number) + value * (offset[Math.floor(i / last) % inputs] as number);
  });
  return new Float32Array(shift);
}

function perChannel({ graph, name }: LayerContext, what: string, values: readonly number[], like: Value): string {
  const shape = like.shape.length === 4 ? [1, values.length, 1, 1] : [values.length];
  return graph.constant(`${name}/${what}`, shape, new Float32Array(values));
}

function pad({ graph, name }: LayerContext, tensor: string, [top, left, bottom, right]: Pads): string {
  const pads = BigInt64Array.from([0, 0, top, left, 0, 0, bottom, right].map(BigInt));
  return graph.node('Pad', name, [tensor, graph.constant(`${name}/pads`, [8], pads)]);
}
