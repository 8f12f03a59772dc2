// Calibrates probabilities by temperature scaling, which does not change the predicted classes.

import { check, positive } from '../../core/internal.js';
import { DataError } from '../../core/index.js';
import { bestScale, lossSlope } from './bestScale.js';
import { checkEvaluation } from './checkEvaluation.js';
import type { Evaluation } from './evaluation.js';
import { summarize } from './summarize.js';

/**
 * Finds the temperature that minimizes the loss when logits are divided by it.
 *
 * Use data that the model was not trained on, and other data than that on which you evaluate the calibrated model.
 *
 * @returns The temperature: above 1 if the model is overconfident, below 1 if it is underconfident.
 * @throws {DataError} when every prediction is correct, or the predictions do not depend on the temperature, so that no finite
 *   temperature is best.
 * @example
 * const temperature = fitTemperature(held);
 * withTemperature(evaluation, temperature).calibration.ece; // smaller than evaluation.calibration.ece
 * @see On Calibration of Modern Neural Networks, arXiv 1706.04599, section 4.2
 */
export function fitTemperature(evaluation: Evaluation): number {
  checkEvaluation('fitTemperature', evaluation);
  const classes = evaluation.classNames.length;
  const targets = new Float32Array(evaluation.count * classes);
  evaluation.predictions.labels.forEach((label, sample) => {
    targets[sample * classes + label] = 1;
  });
  const temperature = bestTemperature(logProbabilities(evaluation), targets, classes);
  if (temperature !== undefined) return temperature;
  throw new DataError(
    `fitTemperature: expected predictions of which some are wrong and most are right, ` +
      `received ${evaluation.count} with accuracy ${evaluation.accuracy.toPrecision(3)}. ` +
      `No temperature between ${MINIMUM} and ${MAXIMUM} is best.`,
  );
}

/**
 * Same as {@link fitTemperature}, for logits and targets.
 *
 * @param logits - `[samples, classes]`, up to a constant per row.
 * @param targets - `[samples, classes]`. Each row sums to 1.
 * @returns The temperature, or `undefined` if no temperature between 0.01 and 100 is best.
 */
export function bestTemperature(logits: Float64Array, targets: Float32Array, classes: number): number | undefined {
  const expected = Float64Array.from({ length: logits.length / classes }, (_, sample) => {
    let sum = 0;
    for (let i = sample * classes; i < (sample + 1) * classes; i++) sum += (targets[i] as number) * (logits[i] as number);
    return sum;
  });
  const samples = { logits, classes, expected };
  const [lowest, highest] = [1 / MAXIMUM, 1 / MINIMUM];
  if (!(lossSlope(samples, lowest) < 0 && lossSlope(samples, highest) > 0)) return undefined;
  return 1 / bestScale(samples, lowest, highest);
}

/**
 * Divides the logits of an evaluation by a temperature and evaluates the result.
 *
 * @throws {OptionError} when the temperature is not a positive number.
 * @example
 * withTemperature(evaluation, 1).loss; // evaluation.loss
 */
export function withTemperature(evaluation: Evaluation, temperature: number): Evaluation {
  checkEvaluation('withTemperature', evaluation);
  check('withTemperature', 'temperature', temperature, positive);
  const probabilities = logProbabilities(evaluation);
  const classes = evaluation.classNames.length;
  for (let start = 0; start < probabilities.length; start += classes) {
    const row = probabilities.subarray(start, start + classes);
    const largest = row.reduce((a, b) => Math.max(a, b));
    let sum = 0;
    for (let i = 0; i < classes; i++) sum += row[i] = Math.exp(((row[i] as number) - largest) / temperature);
    for (let i = 0; i < classes; i++) row[i] = (row[i] as number) / sum;
  }
  const { labels, files } = evaluation.predictions;
  const topK = Object.keys(evaluation.topK).map(Number);
  return summarize(
    { labels, probabilities: new Float32Array(probabilities), files },
    evaluation.classNames,
    topK,
    evaluation.calibration.bins.length,
  );
}

const MINIMUM = 0.01;
const MAXIMUM = 100;
// The smallest normal float32, which replaces a probability of 0.
const TINY = 2 ** -126;

/** Returns the logits up to a constant per row, which does not affect softmax. */
function logProbabilities({ predictions }: Evaluation): Float64Array {
  return logsOf(predictions.probabilities);
}

/** Returns the logarithms of probabilities, which are logits up to a constant per row. A probability of 0 counts as 2^-126. */
export function logsOf(probabilities: Float32Array): Float64Array {
  const logs = new Float64Array(probabilities);
  for (let i = 0; i < logs.length; i++) logs[i] = Math.log(Math.max(logs[i] as number, TINY));
  return logs;
}
