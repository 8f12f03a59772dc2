// A 1 x 1 convolution of stride 1, followed by batch normalization with fixed statistics and an activation.

import { packedSize, packPanels, productWithPacked } from './matMul';
import { normActRows, normActScratch, prepareNormAct } from './normAct';

/** Rows whose results stay in the cache until they are normalized. */
@inline
function blockRows(outputs: i32): i32 {
  return max(16, min(128, (1 << 16) / outputs) & ~3);
}

/** Floats of scratch that `pointwiseNormAct` needs. */
export function pointwiseScratch(inputs: i32, outputs: i32): i32 {
  return packedSize(outputs, inputs) + normActScratch(outputs);
}

/**
 * y [rows, outputs] = activation of the normalized x [rows, inputs] times filter [inputs, outputs], and its derivative by the product in
 * `slope`. For a linear activation, `slope` may be y.
 */
export function pointwiseNormAct(
  x: usize, filter: usize, mean: usize, variance: usize, gamma: usize, beta: usize, y: usize, slope: usize, scratch: usize,
  rows: i32, inputs: i32, outputs: i32, epsilon: f32, activation: i32,
): void {
  const panels = scratch + (normActScratch(outputs) << 2);
  prepareNormAct(variance, gamma, beta, scratch, outputs, epsilon);
  packPanels(filter, inputs, outputs, panels);
  const block = blockRows(outputs);
  for (let start = 0; start < rows; start += block) {
    const count = min(block, rows - start);
    const at: usize = (start * outputs) << 2;
    productWithPacked(x + ((start * inputs) << 2), panels, slope + at, count, outputs, inputs);
    normActRows(slope + at, mean, scratch, y + at, slope + at, 0, count, outputs, activation);
  }
}
