// Chooses the L2 penalty of a head by cross-validation on its features.

import * as tf from '@tensorflow/tfjs-core';
import { createRandom, deriveSeed, shuffled, trackProgress } from '../core/internal.js';
import type { ProgressListener } from '../core/index.js';
import type { Features } from './extractFeatures.js';
import { lbfgs, type ValueAndGradient } from './lbfgs.js';

/** The default penalty, which also applies where cross-validation is impossible, as with a single image per class. */
export const DEFAULT_L2 = 0.002;

/** Options of {@link chooseL2}. */
export interface ChooseL2Options {
  readonly activation: 'softmax' | 'sigmoid';
  readonly labelSmoothing: number;
  readonly seed: number;
  /** Changes the features as the head does before its dense layer. */
  readonly normalize: ((features: tf.Tensor2D) => tf.Tensor2D) | undefined;
  readonly onProgress: ProgressListener | undefined;
  readonly signal: AbortSignal | undefined;
}

const FOLDS = 5;
/** More images take longer, but hardly change the choice. */
const MAX_IMAGES = 4000;
/** Penalties times the number of training images, that is 1 / (2 C) in scikit-learn. The best product hardly depends on that number. */
const STRENGTHS = [100, 30, 10, 3, 1, 0.3, 0.1, 0.03, 0.01, 0.003];

/**
 * Returns the L2 penalty of logistic regression with the lowest mean loss on left-out images, in five folds with about the same share of
 * each class. Images of a class without training images in their fold are not counted.
 */
export async function chooseL2(features: Features, options: ChooseL2Options): Promise<number> {
  const rows = shuffled(
    Array.from({ length: features.count }, (_, i) => i),
    createRandom(deriveSeed(options.seed, 'folds')),
  ).slice(0, MAX_IMAGES);
  const [raw, labels] = features.take(rows);
  const x = options.normalize?.(raw) ?? tf.clone(raw);
  const report = trackProgress(options.onProgress, 'choosing the L2 penalty', 'fits', FOLDS * STRENGTHS.length);
  try {
    const targets = (await labels.data()) as Float32Array;
    const folds = foldsOf(targets, rows.length);
    let best = { loss: Infinity, strength: NaN };
    let fits = 0;
    for (const strength of STRENGTHS) {
      let loss = 0;
      for (const fold of folds) {
        loss += await fit(x, targets, fold, strength, options);
        report(++fits);
      }
      // The loss has a single minimum, up to noise, and weaker penalties take longer.
      if (!(loss < best.loss)) break;
      best = { loss, strength };
    }
    return folds.some(({ counted }) => counted.includes(1)) ? best.strength / features.count : DEFAULT_L2;
  } finally {
    report.end();
    tf.dispose([raw, labels, x]);
  }
}

interface Fold {
  /** 1 for the images to train on. */
  readonly trained: Uint8Array;
  /** 1 for the left-out images whose loss counts. */
  readonly counted: Uint8Array;
  /** The weights of the previous, stronger penalty. */
  weights?: Float64Array;
}

/** Deals the images of each class to the folds in turn. The images are in random order. */
function foldsOf(targets: Float32Array, count: number): readonly Fold[] {
  const width = targets.length / count;
  const classOf = Array.from({ length: count }, (_, i) => {
    const row = targets.subarray(i * width, (i + 1) * width);
    return row.indexOf(Math.max(...row));
  });
  const foldOf = new Uint8Array(count);
  classOf
    .map((label, i) => [label, i] as const)
    .sort(([a], [b]) => a - b)
    .forEach(([, i], place) => {
      foldOf[i] = place % FOLDS;
    });
  return Array.from({ length: FOLDS }, (_, fold) => {
    const trained = Uint8Array.from(foldOf, (own) => (own === fold ? 0 : 1));
    const known = new Set(classOf.filter((_, i) => trained[i] === 1));
    return { trained, counted: Uint8Array.from(classOf, (label, i) => (trained[i] === 0 && known.has(label) ? 1 : 0)) };
  });
}

/** Fits logistic regression to the training images of a fold, and returns the sum of the losses of those that are left out. */
async function fit(
  x: tf.Tensor2D,
  targets: Float32Array,
  fold: Fold,
  strength: number,
  { activation, labelSmoothing, signal }: ChooseL2Options,
): Promise<number> {
  const [count, width] = x.shape;
  const classes = targets.length / count;
  const images = fold.trained.reduce((sum, each) => sum + each, 0);
  if (images === 0) return 0;
  const l2 = strength / images;
  const perImage = activation === 'softmax' ? 1 : 1 / classes;
  const even = activation === 'softmax' ? 1 / classes : 0.5;
  const lossAt = activation === 'softmax' ? softmaxLoss : sigmoidLoss;
  const logitsOf = async (weights: Float64Array): Promise<Float32Array> => {
    const logits = tf.tidy(() => {
      const all = Float32Array.from(weights);
      const kernel = tf.tensor2d(all.subarray(0, width * classes), [width, classes]);
      return tf.add(tf.matMul(x, kernel), tf.tensor1d(all.subarray(width * classes)));
    });
    const values = (await logits.data()) as Float32Array;
    logits.dispose();
    return values;
  };
  const smoothed = targets.map((target) => target * (1 - labelSmoothing) + labelSmoothing * even);
  const evaluate = async (weights: Float64Array): Promise<ValueAndGradient> => {
    signal?.throwIfAborted();
    const logits = await logitsOf(weights);
    const errors = new Float32Array(logits.length);
    const sum = lossAt(logits, smoothed, classes, fold.trained, errors);
    const slopes = tf.tidy(() =>
      tf.matMul(
        x,
        tf.tensor2d(
          errors.map((each) => (each * perImage) / images),
          [count, classes],
        ),
        true,
      ),
    );
    const kernel = await slopes.data();
    slopes.dispose();
    const gradient = new Float64Array(weights.length);
    gradient.set(kernel);
    for (let i = 0; i < errors.length; i++) {
      const bias = width * classes + (i % classes);
      gradient[bias] = (gradient[bias] as number) + ((errors[i] as number) * perImage) / images;
    }
    let squares = 0;
    for (let i = 0; i < width * classes; i++) {
      squares += (weights[i] as number) ** 2;
      gradient[i] = (gradient[i] as number) + 2 * l2 * (weights[i] as number);
    }
    return { value: (sum * perImage) / images + l2 * squares, gradient };
  };
  const start = fold.weights ?? new Float64Array((width + 1) * classes);
  fold.weights = await lbfgs(evaluate, start, { tolerance: 2e-4, maxIterations: 50 });
  return perImage * lossAt(await logitsOf(fold.weights), targets, classes, fold.counted);
}

type LossOf = (logits: Float32Array, targets: Float32Array, classes: number, selected: Uint8Array, errors?: Float32Array) => number;

/** Returns the sum of the losses of the selected images, and writes their derivatives by the logits to `errors`. */
const softmaxLoss: LossOf = (logits, targets, classes, selected, errors) => {
  let sum = 0;
  selected.forEach((isSelected, i) => {
    if (isSelected === 0) return;
    const row = logits.subarray(i * classes, (i + 1) * classes);
    const highest = Math.max(...row);
    const total = highest + Math.log(row.reduce((all, logit) => all + Math.exp(logit - highest), 0));
    row.forEach((logit, k) => {
      const target = targets[i * classes + k] as number;
      sum += target * (total - logit);
      if (errors !== undefined) errors[i * classes + k] = Math.exp(logit - total) - target;
    });
  });
  return sum;
};

const sigmoidLoss: LossOf = (logits, targets, classes, selected, errors) => {
  let sum = 0;
  logits.forEach((logit, i) => {
    if (selected[Math.floor(i / classes)] === 0) return;
    const target = targets[i] as number;
    sum += Math.max(logit, 0) - logit * target + Math.log1p(Math.exp(-Math.abs(logit)));
    if (errors !== undefined) errors[i] = 1 / (1 + Math.exp(-logit)) - target;
  });
  return sum;
};
