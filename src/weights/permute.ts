// Reordering axes between frameworks' orientations, on plain arrays.

import { elementCount } from './namedArrays.js';

/** Reorders the axes of row-major values; axis `i` of the result is axis `axes[i]` of the input. Always a copy. */
export function permute(values: Float32Array, shape: readonly number[], axes: readonly number[]): Float32Array {
  if (axes.every((axis, i) => axis === i)) return values.slice();
  const strides = shape.map((_, i) => elementCount(shape.slice(i + 1)));
  // Axes of length 1 move nothing, axes that stay neighbours are one: what is left are at most three, the last one innermost.
  const merged: { length: number; stride: number }[] = [];
  for (const axis of axes) {
    const [length, stride] = [shape[axis] as number, strides[axis] as number];
    const outer = merged.at(-1);
    if (length === 1) continue;
    if (outer?.stride === stride * length) merged[merged.length - 1] = { length: outer.length * length, stride };
    else merged.push({ length, stride });
  }
  const result = new Float32Array(values.length);
  fillStrided(values, result, merged, 0, 0);
  return result;
}

function fillStrided(
  from: Float32Array, to: Float32Array, axes: readonly { length: number; stride: number }[], source: number, target: number,
): void {
  const [outer, ...inner] = axes;
  if (outer === undefined) {
    to[target] = from[source] as number;
    return;
  }
  if (inner.length === 0) {
    for (let i = 0, at = source; i < outer.length; i++, at += outer.stride) to[target + i] = from[at] as number;
    return;
  }
  const step = inner.reduce((product, { length }) => product * length, 1);
  for (let i = 0; i < outer.length; i++) fillStrided(from, to, inner, source + i * outer.stride, target + i * step);
}
