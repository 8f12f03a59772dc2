// The head of a classifier: pooling, dropout and dense layers.

import * as tfl from '@tensorflow/tfjs-layers';
import { arrayOf, check, checkOptions, deriveSeed, oneOf, positiveInteger, rate } from '../core/internal.js';
import type { ClassifierActivation } from '../scaling/index.js';
import { buildLayers } from './buildLayers.js';
import { BUILD_RULES, type BuildOptions } from './buildOptions.js';
import { refusePartsInSpec } from './blockParts.js';
import { checkSymbolic, featureShapeOf } from './featureShapeOf.js';
import { dropout } from './SeededDropout.js';
import { varianceScaling } from './varianceScaling.js';

/** The layers of {@link head}. */
export interface HeadSpec {
  readonly classes: number;
  /** Activation of the classifier. `linear` returns logits. @defaultValue 'softmax' */
  readonly classifierActivation?: ClassifierActivation | undefined;
  /** @defaultValue 'avg' */
  readonly pooling?: 'avg' | 'max' | undefined;
  /** Dropout rate before the classifier, in [0, 1). @defaultValue 0 */
  readonly dropoutRate?: number | undefined;
  /** Units of additional dense ReLU layers between dropout and classifier. @defaultValue none */
  readonly hidden?: readonly number[] | undefined;
}

/** Options of {@link head}. */
export type HeadOptions = BuildOptions;

/** The rules of {@link HeadSpec}. */
export const HEAD_RULES = {
  classes: positiveInteger,
  classifierActivation: oneOf('softmax', 'sigmoid', 'linear'),
  pooling: oneOf('avg', 'max'),
  dropoutRate: rate,
  hidden: arrayOf(positiveInteger),
};

/**
 * Applies the head of a classifier: `avg_pool` or `max_pool`, `top_dropout` and `predictions`.
 *
 * @param x - Features `[batch, height, width, channels]`, or pooled features `[batch, channels]`.
 * @returns `[batch, classes]`.
 * @throws {OptionError} when an option is unknown or invalid. {@link ShapeError} when `x` is not a feature map. {@link BackendError} when
 * no backend is ready.
 * @example
 * const model = tfl.model({ inputs: x, outputs: head(x, { classes: 10, dropoutRate: 0.2 }) });
 */
export function head(x: tfl.SymbolicTensor, spec: HeadSpec, options: HeadOptions = {}): tfl.SymbolicTensor {
  refusePartsInSpec('head', spec);
  checkOptions('head', spec, HEAD_RULES);
  check('head', 'classes', spec.classes, positiveInteger);
  checkOptions('head', options, BUILD_RULES);
  checkSymbolic('head', x);
  if (x.shape.length !== 2) featureShapeOf('head', x);
  return buildLayers('head', () => applyHead(x, spec, options));
}

/** Same as {@link head}, for checked arguments. */
export function applyHead(x: tfl.SymbolicTensor, spec: HeadSpec, { seed }: HeadOptions): tfl.SymbolicTensor {
  const { classes, classifierActivation = 'softmax', pooling = 'avg', dropoutRate = 0, hidden = [] } = spec;
  const seedOf = (name: string): number | undefined => (seed === undefined ? undefined : deriveSeed(seed, name));
  // Glorot initialization, as in Keras' Dense layer. That of the reference implementation suits a thousand classes; with ten, the initial
  // logits are around +-20 and the predictions overconfident.
  const dense = (input: tfl.SymbolicTensor, name: string, units: number, act: ClassifierActivation | 'relu'): tfl.SymbolicTensor =>
    tfl.layers
      .dense({
        name,
        units,
        activation: act,
        kernelInitializer: varianceScaling({ scale: 1, mode: 'fanAvg', distribution: 'uniform', seed: seedOf(name) }),
      })
      .apply(input) as tfl.SymbolicTensor;

  const pooled = x.shape.length === 2 ? x : pool(x, pooling);
  const dropped =
    dropoutRate === 0
      ? pooled
      : (dropout({ name: 'top_dropout', rate: dropoutRate, seed: seedOf('top_dropout') }).apply(pooled) as tfl.SymbolicTensor);
  const features = hidden.reduce((y, units, i) => dense(y, `hidden${i + 1}`, units, 'relu'), dropped);
  return dense(features, 'predictions', classes, classifierActivation);
}

/** Pools features to `[batch, channels]` with `avg_pool` or `max_pool`. */
export function pool(x: tfl.SymbolicTensor, pooling: 'avg' | 'max'): tfl.SymbolicTensor {
  const layer =
    pooling === 'avg' ? tfl.layers.globalAveragePooling2d({ name: 'avg_pool' }) : tfl.layers.globalMaxPooling2d({ name: 'max_pool' });
  return layer.apply(x) as tfl.SymbolicTensor;
}
