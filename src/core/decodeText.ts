// Decodes text and rejects invalid bytes. Replacing them could make two different names equal.

import { DataError } from './errors.js';

/** Options of {@link decodeText}. Most of them are used in the error message. */
export interface DecodeTextOptions {
  /** The function the user called. */
  readonly where: string;
  /** The file or record the bytes come from. */
  readonly origin: string;
  /** An encoding label, as `TextDecoder` accepts it. @defaultValue 'utf-8' */
  readonly encoding?: string | undefined;
  /** What the user should do when the text has another encoding. */
  readonly remedy: string;
}

// The characters of windows-1252 from 0x80 to 0x9F. Node 20 decodes windows-1252 (and latin1, which is the same encoding in the standard)
// as ISO 8859-1, so these have to be replaced.
const WINDOWS_1252 =
  '\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d\u017d\u008f\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u009d\u017e\u0178';

const MARKS: readonly (readonly [encoding: string, mark: readonly number[]])[] = [
  ['utf-32', [0xff, 0xfe, 0, 0]],
  ['utf-32', [0, 0, 0xfe, 0xff]],
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
];

/** Returns whether `TextDecoder` supports an encoding. */
export function isEncoding(label: unknown): boolean {
  try {
    return typeof label === 'string' && new TextDecoder(label, { fatal: true }).encoding !== '';
  } catch {
    return false;
  }
}

/**
 * Decodes text and removes the byte-order mark.
 *
 * @throws {DataError} when the byte-order mark or a byte does not fit the encoding. The message includes its position.
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

/** Describes the position of the first byte that cannot be decoded. */
function badPlace(bytes: Uint8Array, encoding: string): string {
  const text = new TextDecoder(encoding, { ignoreBOM: true }).decode(bytes);
  let offset = 0;
  let from = 0;
  let at = text.indexOf('\ufffd');
  for (; at >= 0; at = text.indexOf('\ufffd', from)) {
    offset += new TextEncoder().encode(text.slice(from, at)).length;
    // The text itself may contain the replacement character.
    if (encoding !== 'utf-8' || !(bytes[offset] === 0xef && bytes[offset + 1] === 0xbf && bytes[offset + 2] === 0xbd)) break;
    offset += 3;
    from = at + 1;
  }
  const lines = text.slice(0, at).split(/\r\n|\r|\n/);
  const line = `line ${lines.length}, after '${(lines.at(-1) as string).slice(-20)}'`;
  if (encoding !== 'utf-8') return `bytes that are not ${encoding} in ${line}`;
  return `the byte 0x${(bytes[offset] ?? 0).toString(16).toUpperCase().padStart(2, '0')} at offset ${offset} (${line})`;
}
