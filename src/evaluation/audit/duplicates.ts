// Findings about images that occur several times: equal files, altered copies, and copies on both sides of the validation split.

import type { AuditFinding, AuditImage } from './audit.js';
import type { AuditEntry, FeatureEntry } from './entries.js';
import { countOf } from './imageFindings.js';
import { hashDistance } from './measureImage.js';
import type { SimilarPair } from './neighbors.js';

/**
 * Images are near duplicates if their features are similar, and the less so, the more they look the same to a difference hash: the least
 * similarity and the largest distance of the hashes. `npm run bench:audit` measures this on planted copies.
 */
const NEAR = [
  { similarity: 0.85, hashDistance: 0.35 },
  { similarity: 0.75, hashDistance: 0.2 },
  // Resized and recompressed photos. Features of small copies differ more than their hashes.
  { similarity: 0.4, hashDistance: 0.1 },
] as const;

/** Pairs of at least this similarity are candidates, and those whose hashes differ in at most this fraction of their bits. */
export const CANDIDATES = { similarity: NEAR[1].similarity, hashDistance: NEAR[2].hashDistance };

/** Returns whether a pair of images is a near duplicate. */
export function isNearDuplicate({ first, second, similarity }: SimilarPair, entries: readonly FeatureEntry[]): boolean {
  const [a, b] = [(entries[first] as FeatureEntry).measures.hash, (entries[second] as FeatureEntry).measures.hash];
  const distance = hashDistance(a, b);
  return NEAR.some((limit) => similarity >= limit.similarity && distance <= limit.hashDistance);
}

/** Returns the groups of files with equal digests, by position. */
export function equalFiles(entries: readonly AuditEntry[]): number[][] {
  const byDigest = new Map<string, number[]>();
  entries.forEach(({ digest }, i) => {
    if (digest === undefined) return;
    const known = byDigest.get(digest);
    if (known === undefined) byDigest.set(digest, [i]);
    else known.push(i);
  });
  return [...byDigest.values()].filter((group) => group.length > 1);
}

/** Joins pairs to groups: the smallest position of its group for every image. */
export function groupsOf(count: number, pairs: readonly Pick<SimilarPair, 'first' | 'second'>[]): number[] {
  const parents = Array.from({ length: count }, (_, i) => i);
  const root = (i: number): number => {
    let at: number = i;
    while (parents[at] !== at) {
      parents[at] = parents[parents[at] as number] as number;
      at = parents[at] as number;
    }
    return at;
  };
  for (const { first, second } of pairs) {
    const [a, b] = [root(first), root(second)];
    parents[Math.max(a, b)] = Math.min(a, b);
  }
  return parents.map((_, i) => root(i));
}

/** A group of copies: the images, and the similarity of each to its most similar copy. */
export interface CopyGroup {
  readonly entries: readonly AuditEntry[];
  readonly scores: readonly number[];
  readonly isExact: boolean;
}

/** Returns the findings about copies. A group that leaks is reported as leakage only. */
export function duplicateFindings(groups: readonly CopyGroup[]): AuditFinding[] {
  const leaking = groups.filter(({ entries }) => new Set(entries.map(({ image }) => image.part)).size > 1);
  const others = groups.filter((group) => !leaking.includes(group));
  const conflicting = (some: readonly CopyGroup[]): number =>
    some.filter(({ entries }) => new Set(entries.map(({ labelIndex }) => labelIndex)).size > 1).length;
  const exact = others.filter(({ isExact }) => isExact);
  const near = others.filter(({ isExact }) => !isExact);
  const clash = (some: readonly CopyGroup[]): string => {
    const count = conflicting(some);
    return count === 0 ? '' : ` ${count === 1 ? '1 group has' : `${count} groups have`} several labels: correct these first.`;
  };
  return [
    finding('leakage', 'high', leaking, (count) => {
      const advice = `${count} occur in training and in validation, so the validation accuracy is too high. Remove the copies from one of them.`;
      return advice + clash(leaking);
    }),
    finding(
      'exact-duplicate',
      conflicting(exact) > 0 ? 'high' : 'medium',
      exact,
      (count) => `${count} have the same content as another one. Keep one of each group.${clash(exact)}`,
    ),
    finding(
      'near-duplicate',
      conflicting(near) > 0 ? 'high' : 'low',
      near,
      (count) =>
        `${count} look almost like another one. Keep one of each group, or keep all of a group on one side of every split.${clash(near)}`,
    ),
  ].filter((each) => each !== undefined);
}

function finding(
  kind: AuditFinding['kind'],
  severity: AuditFinding['severity'],
  groups: readonly CopyGroup[],
  advice: (count: string) => string,
): AuditFinding | undefined {
  if (groups.length === 0) return undefined;
  const images = groups.flatMap(({ entries, scores }, group) =>
    entries.map(({ image }, i): AuditImage => ({ ...image, score: Number((scores[i] as number).toPrecision(4)), group })),
  );
  return { kind, severity, images, advice: advice(countOf(images.length)) };
}
