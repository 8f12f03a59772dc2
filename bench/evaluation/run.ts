// Measures evaluating 10,000 predictions of 1,000 classes: time and memory. The times are compared with one loop that finds the largest
// value of every row, which is the least that an evaluation has to do.
// npm run bench:evaluation                5 rounds, a few seconds
// npm run bench:evaluation -- 50000 1000  other numbers of predictions and classes

import { averagePrecision, evaluatePredictions, mostWrong, rocAuc } from '../../src/evaluation/metrics/index.js';
import { createRandom } from '../../src/core/internal.js';
import { describeMachine, machineLine } from '../support/machine.js';
import { formatRatios, printTable } from '../support/results.js';
import { median, pairRatios } from '../support/statistics.js';

const [samples = 10_000, classes = 1000] = process.argv.slice(2).map(Number);
const machine = describeMachine();
const random = createRandom(1);
const probabilities = new Float32Array(samples * classes);
const labels = Int32Array.from({ length: samples }, () => random.integer(classes));
for (let start = 0; start < probabilities.length; start += classes) {
  const row = probabilities.subarray(start, start + classes);
  for (let i = 0; i < classes; i++) row[i] = random.next() ** 8;
  row[labels[start / classes] as number] = random.next() * 2;
  const sum = row.reduce((a, b) => a + b);
  for (let i = 0; i < classes; i++) row[i] = (row[i] as number) / sum;
}
const before = process.memoryUsage().rss;

function timed(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

function largestOfRows(): Int32Array {
  return Int32Array.from({ length: samples }, (_, sample) => {
    let best = sample * classes;
    for (let i = best; i < (sample + 1) * classes; i++) if ((probabilities[i] as number) > (probabilities[best] as number)) best = i;
    return best - sample * classes;
  });
}

const [scanning, evaluating, ranking]: [number[], number[], number[]] = [[], [], []];
for (let round = 0; round < 5; round++) {
  scanning.push(timed(largestOfRows));
  let evaluation = evaluatePredictions([1], [0], { classNames: ['a', 'b'] });
  evaluating.push(timed(() => (evaluation = evaluatePredictions(probabilities, labels))));
  ranking.push(timed(() => [rocAuc(evaluation), averagePrecision(evaluation), mostWrong(evaluation)]));
}
const peak = process.resourceUsage().maxRSS * 1024;
const row = (name: string, times: readonly number[]): string[] => [
  name,
  median(times).toFixed(0),
  times.map((time) => time.toFixed(0)).join(', '),
  formatRatios(pairRatios(times, scanning)),
];
printTable(
  `${samples} predictions of ${classes} classes, milliseconds`,
  ['', 'median', 'all', 'times the loop over all rows'],
  [
    row('a loop that finds the largest value of every row', scanning),
    row('evaluatePredictions', evaluating),
    row('rocAuc, averagePrecision and mostWrong', ranking),
  ],
);
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
console.log(
  `\nPeak memory of the process: ${megabytes(peak)}, of which ${megabytes(before)} were used before the first evaluation ` +
    `(predictions: ${megabytes(probabilities.byteLength)})`,
);
console.log(machineLine(machine));
