// Finds images that resemble no other image of the data.

import type { AuditFinding, AuditImage } from './audit.js';
import type { AuditEntry } from './entries.js';
import { countOf } from './imageFindings.js';

/** An outlier is this many robust standard deviations less close to its neighbors than the median image. */
const DEVIATIONS = 3;
/** With fewer images, an image without similar ones is no surprise. */
const LEAST_IMAGES = 30;

/** @param closeness - Mean similarity of each image to its most similar ones. */
export function outliers(entries: readonly AuditEntry[], closeness: Float32Array): AuditFinding | undefined {
  if (entries.length < LEAST_IMAGES) return undefined;
  const center = median(closeness);
  // The median of the absolute deviations is 0.6745 standard deviations of a normal distribution.
  const deviation = median(closeness.map((value) => Math.abs(value - center))) / 0.6745;
  const limit = center - DEVIATIONS * deviation;
  const images = entries.flatMap(({ image }, i): AuditImage[] =>
    (closeness[i] as number) < limit ? [{ ...image, score: Number((closeness[i] as number).toPrecision(4)) }] : [],
  );
  if (images.length === 0) return undefined;
  return {
    kind: 'outlier',
    severity: 'medium',
    images: images.sort((a, b) => a.score - b.score),
    advice: `${countOf(images.length)} resemble no other image. Remove those that do not belong here, and add more like those that do.`,
  };
}

function median(values: Float32Array): number {
  const sorted = values.toSorted();
  return sorted[Math.floor(sorted.length / 2)] as number;
}
