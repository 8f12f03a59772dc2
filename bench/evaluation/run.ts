// How long does evaluating 10,000 predictions of 1,000 classes take, and how much memory?
// npm run bench:evaluation                5 rounds, a few seconds
// npm run bench:evaluation -- 50000 1000  other numbers of predictions and classes

import { averagePrecision, evaluatePredictions, mostWrong, rocAuc } from '../../src/evaluation/index.js';
import { createRandom } from '../../src/core/index.js';

const [samples = 10_000, classes = 1000] = process.argv.slice(2).map(Number);
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

const timed = (work: () => unknown): number => {
  const start = performance.now();
  work();
  return performance.now() - start;
};
const median = (values: number[]): string => `${(values.sort((a, b) => a - b)[values.length >> 1] as number).toFixed(0)} ms (${values.map((value) => value.toFixed(0)).join(', ')})`;

const evaluating: number[] = [];
const ranking: number[] = [];
for (let round = 0; round < 5; round++) {
  let evaluation = evaluatePredictions([1], [0], { classNames: ['a', 'b'] });
  evaluating.push(timed(() => (evaluation = evaluatePredictions(probabilities, labels))));
  ranking.push(timed(() => [rocAuc(evaluation), averagePrecision(evaluation), mostWrong(evaluation)]));
}
const peak = process.resourceUsage().maxRSS * 1024;
console.log(`${samples} predictions of ${classes} classes, Node ${process.version}
evaluatePredictions                     ${median(evaluating)}
rocAuc, averagePrecision and mostWrong  ${median(ranking)}
peak memory of the process ${(peak / 1e6).toFixed(0)} MB, of which ${(before / 1e6).toFixed(0)} MB before the first evaluation (the predictions themselves: ${(probabilities.byteLength / 1e6).toFixed(0)} MB)`);
