// Reorders the axes of plain arrays.

import { elementCount } from './namedArrays.js';

/**
 * Reorders the axes of row-major values. Axis `i` of the result is axis `axes[i]` of the input.
 *
 * @param scratch - Buffer for the result, at least as long as `values`. The result is then a view of it, or `values` itself if the order
 *   does not change.
 * @defaultValue none: the result is always a copy
 */
export function permute(values: Float32Array, shape: readonly number[], axes: readonly number[], scratch?: Float32Array): Float32Array {
  if (axes.every((axis, i) => axis === i)) return scratch === undefined ? values.slice() : values;
  const strides = shape.map((_, i) => elementCount(shape.slice(i + 1)));
  // Axes of length 1 are dropped and axes that stay adjacent are merged. At most three axes remain, and the last is the innermost.
  const merged: { length: number; stride: number }[] = [];
  for (const axis of axes) {
    const [length, stride] = [shape[axis] as number, strides[axis] as number];
    const outer = merged.at(-1);
    if (length === 1) continue;
    if (outer?.stride === stride * length) merged[merged.length - 1] = { length: outer.length * length, stride };
    else merged.push({ length, stride });
  }
  const result = scratch?.subarray(0, values.length) ?? new Float32Array(values.length);
  fillStrided(values, result, merged, 0, 0);
  return result;
}

function fillStrided(
  from: Float32Array,
  to: Float32Array,
  axes: readonly { length: number; stride: number }[],
  source: number,
  target: number,
): void {
  const [outer, ...inner] = axes;
  if (outer === undefined) {
    to[target] = from[source] as number;
    return;
  }
  const [middle] = inner;
  if (middle === undefined) {
    fillPlane(from, to, { length: 1, stride: 0 }, outer, source, target);
    return;
  }
  if (inner.length === 1) {
    fillPlane(from, to, outer, middle, source, target);
    return;
  }
  const step = inner.reduce((product, { length }) => product * length, 1);
  for (let i = 0; i < outer.length; i++) fillStrided(from, to, inner, source + i * outer.stride, target + i * step);
}

const TILE = 32;

// Reading a column causes a cache miss at every step, so a few rows are read together.
function fillPlane(
  from: Float32Array,
  to: Float32Array,
  rows: { length: number; stride: number },
  columns: { length: number; stride: number },
  source: number,
  target: number,
): void {
  for (let top = 0; top < rows.length; top += TILE) {
    const bottom = Math.min(top + TILE, rows.length);
    for (let left = 0; left < columns.length; left += TILE) {
      const right = Math.min(left + TILE, columns.length);
      for (let row = top; row < bottom; row++) {
        let at = source + row * rows.stride + left * columns.stride;
        const start = target + row * columns.length;
        for (let column = left; column < right; column++, at += columns.stride) to[start + column] = from[at] as number;
      }
    }
  }
}
