// The shapes that labels may have, checked alike by training and evaluation.

import { ShapeError } from '../core/index.js';
import { showShape } from '../core/internal.js';

/** Options of {@link checkLabelShape}. */
export interface LabelShapeOptions {
  /** Whether labels may be class indices. @defaultValue true */
  readonly allowsIndices?: boolean | undefined;
  /** The step and epoch that errors name, for example ` at step 3 of epoch 0`. @defaultValue '' */
  readonly place?: string | undefined;
  /** What to do about vectors of another width. */
  readonly remedy: string;
}

/**
 * Checks that labels are class indices `[batch]` or `[batch, 1]`, or vectors `[batch, width]`. Without this check, vectors of another width
 * would be read as indices.
 *
 * @param width - Number of outputs of the model, or of classes.
 * @throws {ShapeError} when labels have another shape.
 */
export function checkLabelShape(
  where: string,
  option: string,
  shape: readonly number[],
  width: number,
  { allowsIndices = true, place = '', remedy }: LabelShapeOptions,
): void {
  const isIndices = shape.length === 1 || (shape.length === 2 && shape[1] === 1);
  if ((isIndices && allowsIndices) || (shape.length === 2 && shape[1] === width)) return;
  throw new ShapeError(
    `${where}: expected labels ${allowsIndices ? '[batch] or ' : ''}[batch, ${width}] for \`${option}\`, received ${showShape(shape)}${place}. ` +
      (isIndices ? 'Pass vectors of 0 and 1, one number per output.' : remedy),
  );
}
