// Reads every image once: measures it, computes its features and forgets its pixels.

import { OptionError } from '../../core/index.js';
import { show } from '../../core/internal.js';
import type { IndexableImage } from '../predict/index.js';
import { classOf, inputPreprocessing, openFeatureReader } from '../predict/internal.js';
import type { AuditableImage, AuditDatasetOptions } from './audit.js';
import type { AuditEntry, FeatureEntry } from './entries.js';
import { measureImage } from './measureImage.js';
import { checkPixels } from '../../image/internal.js';

/** Reads images in their order. */
export async function readEntries(
  where: string,
  images: AsyncIterable<AuditableImage> | Iterable<AuditableImage>,
  { features, runtime, preprocessing, classNames, batchSize = 32, onProgress, signal }: AuditDatasetOptions,
): Promise<(AuditEntry | FeatureEntry)[]> {
  const record = inputPreprocessing(where, features, preprocessing);
  const reader = await openFeatureReader(where, features, record, runtime);
  const entries: AuditEntry[] = [];
  const { size } = images as { readonly size?: unknown };

  async function* decoded(): AsyncGenerator<IndexableImage> {
    for await (const item of images as AsyncIterable<unknown>) {
      const image = checkItem(where, item);
      const labelIndex = classNames.indexOf(classOf(where, image as IndexableImage, classNames));
      const { pixels, origin, part = 'train', error, digest, orientation = 1 } = image;
      if (pixels !== undefined) checkPixels(where, pixels);
      const measures = pixels === undefined ? undefined : measureImage(pixels);
      const colorMode = image.colorMode === 'cmyk' ? 'cmyk' : measures?.isGray === true ? 'gray' : (image.colorMode ?? 'rgb');
      const kept = { image: { origin, label: classNames[labelIndex] as string, part }, labelIndex, measures, digest, orientation };
      entries.push({ ...kept, error, colorMode: measures === undefined ? undefined : colorMode });
      if (pixels !== undefined) yield { pixels, label: labelIndex, origin };
    }
  }

  try {
    // The reader reports progress out of `size`, the number of all images.
    const source = Object.assign(decoded(), { size });
    const rows = await reader.read(where, source, { batchSize, check: () => undefined, store: undefined, onProgress, signal });
    let next = 0;
    return entries.map((entry) =>
      entry.measures === undefined
        ? entry
        : { ...entry, measures: entry.measures, features: (rows[next++] as (typeof rows)[number]).features },
    );
  } finally {
    await reader.dispose();
  }
}

function checkItem(where: string, item: unknown): AuditableImage {
  const { pixels, origin } = (item ?? {}) as Partial<AuditableImage>;
  const isImage = typeof item === 'object' && item !== null && 'label' in item && (pixels === undefined || typeof pixels === 'object');
  if (isImage && typeof origin === 'string') return item as AuditableImage;
  throw new OptionError(
    `${where}: expected images { pixels, label, origin } for \`images\`, received ${show(item)}. Pass the images themselves, not batches of them.`,
  );
}
