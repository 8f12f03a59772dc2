// Recognizes files that contain no TFRecords, so that error messages can say what they are.

/* eslint-disable no-control-regex -- File signatures contain control characters. */

import { strayFile } from '../../core/internal.js';

const IMAGES = 'Read images with `imageFolder` or `imageFiles` of effnet-ts/node.';
const UNPACK = 'Decompress it first.';

/** Kinds of files by their first bytes, read as Latin-1. */
const FILES: readonly (readonly [head: RegExp, what: string, remedy: string])[] = [
  [/^\xff\xd8\xff/, 'a JPEG image', IMAGES],
  [/^\x89PNG/, 'a PNG image', IMAGES],
  [/^GIF8[79]a/, 'a GIF image', IMAGES],
  [/^RIFF[^]{4}WEBP/, 'a WebP image', IMAGES],
  [/^\x1f\x8b/, 'a gzip file', UNPACK],
  [/^(BZh|\xfd7zXZ|\x28\xb5\x2f\xfd)/, 'a compressed file', UNPACK],
  [/^PK(\x03\x04|\x05\x06)/, 'a zip archive', 'Unpack it first.'],
  [/^\x89HDF/, 'an HDF5 file', ''],
  [/^(\xef\xbb\xbf)?\s*[{[]\s*["{[\]}]/, 'JSON', ''],
];

/** Number of bytes that {@link foreignRecords} looks at. */
export const HEAD_BYTES = 64;

/** Says what a file is and what to do with it, from its first bytes. `undefined` for an unknown kind. */
export function foreignRecords(bytes: Uint8Array): readonly [what: string, remedy: string] | undefined {
  const head = String.fromCharCode(...bytes.subarray(0, HEAD_BYTES));
  const [, what, remedy = ''] = FILES.find(([pattern]) => pattern.test(head)) ?? [];
  return what === undefined ? strayFile(head) : [what, remedy];
}
