// A short digest of a list of items. A resumed training run compares it to find out whether its data has changed.

import { deriveSeed } from '../core/internal.js';

/** Identifies the items that a dataset is made from: their number, and a digest of their origins, labels and order. */
export interface DataFingerprint {
  readonly items: number;
  readonly digest: string;
}

/** Of long arrays, such as pixels, this many numbers are digested. */
const SAMPLES = 64;

/**
 * Computes the fingerprint of items from their origin or path and their label, or from all strings and numbers in them.
 *
 * @returns A digest of 64 bits in hexadecimal digits. It depends on the order of the items.
 */
export function fingerprintOf(items: readonly unknown[]): DataFingerprint {
  return { items: items.length, digest: digestOf(items.map((item) => describe(item))) };
}

/** Returns the fingerprint of several datasets that are read together, `undefined` if one of them has none. */
export function joinedFingerprint(parts: readonly (DataFingerprint | undefined)[]): DataFingerprint | undefined {
  const known = parts.filter((part) => part !== undefined);
  const [first] = known;
  if (known.length < parts.length || first === undefined) return undefined;
  // A step on a single dataset does not change the items that it is made from.
  if (known.length === 1) return first;
  return { items: known.reduce((sum, { items }) => sum + items, 0), digest: digestOf(known.map(({ digest }) => digest)) };
}

/** Returns the fingerprint of a part of the items, such as `take 20`. */
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
  if (value instanceof Blob) return describeBlob(value);
  // Tensors and other instances of classes are identified by their shape only.
  if (prototype !== Object.prototype && prototype !== null) return describe((value as { shape?: unknown }).shape ?? null);
  const fields = Object.entries(value);
  // An item with an origin is the same one after its folder was moved.
  const hasOrigin = typeof (value as { origin?: unknown }).origin === 'string';
  return `{${fields
    .filter(([key]) => !(hasOrigin && (key === 'path' || key === 'pixels')))
    .map(([key, field]) => `${key}:${describe(field)}`)
    .join()}}`;
}

/** Describes a file that a web page was given, or other bytes in memory, without reading them. */
function describeBlob(blob: Blob): string {
  const { name = '', lastModified = 0 } = blob as Partial<File>;
  return `file:${JSON.stringify(name)}:${blob.size}:${lastModified}`;
}

/** Identifies the file that an item is read from, without reading it. */
export interface ItemIdentity {
  /** Describes the item, its label included. Different items have different texts. */
  readonly text: string;
  /** The path of the file. `undefined` if `text` changes whenever the file does. */
  readonly path: string | undefined;
}

/** Returns the identity of an item that names a file, or `undefined` for an item that contains its data. */
export function identityOf(item: unknown): ItemIdentity | undefined {
  if (item instanceof File) return { text: describe(item), path: undefined };
  if (typeof item !== 'object' || item === null) return undefined;
  const { path } = item as { readonly path?: unknown };
  if (typeof path === 'string') return { text: describe(item), path };
  return Object.values(item).some((field) => field instanceof File) ? { text: describe(item), path: undefined } : undefined;
}
