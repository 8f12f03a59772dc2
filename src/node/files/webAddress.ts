// Web addresses where a path is expected. Functions that take bytes say how to fetch them.

import { invalid } from '../../core/internal.js';

/** Whether a value is a web address, as text or as a URL. */
export function isWebAddress(value: unknown): value is string | URL {
  return /^https?:\/\//i.test(value instanceof URL ? value.href : typeof value === 'string' ? value : '');
}

/**
 * Refuses a web address where a path or bytes are expected.
 *
 * @throws {OptionError} which says how to fetch the bytes.
 */
export function refuseWebAddress(where: string, option: string, value: unknown): void {
  if (!isWebAddress(value)) return;
  const remedy = 'Fetch its bytes: `new Uint8Array(await (await fetch(url)).arrayBuffer())`.';
  throw invalid(where, option, 'a path or the bytes of a file, not a web address,', String(value), remedy);
}
