// Stores the images of an index as named arrays, and reads them back.

import { allFinite } from '../../core/internal.js';
import { DataError } from '../../core/index.js';
import type { CompletePreprocessing } from '../../image/index.js';
import { weightArray, type NamedArrays } from '../../weights/index.js';

/** An image of an index with its features. */
export interface IndexEntry {
  readonly className: string;
  readonly origin: string | undefined;
  readonly features: Float32Array;
}

/** What is stored of an index. */
export interface StoredIndex {
  readonly entries: readonly IndexEntry[];
  readonly classNames: readonly string[];
  readonly preprocessing: CompletePreprocessing;
  /** Features of a fixed image, by which the backbone is recognized. */
  readonly probe: Float32Array;
}

/** Returns the arrays of an index: `features [images, width]`, `labels [images]`, `origins [bytes]` and `probe [width]`. */
export function indexArrays({ entries, classNames, preprocessing, probe }: StoredIndex): NamedArrays {
  const features = new Float32Array(entries.length * probe.length);
  entries.forEach((entry, i) => {
    features.set(entry.features, i * probe.length);
  });
  const labels = Float32Array.from(entries, ({ className }) => classNames.indexOf(className));
  // Files of arrays hold numbers only.
  const origins = Float32Array.from(new TextEncoder().encode(JSON.stringify(entries.map(({ origin }) => origin ?? null))));
  const arrays = new Map([
    ['features', weightArray([entries.length, probe.length], features)],
    ['labels', weightArray([entries.length], labels)],
    ['origins', weightArray([origins.length], origins)],
    ['probe', weightArray([probe.length], probe)],
  ]);
  return Object.assign(arrays, { classNames, preprocessing });
}

/**
 * Reads the arrays of an index.
 *
 * @throws {DataError} when an array is missing or does not match the others, or a value is not finite.
 */
export function readIndexArrays(where: string, arrays: NamedArrays): StoredIndex {
  const { classNames, preprocessing } = arrays;
  const [features, labels, origins, probe] = ['features', 'labels', 'origins', 'probe'].map((name) => arrays.get(name));
  if (!features || !labels || !origins || !probe || classNames === undefined || preprocessing === undefined) {
    throw damaged(where, 'the arrays that `index.arrays()` returns', [...arrays.keys()].slice(0, 4).join(', ') || 'none');
  }
  const [count = NaN, width] = features.shape;
  const [values, classes, bytes] = [features.values(), labels.values(), origins.values()];
  const names = originsOf(bytes);
  if (probe.shape[0] !== width || width === undefined || classes.length !== count || names?.length !== count) {
    throw damaged(where, `labels and origins for each of ${count} images`, `${classes.length} and ${names?.length ?? 'unreadable ones'}`);
  }
  if (!allFinite(values) || !allFinite(probe.values())) throw damaged(where, 'finite features', 'NaN or Infinity');
  const entries = Array.from(classes, (label, i) => {
    const className = classNames[label];
    if (className === undefined) throw damaged(where, `labels below ${classNames.length}, the number of class names`, String(label));
    return { className, origin: names[i] ?? undefined, features: values.slice(i * width, (i + 1) * width) };
  });
  return { entries, classNames, preprocessing, probe: probe.values() };
}

function originsOf(bytes: Float32Array): readonly (string | null)[] | undefined {
  try {
    const names: unknown = JSON.parse(new TextDecoder().decode(Uint8Array.from(bytes)));
    return Array.isArray(names) && names.every((name) => name === null || typeof name === 'string') ? names : undefined;
  } catch {
    return undefined;
  }
}

function damaged(where: string, expected: string, received: string): DataError {
  return new DataError(`${where}: expected ${expected} for \`saved\`, received ${received}. The file is damaged, or of another kind.`);
}
