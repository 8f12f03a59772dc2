// Proposes the known name that is closest to an unknown one.

/**
 * Returns `Did you mean 'bilinear'?` for a misspelled name, or an empty string when no known name is close or several are equally close.
 * Case, spaces, hyphens and underscores do not count.
 *
 * @param quoted - Formats the proposed name. @defaultValue single quotes around it
 */
export function didYouMean(name: unknown, known: readonly unknown[], quoted = (proposed: string): string => `'${proposed}'`): string {
  if (typeof name !== 'string' || name.length > 60) return '';
  const distances = known
    .filter((each) => typeof each === 'string')
    .map((each) => ({ each, distance: editDistance(plain(name), plain(each)) }))
    .sort((a, b) => a.distance - b.distance);
  const [first, second] = distances;
  if (first === undefined || first.distance === second?.distance) return '';
  // One difference per four characters. Short names that differ by one character, such as 'cpu' and 'gpu', mean different things.
  const allowed = Math.min(2, Math.floor(Math.max(name.length, first.each.length) / 4));
  return first.distance <= allowed ? `Did you mean ${quoted(first.each)}?` : '';
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[\s_-]/g, '');
}

/** The number of characters to insert, delete or replace, and of neighbors to swap, that turn one text into the other. */
function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (last[j - 1] as number) + (from[i - 1] === to[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      row.push(
        Math.min((last[j] as number) + 1, (row[j - 1] as number) + 1, replaced, swapped ? (beforeLast[j - 2] as number) + 1 : Infinity),
      );
    }
    [beforeLast, last] = [last, row];
  }
  return last[to.length] as number;
}
