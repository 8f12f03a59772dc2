// A 1 x 1 convolution of stride 1, followed by batch normalization with fixed statistics and an activation, and its gradient.

import { multiply } from './lanes';
import { addTransposedProduct, BLOCK, packedSize, packPanels, packTransposed, productWithPacked, transposedProductScratch } from './matMul';
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

/** Floats of scratch that `pointwiseGradient` needs. */
export function pointwiseGradientScratch(inputs: i32, outputs: i32): i32 {
  return packedSize(inputs, outputs) + transposedProductScratch() + normActScratch(outputs) + BLOCK * outputs;
}

/**
 * The gradients of `pointwiseNormAct` by x and filter. An address of 0 for `dx` or `dfilter` omits that gradient. An address of 0 for
 * `slope` means a linear activation.
 */
export function pointwiseGradient(
  x: usize, filter: usize, dy: usize, slope: usize, variance: usize, gamma: usize, dx: usize, dfilter: usize, scratch: usize,
  rows: i32, inputs: i32, outputs: i32, epsilon: f32,
): void {
  const panels = scratch + (normActScratch(outputs) << 2);
  const transposed = panels + (packedSize(inputs, outputs) << 2);
  const dz = transposed + (transposedProductScratch() << 2);
  if (!slope) prepareNormAct(variance, gamma, 0, scratch, outputs, epsilon);
  if (dx) packTransposed(filter, inputs, outputs, panels);
  if (dfilter) memory.fill(dfilter, 0, (inputs * outputs) << 2);
  for (let start = 0; start < rows; start += BLOCK) {
    const count = min(BLOCK, rows - start);
    const at: usize = (start * outputs) << 2;
    const input: usize = (start * inputs) << 2;
    if (slope) {
      multiply(dy + at, slope + at, dz, count * outputs);
    } else {
      for (let row = 0; row < count; row++) multiply(dy + at + ((row * outputs) << 2), scratch, dz + ((row * outputs) << 2), outputs);
    }
    if (dfilter) addTransposedProduct(x + input, dz, dfilter, count, inputs, outputs, transposed);
    if (dx) productWithPacked(dz, panels, dx + input, count, inputs, outputs);
  }
}
