// The factor on logits that minimizes the cross-entropy. It is the inverse of a temperature.

/** Logits of samples, and what the targets make of them. */
export interface ScaledLogits {
  /** `[samples, classes]`, up to a constant per row. */
  readonly logits: Float64Array;
  readonly classes: number;
  /** The mean of each sample's logits, weighted by its targets, which sum to 1. */
  readonly expected: Float64Array;
}

/**
 * Returns the factor in a range at which the cross-entropy is lowest. At an end of the range, there may be a better factor beyond it.
 *
 * The loss is convex in the factor, so its slope has one zero. Bisection on a logarithmic scale finds it.
 */
export function bestScale(samples: ScaledLogits, lowest: number, highest: number): number {
  let [low, high] = [Math.log(lowest), Math.log(highest)];
  while (high - low > 1e-9) {
    const middle = (low + high) / 2;
    if (lossSlope(samples, Math.exp(middle)) < 0) low = middle;
    else high = middle;
  }
  return Math.exp((low + high) / 2);
}

/** Returns the derivative of the summed cross-entropy with respect to the factor. */
export function lossSlope({ logits, classes, expected }: ScaledLogits, scale: number): number {
  let slope = 0;
  expected.forEach((wanted, sample) => {
    const start = sample * classes;
    let largest = -Infinity;
    for (let i = start; i < start + classes; i++) largest = Math.max(largest, logits[i] as number);
    let sum = 0;
    let mean = 0;
    for (let i = start; i < start + classes; i++) {
      const weight = Math.exp(((logits[i] as number) - largest) * scale);
      sum += weight;
      mean += weight * (logits[i] as number);
    }
    slope += mean / sum - wanted;
  });
  return slope;
}
