// Exports a plan with its weights without building a model. It converts the same layers that `efficientNet` would build.

import { padName, pixelRescaling } from '../scaling/internal.js';
import type { BlockPlan, LayerPlan, LayerRole, ModelPlan, Padding } from '../scaling/index.js';
import type { WeightArray } from '../weights/index.js';
import { convertLayer } from './convertLayer.js';
import type { OnnxGraph } from './graph.js';
import type { Shape, Value } from './value.js';

/** Adds the network of a plan to the graph and returns its output, for the function that the user called. */
export function exportPlan(
  where: string,
  graph: OnnxGraph,
  plan: ModelPlan,
  arrays: ReadonlyMap<string, WeightArray>,
  input: Value,
): { readonly name: string; readonly value: Value } {
  const { activation, batchNormEpsilon } = plan;
  const layer = (
    className: string,
    name: string,
    config: Readonly<Record<string, unknown>>,
    inputs: readonly Value[],
    shape: Shape,
    planned?: LayerPlan,
  ): Value => {
    const weights = (planned?.weights ?? []).map((weight) => {
      const values = arrays.get(weight.name)?.values() ?? new Float32Array();
      return [weight.name.slice(weight.name.lastIndexOf('/') + 1), { shape: weight.shape, values }] as const;
    });
    return convertLayer({ where, graph, name, className, config, inputs, shape, weights: new Map(weights) });
  };

  const activate = (x: Value, name: string): Value => {
    if (activation === 'leakyRelu') return layer('LeakyReLU', name, { alpha: LEAKY_SLOPE }, [x], x.shape);
    if (activation !== 'hardSwish') return layer('Activation', name, { activation }, [x], x.shape);
    const ramp = layer('Rescaling', `${name}_ramp`, { scale: 1 / 6, offset: 0.5 }, [x], x.shape);
    return layer('Multiply', name, {}, [x, layer('ReLU', `${name}_gate`, { maxValue: 1 }, [ramp], x.shape)], x.shape);
  };
  const convolve = (x: Value, planned: LayerPlan, inside = 'linear', padding: Padding = plan.padding): Value => {
    const { name, kind, kernelSize, strides } = planned;
    const pad = padName(planned, padding);
    const margin = (kernelSize - 1) / 2;
    const [height, width, channels] = planned.inputShape;
    const grown = [null, ...[height, width].map((length) => (length === null ? null : length + 2 * margin)), channels];
    const padded =
      pad === null
        ? x
        : layer(
            'ZeroPadding2D',
            pad,
            {
              padding: [
                [margin, margin],
                [margin, margin],
              ],
            },
            [x],
            grown,
          );
    const config = { strides: [strides, strides], padding: pad === null ? 'same' : 'valid', activation: inside };
    return layer(kind === 'depthwiseConv' ? 'DepthwiseConv2D' : 'Conv2D', name, config, [padded], [null, ...planned.outputShape], planned);
  };
  const unit = (x: Value, conv: LayerPlan, norm: LayerPlan, activationName: string | null, padding?: Padding): Value => {
    const linear = convolve(x, conv, 'linear', padding);
    const normed = layer('BatchNormalization', norm.name, { axis: -1, epsilon: batchNormEpsilon }, [linear], linear.shape, norm);
    return activationName === null ? normed : activate(normed, activationName);
  };

  const excite = (x: Value, block: BlockPlan): Value => {
    const [reduce, expand] = [roleOf(block, 'seReduce'), roleOf(block, 'seExpand')];
    const channels = x.shape[3] ?? null;
    const pooled = layer('GlobalAveragePooling2D', `${block.name}_se_squeeze`, {}, [x], [null, channels]);
    const map = layer('Reshape', `${block.name}_se_reshape`, {}, [pooled], [null, 1, 1, channels]);
    const inside = activation !== 'leakyRelu' && activation !== 'hardSwish';
    const reduced = inside ? convolve(map, reduce, activation) : activate(convolve(map, reduce), `${reduce.name}_activation`);
    return layer('Multiply', `${block.name}_se_excite`, {}, [x, convolve(reduced, expand, 'sigmoid')], x.shape);
  };
  const blockOf = (x: Value, block: BlockPlan): Value => {
    const { name, type, spec, seFilters, hasSkip } = block;
    const fused = type === 'fusedMBConv';
    const unitOf = (y: Value, conv: LayerRole, norm: LayerRole, activationName: string | null): Value =>
      unit(y, roleOf(block, conv), roleOf(block, norm), activationName, spec.padding);
    let y = spec.expandRatio === 1 ? x : unitOf(x, 'expandConv', 'expandNorm', `${name}_expand_activation`);
    if (!fused) y = unitOf(y, 'depthwiseConv', 'depthwiseNorm', `${name}_activation`);
    if (seFilters > 0) y = excite(y, block);
    const projectActivation = fused && spec.expandRatio === 1 ? `${name}_project_activation` : null;
    const projected = unitOf(y, 'projectConv', 'projectNorm', projectActivation);
    return hasSkip ? layer('Add', `${name}_add`, {}, [projected, x], x.shape) : projected;
  };

  const rescaling = pixelRescaling(plan.normalization, plan.inputShape[2]);
  let x = rescaling === null ? input : layer('Rescaling', 'rescaling', { ...rescaling }, [input], input.shape);
  x = unit(x, ...plan.stem, 'stem_activation');
  for (const block of plan.stages.flatMap(({ blocks }) => blocks)) x = blockOf(x, block);
  x = unit(x, ...plan.top, 'top_activation');
  if (plan.classifier === null && plan.pooling === null) return { name: 'top_activation', value: x };
  const max = plan.pooling === 'max';
  const poolName = max ? 'max_pool' : 'avg_pool';
  const pooled = layer(max ? 'GlobalMaxPooling2D' : 'GlobalAveragePooling2D', poolName, {}, [x], [null, x.shape[3] ?? null]);
  if (plan.classifier === null) return { name: poolName, value: pooled };
  const shape: Shape = [null, plan.classes];
  return {
    name: 'predictions',
    value: layer('Dense', 'predictions', { activation: plan.classifierActivation }, [pooled], shape, plan.classifier),
  };
}

// Slope of 'leaky_relu' in Keras.
const LEAKY_SLOPE = 0.2;

function roleOf(block: BlockPlan, role: LayerRole): LayerPlan {
  const layer = block.layers.find((candidate) => candidate.role === role);
  if (layer === undefined) throw new Error(`${block.name} has no ${role}`);
  return layer;
}
