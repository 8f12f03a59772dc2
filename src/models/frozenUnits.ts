// Finds the convolutions with frozen BatchNormalization in a model, and runs each of them together with the layers around it.

import type * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { BatchNormalization, frozenUnit, type ExciteWeights, type UnitActivation, type UnitOptions } from '../layers/internal.js';

/** Layers that can run as one operation while their BatchNormalization is frozen. */
export interface Unit {
  readonly input: tfl.SymbolicTensor;
  readonly output: tfl.SymbolicTensor;
  /** The ids of all outputs of the layers. */
  readonly members: readonly number[];
  readonly norm: BatchNormalization;
  /** Runs the layers. With `inputTrains`, a gradient with respect to the input is needed. */
  readonly run: (input: tf.Tensor, inputTrains: boolean) => tf.Tensor;
}

type Config = Readonly<Record<string, unknown>>;
type Convolution = Pick<UnitOptions, 'depthwise' | 'strides' | 'padding'>;

/** Squeeze-and-excitation: its two convolutions, and all of its outputs in order. */
interface Excite {
  readonly reduce: tfl.layers.Layer;
  readonly expand: tfl.layers.Layer;
  readonly outputs: readonly tfl.SymbolicTensor[];
}

/**
 * Finds the units of a graph.
 *
 * @param steps - The outputs of all layers that run, each after its inputs.
 * @param output - The output of the graph.
 */
export function findUnits(steps: readonly tfl.SymbolicTensor[], output: tfl.SymbolicTensor): Unit[] {
  const readers = new Map<number, tfl.SymbolicTensor[]>();
  for (const step of steps) for (const { id } of step.inputs) readers.set(id, [...(readers.get(id) ?? []), step]);
  const readersOf = ({ id }: tfl.SymbolicTensor): readonly tfl.SymbolicTensor[] => (id === output.id ? [] : (readers.get(id) ?? []));
  const onlyReader = (tensor: tfl.SymbolicTensor | undefined): tfl.SymbolicTensor | undefined => {
    const found = tensor === undefined ? [] : readersOf(tensor);
    return found.length === 1 ? found[0] : undefined;
  };
  return steps.flatMap((convolved): Unit[] => {
    const convolution = convolutionOf(convolved.sourceLayer);
    const normalized = onlyReader(convolved);
    const norm = normalized?.sourceLayer;
    if (convolution === undefined || normalized === undefined || !(norm instanceof BatchNormalization)) return [];
    const next = onlyReader(normalized);
    const activation = activationOf(next?.sourceLayer);
    const activated = next === undefined || activation === undefined ? normalized : next;
    const excite = activation === undefined ? undefined : exciteOf(readersOf(activated), onlyReader);
    return [unitOf(convolved, convolution, norm, activation ?? 'linear', [convolved, normalized, activated], excite)];
  });
}

function unitOf(
  convolved: tfl.SymbolicTensor,
  convolution: Convolution,
  norm: BatchNormalization,
  activation: UnitActivation,
  outputs: readonly tfl.SymbolicTensor[],
  excite: Excite | undefined,
): Unit {
  const all = [...outputs, ...(excite?.outputs ?? [])];
  const layer = convolved.sourceLayer;
  return {
    input: convolved.inputs[0] as tfl.SymbolicTensor,
    output: all.at(-1) as tfl.SymbolicTensor,
    members: all.map(({ id }) => id),
    norm,
    run: (input, inputTrains) => {
      const frozen = norm.frozenNorm();
      const [filter] = valuesOf(layer);
      if (frozen === undefined || filter === undefined) throw new Error(`${norm.name} is not frozen`);
      const options = { ...convolution, activation, norm: frozen, inputTrains, filterTrains: layer.trainableWeights.length > 0 };
      return frozenUnit(input as tf.Tensor4D, filter as tf.Tensor4D, options, excite === undefined ? undefined : weightsOf(excite));
    },
  };
}

const valuesOf = (layer: tfl.layers.Layer): tf.Tensor[] => layer.weights.map((weight) => weight.read());

function weightsOf({ reduce, expand }: Excite): ExciteWeights {
  const [reduced, reduceBias] = valuesOf(reduce) as [tf.Tensor, tf.Tensor];
  const [expanded, expandBias] = valuesOf(expand) as [tf.Tensor, tf.Tensor];
  return { reduce: reduced, reduceBias, expand: expanded, expandBias };
}

/** Returns how a layer convolves, if it is a convolution that a unit can contain. */
function convolutionOf(layer: tfl.layers.Layer): Convolution | undefined {
  const config = plainConvolution(layer);
  if (config?.['useBias'] !== false || config['activation'] !== 'linear') return undefined;
  const padding = config['padding'];
  if (padding !== 'same' && padding !== 'valid') return undefined;
  return { depthwise: layer.getClassName() === 'DepthwiseConv2D', strides: config['strides'] as [number, number], padding };
}

/** Returns the configuration of a convolution without dilation, on channels-last data. */
function plainConvolution(layer: tfl.layers.Layer): Config | undefined {
  const className = layer.getClassName();
  if (className !== 'Conv2D' && className !== 'DepthwiseConv2D') return undefined;
  const config = layer.getConfig();
  const isPlain = config['dataFormat'] === 'channelsLast' && [config['dilationRate']].flat().every((rate) => rate === 1);
  return isPlain && (className === 'Conv2D' || config['depthMultiplier'] === 1) ? config : undefined;
}

function activationOf(layer: tfl.layers.Layer | undefined): UnitActivation | undefined {
  if (layer?.getClassName() !== 'Activation') return undefined;
  const { activation } = layer.getConfig();
  return activation === 'swish' || activation === 'relu' || activation === 'relu6' ? activation : undefined;
}

/** Returns the squeeze-and-excitation that reads a tensor, given its readers: pooling, reshape, two convolutions and the product. */
function exciteOf(
  readers: readonly tfl.SymbolicTensor[],
  onlyReader: (tensor: tfl.SymbolicTensor | undefined) => tfl.SymbolicTensor | undefined,
): Excite | undefined {
  const is = (tensor: tfl.SymbolicTensor | undefined, name: string): boolean => tensor?.sourceLayer.getClassName() === name;
  const pooled = readers.find((reader) => is(reader, 'GlobalAveragePooling2D'));
  const product = readers.find((reader) => reader !== pooled);
  if (readers.length !== 2 || !is(product, 'Multiply') || product?.inputs.length !== 2) return undefined;
  const reshaped = onlyReader(pooled);
  const reduced = onlyReader(reshaped);
  const expanded = onlyReader(reduced);
  if (onlyReader(expanded) !== product || !is(reshaped, 'Reshape')) return undefined;
  if (!isGate(reduced, 'swish') || !isGate(expanded, 'sigmoid')) return undefined;
  const outputs = [pooled, reshaped, reduced, expanded, product] as tfl.SymbolicTensor[];
  return { reduce: (reduced as tfl.SymbolicTensor).sourceLayer, expand: (expanded as tfl.SymbolicTensor).sourceLayer, outputs };
}

function isGate(tensor: tfl.SymbolicTensor | undefined, activation: string): boolean {
  if (tensor?.sourceLayer.getClassName() !== 'Conv2D') return false;
  const config = plainConvolution(tensor.sourceLayer);
  const isPointwise = [config?.['kernelSize'], config?.['strides']].flat().every((length) => length === 1);
  return (
    isPointwise && tensor.shape[1] === 1 && tensor.shape[2] === 1 && config?.['useBias'] === true && config['activation'] === activation
  );
}
