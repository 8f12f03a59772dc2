// Findings about single images: light, sharpness, size, colors, orientation and files that cannot be decoded.
//
// `npm run bench:audit` prints how many of the clothing photos the limits report, and how many of those that were damaged on purpose.

import type { AuditCheck, AuditFinding, AuditImage } from './audit.js';
import type { AuditEntry } from './entries.js';

/** Limits of {@link ImageMeasures}: sharpness, highlights and shadows beyond these are reported. */
export const LIMITS = { blurred: 0.12, dark: 80, overexposed: 200 };
/** Shorter sides below this fraction of the input size count as tiny. */
const TINY = 0.5;
/** Sides with a larger ratio are odd. */
const ASPECT_RATIO = 3;

interface Rule {
  readonly kind: AuditCheck;
  readonly severity: AuditFinding['severity'];
  /** The score of an image that is reported; `undefined` for others. The lower, the worse. */
  readonly scoreOf: (entry: AuditEntry, inputSize: number) => number | undefined;
  readonly detailOf?: (entry: AuditEntry) => string | undefined;
  readonly advice: (count: string) => string;
}

const RULES: readonly Rule[] = [
  {
    kind: 'broken',
    severity: 'high',
    scoreOf: ({ measures }) => (measures === undefined ? 0 : undefined),
    detailOf: ({ error }) => error,
    advice: (count) => `${count} cannot be decoded. Replace or remove the files: training stops at them unless it may skip them.`,
  },
  {
    kind: 'blurred',
    severity: 'low',
    scoreOf: ({ measures }) => (measures !== undefined && measures.sharpness < LIMITS.blurred ? measures.sharpness : undefined),
    advice: (count) => `${count} look blurred or have no details. Keep them only if you expect such images later, too.`,
  },
  {
    kind: 'dark',
    severity: 'low',
    scoreOf: ({ measures }) => (measures !== undefined && measures.highlights < LIMITS.dark ? measures.highlights : undefined),
    advice: (count) => `${count} are very dark. Brighten or remove them, unless you expect such images later, too.`,
  },
  {
    kind: 'overexposed',
    severity: 'low',
    scoreOf: ({ measures }) => (measures !== undefined && measures.shadows > LIMITS.overexposed ? 255 - measures.shadows : undefined),
    advice: (count) => `${count} are very bright everywhere. Replace or remove them if their subject cannot be recognized.`,
  },
  {
    kind: 'tiny',
    severity: 'medium',
    scoreOf: ({ measures }, inputSize) => {
      const shorter = measures === undefined ? Infinity : Math.min(measures.width, measures.height);
      return shorter < TINY * inputSize ? shorter : undefined;
    },
    detailOf: ({ measures }) => sizeOf(measures),
    advice: (count) => `${count} are less than half as large as the network's input. Replace them with larger originals.`,
  },
  {
    kind: 'aspect-ratio',
    severity: 'low',
    scoreOf: ({ measures }) => {
      if (measures === undefined) return undefined;
      const ratio = Math.max(measures.width, measures.height) / Math.min(measures.width, measures.height);
      return ratio > ASPECT_RATIO ? 1 / ratio : undefined;
    },
    detailOf: ({ measures }) => sizeOf(measures),
    advice: (count) => `${count} are more than three times as long as wide. Crop them to their subject.`,
  },
  {
    kind: 'orientation',
    severity: 'low',
    scoreOf: ({ orientation }) => (orientation > 1 ? orientation : undefined),
    detailOf: ({ orientation }) => `EXIF orientation ${orientation}`,
    advice: (count) =>
      `${count} are stored rotated, with an EXIF orientation. This library turns them upright; check that other programs do.`,
  },
];

function sizeOf(measures: AuditEntry['measures']): string | undefined {
  return measures === undefined ? undefined : `${measures.width} x ${measures.height} pixels`;
}

/** Returns one finding for each check of single images that reports any. */
export function imageFindings(entries: readonly AuditEntry[], inputSize: number): AuditFinding[] {
  const findings = RULES.map(({ kind, severity, scoreOf, detailOf, advice }) =>
    finding(kind, severity, advice, entries, (entry) => {
      const score = scoreOf(entry, inputSize);
      return score === undefined ? undefined : { score, detail: detailOf?.(entry) };
    }),
  );
  return [...findings, colorFinding(entries)].filter((each) => each !== undefined);
}

/** Reports the images in another color mode than most. */
function colorFinding(entries: readonly AuditEntry[]): AuditFinding | undefined {
  const counts = new Map<string, number>();
  for (const { colorMode } of entries) if (colorMode !== undefined) counts.set(colorMode, (counts.get(colorMode) ?? 0) + 1);
  const [usual] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? [];
  return finding(
    'color-mode',
    'low',
    (count) =>
      `${count} are not in the color mode of most (${NAMES[usual ?? 'rgb'] ?? ''}). Make sure that color does not give the class away.`,
    entries,
    ({ colorMode }) =>
      colorMode === undefined || colorMode === usual
        ? undefined
        : { score: (counts.get(colorMode) ?? 0) / entries.length, detail: NAMES[colorMode] },
  );
}

const NAMES: Readonly<Record<string, string>> = { rgb: 'color', gray: 'grayscale', cmyk: 'CMYK' };

function finding(
  kind: AuditCheck,
  severity: AuditFinding['severity'],
  advice: (count: string) => string,
  entries: readonly AuditEntry[],
  judge: (entry: AuditEntry) => Pick<AuditImage, 'score' | 'detail'> | undefined,
): AuditFinding | undefined {
  const images = entries.flatMap((entry): AuditImage[] => {
    const judged = judge(entry);
    return judged === undefined ? [] : [{ ...entry.image, ...judged, score: Number(judged.score.toPrecision(4)) }];
  });
  if (images.length === 0) return undefined;
  return { kind, severity, images: images.sort((a, b) => a.score - b.score), advice: advice(countOf(images.length)) };
}

/** `1 image` or `12 images`. The sentences after it suit both. */
export function countOf(images: number): string {
  return images === 1 ? '1 image' : `${images} images`;
}
