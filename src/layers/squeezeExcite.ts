// Squeeze-and-excitation: weights each channel by a function of the means of all channels.

import * as tfl from '@tensorflow/tfjs-layers';
import { check, checkOptions, positiveInteger, text } from '../core/internal.js';
import { NORM_ACT_RULES, planSqueezeExcite } from '../scaling/internal.js';
import type { Activation } from '../scaling/index.js';
import { activate } from './activate.js';
import { NORM_ACT_PARTS_RULES, refusePartsInSpec, type NormActParts } from './blockParts.js';
import { buildLayers } from './buildLayers.js';
import { convolve, isConvActivation } from './convolve.js';
import { featureShapeOf } from './featureShapeOf.js';

/** Options of {@link squeezeExcite}. */
export interface SqueezeExciteSpec {
  /** The prefix of the layer names. */
  readonly name: string;
  /** Number of filters after the reduction. EfficientNet uses a quarter of the *block's input* filters, not of the expanded ones. */
  readonly reducedFilters: number;
  /** Activation after the reduction. @defaultValue 'swish' */
  readonly activation?: Activation | undefined;
}

/**
 * Applies squeeze-and-excitation: pooling, reduction, expansion, sigmoid and multiplication. The layers are `NAME_se_squeeze`,
 * `_se_reshape`, `_se_reduce`, `_se_expand` and `_se_excite`.
 *
 * @param x - `[batch, height, width, channels]`.
 * @param parts - A custom activation replaces that of the reduction.
 * @returns The same shape as `x`.
 * @throws {OptionError} when an option is unknown or invalid. {@link ShapeError} when `x` is not a feature map. {@link BackendError} when
 * no backend is ready.
 * @example
 * const y = squeezeExcite(x, { name: 'block2a', reducedFilters: 4 });
 * @see Squeeze-and-Excitation Networks (arXiv 1709.01507) section 3
 */
export function squeezeExcite(x: tfl.SymbolicTensor, spec: SqueezeExciteSpec, parts: NormActParts = {}): tfl.SymbolicTensor {
  refusePartsInSpec('squeezeExcite', spec);
  checkOptions('squeezeExcite', spec, {
    name: text,
    reducedFilters: positiveInteger,
    activation: NORM_ACT_RULES.activation,
  });
  check('squeezeExcite', 'name', spec.name, text);
  check('squeezeExcite', 'reducedFilters', spec.reducedFilters, positiveInteger);
  checkOptions('squeezeExcite', parts, NORM_ACT_PARTS_RULES);
  featureShapeOf('squeezeExcite', x);
  return buildLayers('squeezeExcite', () => applySqueezeExcite('squeezeExcite', x, spec, parts));
}

/** Same as {@link squeezeExcite}, for checked arguments. Errors begin with `where`, the function that the user called. */
export function applySqueezeExcite(where: string, x: tfl.SymbolicTensor, spec: SqueezeExciteSpec, parts: NormActParts): tfl.SymbolicTensor {
  const { activation: ownActivation, ...build } = parts;
  const { name, activation = 'swish' } = spec;
  const shape = featureShapeOf(where, x);
  const [reduce, expand] = planSqueezeExcite(name, shape, spec.reducedFilters);
  const mean = tfl.layers.globalAveragePooling2d({ name: `${name}_se_squeeze` }).apply(x);
  const pooled = tfl.layers.reshape({ targetShape: [1, 1, shape[2]], name: `${name}_se_reshape` }).apply(mean) as tfl.SymbolicTensor;
  const inside = ownActivation === undefined && isConvActivation(activation);
  const linear = convolve(pooled, reduce, 'same', build, inside ? activation : 'linear');
  const reduced = inside ? linear : activate(linear, activation, `${name}_se_reduce_activation`, ownActivation, where);
  const weights = convolve(reduced, expand, 'same', build, 'sigmoid');
  return tfl.layers.multiply({ name: `${name}_se_excite` }).apply([x, weights]) as tfl.SymbolicTensor;
}
