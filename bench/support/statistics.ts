// The statistics that every benchmark reports.

/** Returns the value below which `share` of the values lie, or NaN without values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.round((sorted.length - 1) * share)] ?? NaN;
}

/** Returns the middle value, or NaN without values. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Divides two series measured in turns, pair by pair: both runs of a pair met the same noise. Pairs without a number are left out. */
export function pairRatios(values: readonly number[], references: readonly number[]): number[] {
  return values.map((value, i) => value / (references[i] ?? NaN)).filter(Number.isFinite);
}

/** Rounds to so many decimals. */
export function round(value: number, decimals = 2): number {
  return Math.round(value * 10 ** decimals) / 10 ** decimals;
}
