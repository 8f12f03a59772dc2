// Recognizes the names that other libraries give to the variants.

import { VARIANTS } from './variants.js';

/** Proposes the variant for names such as `B0`, `efficientnet-b0`, `EfficientNetV2S` and `tf_efficientnetv2_b0`. Returns '' for others. */
export function variantHint(name: unknown): string {
  if (typeof name !== 'string') return '';
  const bare = plain(name.replace(/^(?:tf[-_])?efficient[-_]?net/i, ''));
  const meant = Object.keys(VARIANTS).find((variant) => plain(variant) === bare);
  return meant === undefined ? '' : `Did you mean '${meant}'?`;
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z\d]/g, '');
}
