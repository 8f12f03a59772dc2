// Reads the class of a labeled image.

import { list, show } from '../../core/internal.js';
import { DataError } from '../../core/index.js';
import type { IndexableImage } from './indexFeatures.js';

/**
 * Returns the name of the class of an image, whose label is a class index or a one-hot vector.
 *
 * @throws {DataError} when the label is missing, is another vector, or is not one of the classes.
 */
export function classOf(where: string, { label, origin }: IndexableImage, classNames: readonly string[]): string {
  const isOneHot =
    label instanceof Float32Array && label.length === classNames.length && label.every((value) => value === 0 || value === 1);
  const index = isOneHot && label.indexOf(1) === label.lastIndexOf(1) ? label.indexOf(1) : label;
  const name = typeof index === 'number' ? classNames[index] : undefined;
  if (name !== undefined) return name;
  throw new DataError(
    `${where}: expected the index or the one-hot vector of one of the classes ${list(classNames.slice(0, 5))}` +
      `${classNames.length > 5 ? ', ...' : ''} as \`label\`${origin === undefined ? '' : ` for '${origin}'`}, received ${show(label)}.`,
    { origin },
  );
}
