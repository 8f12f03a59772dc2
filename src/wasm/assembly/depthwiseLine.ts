// One line of a depthwise convolution, or of its input gradient: eight channels of four pixels at a time.
// The lines that are read have a frame of zeros, so that the taps need no edge checks.

import { loadLanes, multiplyAdd, storeLanes } from './lanes';

/** Number of pixels that are computed at once. */
export const TILE: i32 = 4;

/** Bytes per entry of a table of lines: the address of a line, and of the taps that belong to it. */
export const ENTRY: i32 = 8;

@inline
export function setEntry(table: usize, index: i32, line: usize, taps: usize): void {
  i32.store(table + index * ENTRY, <i32>line);
  i32.store(table + index * ENTRY, <i32>taps, 4);
}

/**
 * Computes `columns` pixels, rounded up to a multiple of 4. Pixel i of the result, at `out` + i `outStep`, is the sum over all lines of the
 * table and `taps` taps of the pixel at line + `start` + i `step` + t `lineStep` times the tap at taps + `first` + t `tapStep`.
 */
export function depthwiseLine(
  table: usize, lines: i32, taps: i32, start: usize, first: usize, step: usize, lineStep: usize, tapStep: usize, out: usize, outStep: usize,
  columns: i32, channels: i32,
): void {
  let channel = 0;
  for (; channel + 8 <= channels; channel += 8) {
    const at: usize = channel << 2;
    for (let x = 0; x < columns; x += TILE) {
      fourTimesEight(table, lines, taps, start + x * step + at, first + at, step, lineStep, tapStep, out + x * outStep + at, outStep);
    }
  }
  for (; channel < channels; channel += 4) {
    const at: usize = channel << 2;
    const lanes = min(4, channels - channel);
    for (let x = 0; x < columns; x += TILE) {
      for (let i = 0; i < TILE; i++) {
        onePixel(table, lines, taps, start + (x + i) * step + at, first + at, lineStep, tapStep, out + (x + i) * outStep + at, lanes);
      }
    }
  }
}

function fourTimesEight(
  table: usize, lines: i32, taps: i32, offset: usize, channel: usize, step: usize, lineStep: usize, tapStep: usize, out: usize, outStep: usize,
): void {
  let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
  for (let i = 0; i < lines; i++) {
    let a = <usize>i32.load(table) + offset;
    let tap = <usize>i32.load(table, 4) + channel;
    for (let t = 0; t < taps; t++) {
      const w0 = v128.load(tap);
      const w1 = v128.load(tap, 16);
      c00 = multiplyAdd(c00, v128.load(a), w0);
      c01 = multiplyAdd(c01, v128.load(a, 16), w1);
      let at = a + step;
      c10 = multiplyAdd(c10, v128.load(at), w0);
      c11 = multiplyAdd(c11, v128.load(at, 16), w1);
      at += step;
      c20 = multiplyAdd(c20, v128.load(at), w0);
      c21 = multiplyAdd(c21, v128.load(at, 16), w1);
      at += step;
      c30 = multiplyAdd(c30, v128.load(at), w0);
      c31 = multiplyAdd(c31, v128.load(at, 16), w1);
      a += lineStep;
      tap += tapStep;
    }
    table += ENTRY;
  }
  v128.store(out, c00);
  v128.store(out, c01, 16);
  out += outStep;
  v128.store(out, c10);
  v128.store(out, c11, 16);
  out += outStep;
  v128.store(out, c20);
  v128.store(out, c21, 16);
  out += outStep;
  v128.store(out, c30);
  v128.store(out, c31, 16);
}

function onePixel(
  table: usize, lines: i32, taps: i32, offset: usize, channel: usize, lineStep: usize, tapStep: usize, out: usize, lanes: i32,
): void {
  let sum = f32x4.splat(0);
  for (let i = 0; i < lines; i++) {
    let at = <usize>i32.load(table) + offset;
    let tap = <usize>i32.load(table, 4) + channel;
    for (let t = 0; t < taps; t++) {
      sum = multiplyAdd(sum, loadLanes(at, lanes), loadLanes(tap, lanes));
      at += lineStep;
      tap += tapStep;
    }
    table += ENTRY;
  }
  storeLanes(out, sum, lanes);
}
