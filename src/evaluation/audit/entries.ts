// What an audit keeps of each image: everything but its pixels.

import type { AuditImage } from './audit.js';
import type { ImageMeasures } from './measureImage.js';

/** An image of an audit. */
export interface AuditEntry {
  readonly image: Pick<AuditImage, 'origin' | 'label' | 'part'>;
  readonly labelIndex: number;
  /** `undefined` for images that cannot be decoded. */
  readonly measures: ImageMeasures | undefined;
  readonly error: string | undefined;
  readonly digest: string | undefined;
  readonly colorMode: 'rgb' | 'gray' | 'cmyk' | undefined;
  readonly orientation: number;
}

/** A decoded image and its features. */
export interface FeatureEntry extends AuditEntry {
  readonly measures: ImageMeasures;
  readonly features: Float32Array;
}
