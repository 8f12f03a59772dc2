// The two matrix products in the gradients of a convolution, on row-major float32 matrices, in tiles of 4 x 8 accumulators.

import { loadLanes, multiplyAdd, storeLanes } from './lanes';

/** Number of rows per block, so that a block stays in the cache while all tiles of the product are computed. */
const BLOCK: i32 = 128;

/** Returns the number of scratch floats that `addTransposedProduct` needs. */
export function transposedProductScratch(): i32 {
  return BLOCK * 12;
}

/**
 * out [m, n] += a [rows, m] transposed, times b [rows, n].
 * The scratch memory contains a panel of each operand for tiles that extend over an edge.
 */
export function addTransposedProduct(a: usize, b: usize, out: usize, rows: i32, m: i32, n: i32, scratch: usize): void {
  const panelA = scratch;
  const panelB = scratch + (BLOCK << 4);
  for (let start = 0; start < rows; start += BLOCK) {
    const count = min(BLOCK, rows - start);
    const blockA = a + ((start * m) << 2);
    const blockB = b + ((start * n) << 2);
    for (let j = 0; j < n; j += 8) {
      const width = min(8, n - j);
      let tileB = blockB + (j << 2);
      let strideB = n << 2;
      // All tiles of a use the same panel of b, so it is copied to contiguous memory.
      packPanel(tileB, strideB, panelB, count, width, 8);
      tileB = panelB;
      strideB = 32;
      for (let i = 0; i < m; i += 4) {
        const height = min(4, m - i);
        let tileA = blockA + (i << 2);
        let strideA = m << 2;
        if (height < 4) {
          packPanel(tileA, strideA, panelA, count, height, 4);
          tileA = panelA;
          strideA = 16;
        }
        tileOfColumns(tileA, strideA, tileB, strideB, count, out + ((i * n + j) << 2), n << 2, height, width);
      }
    }
  }
}

/** Copies `width` of `size` columns to contiguous memory and fills the rest with zeros. */
function packPanel(from: usize, stride: usize, to: usize, rows: i32, width: i32, size: i32): void {
  if (width == size && size == 8) {
    for (let row = 0; row < rows; row++) {
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 16), 16);
      from += stride;
      to += 32;
    }
    return;
  }
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < size; column++) {
      f32.store(to + (column << 2), column < width ? f32.load(from + (column << 2)) : 0);
    }
    from += stride;
    to += size << 2;
  }
}

/** out tile [4, 8] += columns of a times columns of b, both read row by row. */
function tileOfColumns(a: usize, strideA: usize, b: usize, strideB: usize, rows: i32, out: usize, strideOut: usize, height: i32, width: i32): void {
  let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
  for (let row = 0; row < rows; row++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let value = v128.load32_splat(a);
    c00 = multiplyAdd(c00, value, b0);
    c01 = multiplyAdd(c01, value, b1);
    value = v128.load32_splat(a, 4);
    c10 = multiplyAdd(c10, value, b0);
    c11 = multiplyAdd(c11, value, b1);
    value = v128.load32_splat(a, 8);
    c20 = multiplyAdd(c20, value, b0);
    c21 = multiplyAdd(c21, value, b1);
    value = v128.load32_splat(a, 12);
    c30 = multiplyAdd(c30, value, b0);
    c31 = multiplyAdd(c31, value, b1);
    a += strideA;
    b += strideB;
  }
  addRow(out, c00, c01, width);
  if (height > 1) addRow(out + strideOut, c10, c11, width);
  if (height > 2) addRow(out + 2 * strideOut, c20, c21, width);
  if (height > 3) addRow(out + 3 * strideOut, c30, c31, width);
}

@inline
function addRow(out: usize, left: v128, right: v128, width: i32): void {
  if (width == 8) {
    v128.store(out, f32x4.add(v128.load(out), left));
    v128.store(out, f32x4.add(v128.load(out, 16), right), 16);
    return;
  }
  const lanes = min(4, width);
  storeLanes(out, f32x4.add(loadLanes(out, lanes), left), lanes);
  if (width > 4) storeLanes(out + 16, f32x4.add(loadLanes(out + 16, width - 4), right), width - 4);
}

@inline
function setRow(out: usize, left: v128, right: v128, width: i32): void {
  if (width == 8) {
    v128.store(out, left);
    v128.store(out, right, 16);
    return;
  }
  storeLanes(out, left, min(4, width));
  if (width > 4) storeLanes(out + 16, right, width - 4);
}

/** Returns the number of floats in the packed form of an [m, n] matrix. */
@inline
export function packedSize(m: i32, n: i32): i32 {
  return ((m + 7) & ~7) * n;
}

/** Packs w [m, n], transposed, into panels of eight columns: [ceil(m / 8), n, 8]. The last panel is padded with zeros. */
export function packTransposed(w: usize, m: i32, n: i32, panels: usize): void {
  for (let start = 0; start < m; start += 8) {
    const width = min(8, m - start);
    const panel = panels + ((start * n) << 2);
    for (let lane = 0; lane < 8; lane++) {
      const row = w + (((start + lane) * n) << 2);
      const to = panel + (lane << 2);
      if (lane < width) {
        for (let k = 0; k < n; k++) f32.store(to + (k << 5), f32.load(row + (k << 2)));
      } else {
        for (let k = 0; k < n; k++) f32.store(to + (k << 5), 0);
      }
    }
  }
}

/** out [rows, m] = a [rows, n] times the packed transpose of w [m, n]. */
export function productWithPacked(a: usize, panels: usize, out: usize, rows: i32, m: i32, n: i32): void {
  const strideA: usize = n << 2;
  const strideOut: usize = m << 2;
  for (let start = 0; start < rows; start += BLOCK) {
    const end = min(rows, start + BLOCK);
    for (let column = 0; column < m; column += 8) {
      const panel = panels + ((column * n) << 2);
      const width = min(8, m - column);
      let row = start;
      for (; row + 4 <= end; row += 4) {
        tileOfRows(a + ((row * n) << 2), strideA, panel, n, out + ((row * m + column) << 2), strideOut, width);
      }
      for (; row < end; row++) {
        singleRow(a + ((row * n) << 2), panel, n, out + ((row * m + column) << 2), width);
      }
    }
  }
}

function tileOfRows(a: usize, stride: usize, panel: usize, n: i32, out: usize, strideOut: usize, width: i32): void {
  let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
  let a0 = a, a1 = a + stride, a2 = a1 + stride, a3 = a2 + stride;
  for (let k = 0; k < n; k++) {
    const b0 = v128.load(panel);
    const b1 = v128.load(panel, 16);
    let value = v128.load32_splat(a0);
    c00 = multiplyAdd(c00, value, b0);
    c01 = multiplyAdd(c01, value, b1);
    value = v128.load32_splat(a1);
    c10 = multiplyAdd(c10, value, b0);
    c11 = multiplyAdd(c11, value, b1);
    value = v128.load32_splat(a2);
    c20 = multiplyAdd(c20, value, b0);
    c21 = multiplyAdd(c21, value, b1);
    value = v128.load32_splat(a3);
    c30 = multiplyAdd(c30, value, b0);
    c31 = multiplyAdd(c31, value, b1);
    panel += 32;
    a0 += 4;
    a1 += 4;
    a2 += 4;
    a3 += 4;
  }
  setRow(out, c00, c01, width);
  setRow(out + strideOut, c10, c11, width);
  setRow(out + 2 * strideOut, c20, c21, width);
  setRow(out + 3 * strideOut, c30, c31, width);
}

function singleRow(a: usize, panel: usize, n: i32, out: usize, width: i32): void {
  let c0 = f32x4.splat(0), c1 = c0;
  for (let k = 0; k < n; k++) {
    const value = v128.load32_splat(a);
    c0 = multiplyAdd(c0, value, v128.load(panel));
    c1 = multiplyAdd(c1, value, v128.load(panel, 16));
    panel += 32;
    a += 4;
  }
  setRow(out, c0, c1, width);
}
