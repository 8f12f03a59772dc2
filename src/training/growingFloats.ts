// Collects numbers in one array. Joining many arrays at the end would need the memory twice.

/** An array that grows. */
export interface GrowingFloats {
  add(values: Float32Array): void;
  /** Returns all numbers. The array is not copied. */
  all(): Float32Array;
}

/**
 * Creates an empty array.
 *
 * @param expected - Number of values for which memory is reserved. More are possible.
 */
export function growingFloats(expected: number): GrowingFloats {
  let values = new Float32Array(expected);
  let length = 0;
  return {
    add(more) {
      const end = length + more.length;
      if (end > values.length) {
        const larger = new Float32Array(Math.max(end, Math.ceil(1.5 * values.length)));
        larger.set(values.subarray(0, length));
        values = larger;
      }
      values.set(more, length);
      length = end;
    },
    all: () => values.subarray(0, length),
  };
}
