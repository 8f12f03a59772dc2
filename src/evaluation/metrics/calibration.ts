// Measures how well predicted probabilities match the actual accuracy. temperature.ts corrects them.

import { largest } from '../../core/internal.js';

/** The samples whose confidence falls into one bin. */
export interface ReliabilityBin {
  /** The bin contains confidences in (from, to]. The first bin also contains 0. */
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** Mean probability of the predicted class; NaN for an empty bin. */
  readonly confidence: number;
  /** Fraction of correct predictions; NaN for an empty bin. */
  readonly accuracy: number;
}

/** How well the confidence of a classifier matches its accuracy. */
export interface Calibration {
  /** Expected calibration error: the gap between confidence and accuracy, averaged over samples. */
  readonly ece: number;
  /** Maximum calibration error: the largest gap of any bin. */
  readonly mce: number;
  /**
   * Brier score: the mean squared distance between probabilities and true labels, in [0, 2]. For two classes it is halved to [0, 1], as
   * in scikit-learn.
   */
  readonly brier: number;
  readonly bins: readonly ReliabilityBin[];
}

/**
 * Sorts confidences into bins of equal width.
 *
 * @param correct - 1 for correct predictions, 0 for wrong ones.
 * @see On Calibration of Modern Neural Networks, arXiv 1706.04599, section 2
 */
export function reliabilityBins(confidences: ArrayLike<number>, correct: ArrayLike<number>, bins: number): ReliabilityBin[] {
  const counts = new Float64Array(bins);
  const sums = new Float64Array(bins);
  const right = new Float64Array(bins);
  for (let i = 0; i < confidences.length; i++) {
    const confidence = confidences[i] as number;
    const bin = binOf(confidence, bins);
    counts[bin] = (counts[bin] as number) + 1;
    sums[bin] = (sums[bin] as number) + confidence;
    right[bin] = (right[bin] as number) + (correct[i] as number);
  }
  return Array.from(counts, (count, i) => ({
    from: i / bins,
    to: (i + 1) / bins,
    count,
    confidence: (sums[i] as number) / count,
    accuracy: (right[i] as number) / count,
  }));
}

/** Returns the expected and the maximum calibration error of a set of bins. */
export function calibrationErrors(bins: readonly ReliabilityBin[]): { readonly ece: number; readonly mce: number } {
  const filled = bins.filter(({ count }) => count > 0);
  const total = filled.reduce((sum, { count }) => sum + count, 0);
  const gaps = filled.map(({ confidence, accuracy }) => Math.abs(confidence - accuracy));
  return {
    ece: filled.reduce((sum, { count }, i) => sum + (count / total) * (gaps[i] as number), 0),
    mce: largest(gaps),
  };
}

function binOf(confidence: number, bins: number): number {
  let bin = Math.min(bins - 1, Math.max(0, Math.ceil(confidence * bins) - 1));
  // The product may be rounded up, so compare with the edge of the bin.
  if (bin > 0 && confidence <= bin / bins) bin--;
  else if (bin < bins - 1 && confidence > (bin + 1) / bins) bin++;
  return bin;
}
