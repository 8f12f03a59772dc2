import { didYouMean, invalid, list } from '../../core/internal.js';

/**
 * Returns the index of a class that an option gives by name or index.
 *
 * @param classes - Number of classes.
 * @param classNames - Names of the classes, if they are known.
 * @throws {OptionError} when there is no such class, or several classes have this name.
 */
export function targetIndex(
  where: string,
  option: string,
  target: string | number,
  classes: number,
  classNames: readonly string[] | undefined,
): number {
  const indices = typeof target === 'number' ? [target] : (classNames ?? []).flatMap((name, i) => (name === target ? [i] : []));
  const [index = -1] = indices;
  if (!Number.isInteger(index) || index < 0 || index >= classes) {
    const names = classNames === undefined ? '' : classNames.length <= 12 ? `one of ${list(classNames)} or ` : 'a class name or ';
    throw invalid(where, option, `${names}an index below ${classes}`, target, didYouMean(target, classNames ?? []));
  }
  if (indices.length > 1) {
    const remedy = `Several classes have this name: pass one of the indices ${indices.join(', ')}.`;
    throw invalid(where, option, 'the name of a single class', target, remedy);
  }
  return index;
}
