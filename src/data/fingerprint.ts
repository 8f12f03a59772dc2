// What a list of items amounts to, in a few bytes: by it a resumed run notices that its data are not those it began with.

import { deriveSeed } from '../core/internal.js';

/** The items a dataset is made from: how many, and a digest of their origins, labels and order. */
export interface DataFingerprint {
  readonly items: number;
  readonly digest: string;
}

/** Long arrays, such as pixels, are digested by this many of their numbers. */
const SAMPLES = 64;

/**
 * Fingerprints items: by origin (or path) and label where they have them, else by their texts and numbers.
 *
 * @returns 64 bits in hexadecimal digits; equal items in another order have another digest.
 */
export function fingerprintOf(items: readonly unknown[]): DataFingerprint {
  return { items: items.length, digest: digestOf(items.map((item) => describe(item))) };
}

/** The fingerprint of datasets read one after another or side by side; `undefined` where one of them has none. */
export function joinedFingerprint(parts: readonly (DataFingerprint | undefined)[]): DataFingerprint | undefined {
  const known = parts.filter((part) => part !== undefined);
  const [first] = known;
  if (known.length < parts.length || first === undefined) return undefined;
  // Whatever is done to a dataset, it is made from the same items.
  if (known.length === 1) return first;
  return { items: known.reduce((sum, { items }) => sum + items, 0), digest: digestOf(known.map(({ digest }) => digest)) };
}

/** The fingerprint of a part of the items: `take 20`. */
export function partFingerprint(whole: DataFingerprint | undefined, part: string, size: number): DataFingerprint | undefined {
  return whole === undefined ? undefined : { items: Number.isFinite(size) ? size : whole.items, digest: digestOf([whole.digest, part]) };
}

function digestOf(texts: readonly string[]): string {
  let [high, low] = [1, 2];
  for (const text of texts) [high, low] = [deriveSeed(high, text), deriveSeed(low, text)];
  return [high, low].map((half) => half.toString(16).padStart(8, '0')).join('');
}

function describe(value: unknown): string {
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    const numbers = value as unknown as ArrayLike<number>;
    const step = Math.max(1, numbers.length / SAMPLES);
    return `${numbers.length}:${Array.from({ length: Math.min(SAMPLES, numbers.length) }, (_, i) => numbers[Math.floor(i * step)]).join()}`;
  }
  if (Array.isArray(value)) return `[${value.map(describe).join()}]`;
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return '';
  if (typeof value !== 'object' || value === null) return String(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  // A tensor or another object of a class tells its shape at most.
  if (prototype !== Object.prototype && prototype !== null) return describe((value as { shape?: unknown }).shape ?? null);
  const fields = Object.entries(value);
  // A file is the same wherever its folder was moved, if it says where it comes from.
  const hasOrigin = typeof (value as { origin?: unknown }).origin === 'string';
  return `{${fields
    .filter(([key]) => !(hasOrigin && (key === 'path' || key === 'pixels')))
    .map(([key, field]) => `${key}:${describe(field)}`)
    .join()}}`;
}
