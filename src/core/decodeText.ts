// Text from bytes, strictly: two names that differ in a byte that cannot be decoded must not become one.

import { DataError } from './errors.js';

/** What the text is, for the error. */
export interface DecodeTextOptions {
  /** The function the user called. */
  readonly where: string;
  /** The file or record the bytes come from. */
  readonly origin: string;
  /** A label of `TextDecoder`. @defaultValue 'utf-8' */
  readonly encoding?: string | undefined;
  /** What to do when the bytes are of another encoding. */
  readonly remedy: string;
}

// Node 20 decodes windows-1252, and latin1, which the standard makes the same, as ISO 8859-1: these are the characters from 0x80 to 0x9F.
const WINDOWS_1252 =
  '\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d\u017d\u008f\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u009d\u017e\u0178';

const MARKS: readonly (readonly [encoding: string, mark: readonly number[]])[] = [
  ['utf-32', [0xff, 0xfe, 0, 0]],
  ['utf-32', [0, 0, 0xfe, 0xff]],
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
];

/** Tells whether `TextDecoder` knows the encoding. */
export function isEncoding(label: unknown): boolean {
  try {
    return typeof label === 'string' && new TextDecoder(label, { fatal: true }).encoding !== '';
  } catch {
    return false;
  }
}

/**
 * Decodes text and leaves out a byte-order mark.
 *
 * @throws {DataError} when a byte-order mark or a byte says that the text is of another encoding; the message names the place.
 */
export function decodeText(bytes: Uint8Array, { where, origin, encoding: label = 'utf-8', remedy }: DecodeTextOptions): string {
  const { encoding } = new TextDecoder(label);
  const fail = (received: string, cause?: unknown): DataError =>
    new DataError(`${where}: expected ${encoding} text in '${origin}', received ${received}. ${remedy}`, { origin, cause });
  const mark = MARKS.find(([, start]) => start.every((byte, i) => bytes[i] === byte));
  if (mark !== undefined && mark[0] !== encoding) throw fail(`the byte-order mark of ${mark[0]}`);
  try {
    const text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
    return encoding === 'windows-1252' ? text.replaceAll(/[\x80-\x9f]/g, (c) => WINDOWS_1252.charAt(c.charCodeAt(0) - 0x80)) : text;
  } catch (cause) {
    throw fail(badPlace(bytes, encoding), cause);
  }
}

/** Where the first bytes lie that cannot be decoded. */
function badPlace(bytes: Uint8Array, encoding: string): string {
  const text = new TextDecoder(encoding, { ignoreBOM: true }).decode(bytes);
  let offset = 0;
  let from = 0;
  let at = text.indexOf('\ufffd');
  for (; at >= 0; at = text.indexOf('\ufffd', from)) {
    offset += new TextEncoder().encode(text.slice(from, at)).length;
    // The replacement character may also be in the text itself.
    if (encoding !== 'utf-8' || !(bytes[offset] === 0xef && bytes[offset + 1] === 0xbf && bytes[offset + 2] === 0xbd)) break;
    offset += 3;
    from = at + 1;
  }
  const lines = text.slice(0, at).split(/\r\n|\r|\n/);
  const line = `line ${lines.length}, after '${(lines.at(-1) as string).slice(-20)}'`;
  if (encoding !== 'utf-8') return `bytes that are not ${encoding} in ${line}`;
  return `the byte 0x${(bytes[offset] ?? 0).toString(16).toUpperCase().padStart(2, '0')} at offset ${offset} (${line})`;
}
