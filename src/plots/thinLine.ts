// Reduces a line with any number of points to the few that draw the same pixels.

/** A point of a line; `null` is a gap. */
export interface LinePoint {
  readonly x: number;
  readonly y: number | null;
}

/**
 * Keeps the first, lowest, highest and last point in each of `buckets` equal intervals of the x axis, so that peaks and jumps stay
 * visible. Gaps are kept.
 *
 * @param points - Points with increasing x between `from` and `to`.
 * @see Jugel et al., M4: A Visualization-Oriented Time Series Data Aggregation, VLDB 7 (2014)
 */
export function thinLine(points: Iterable<LinePoint>, [from, to]: readonly [from: number, to: number], buckets: number): LinePoint[] {
  const kept: LinePoint[] = [];
  let bucket = -1;
  let extremes: { first: LinePoint; lowest: LinePoint; highest: LinePoint; last: LinePoint } | undefined;
  const flush = (): void => {
    if (extremes === undefined) return;
    const { first, lowest, highest, last } = extremes;
    kept.push(...[...new Set([first, lowest, highest, last])].sort((a, b) => a.x - b.x));
    extremes = undefined;
  };
  for (const point of points) {
    const { x, y } = point;
    if (y === null) {
      flush();
      if (kept.at(-1)?.y !== null) kept.push(point);
      continue;
    }
    const own = Math.min(buckets - 1, Math.floor(((x - from) / Math.max(to - from, Number.MIN_VALUE)) * buckets));
    if (own !== bucket) flush();
    bucket = own;
    if (extremes === undefined) {
      extremes = { first: point, lowest: point, highest: point, last: point };
      continue;
    }
    extremes.last = point;
    if (y < (extremes.lowest.y ?? 0)) extremes.lowest = point;
    if (y > (extremes.highest.y ?? 0)) extremes.highest = point;
  }
  flush();
  return kept;
}
