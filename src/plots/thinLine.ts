// A line of any number of points as the few that draw the same pixels.

/** A point of a line; `null` is a gap. */
export interface LinePoint {
  readonly x: number;
  readonly y: number | null;
}

/**
 * Keeps the first, the lowest, the highest and the last point of each of `buckets` equal parts of the x axis: peaks, corners and jumps stay
 * where they are. Gaps stay gaps.
 *
 * @param points - With rising x from `from` to `to`.
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
