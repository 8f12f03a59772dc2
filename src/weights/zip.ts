// Reads zip archives. Uncompressed entries, which weight files use, are returned as views of the archive. Names, sizes, offsets and
// checksums are checked, because archives may come from untrusted sources.

import { inflateSync } from 'fflate';
import { show } from '../core/internal.js';
import { WeightsError } from '../core/index.js';

/** An open archive. */
export interface ZipArchive {
  readonly names: readonly string[];
  /** Returns the bytes of an entry after checking its checksum: a view of the archive if the entry is uncompressed, otherwise a copy. */
  read(name: string): Uint8Array;
}

interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly checksum: number;
  readonly size: number;
  readonly packedSize: number;
  /** Offset of its local header. */
  readonly offset: number;
}

const STORED = 0;
const DEFLATED = 8;
/** Maximum compression ratio of DEFLATE. */
const DEFLATE_LIMIT = 1032;
/**
 * Weights hardly compress, so an archive that unpacks to more than this many bytes, and to more than a hundred times its size, is a zip
 * bomb.
 */
const HARMLESS_BYTES = 2 ** 27;

/**
 * Opens a zip archive.
 *
 * @param where - The public function to name in errors.
 * @throws {WeightsError} when the archive is damaged, encrypted, a zip bomb, contains paths outside itself, or contains a name twice.
 */
export function openZip(where: string, bytes: Uint8Array): ZipArchive {
  const broken = (what: string, cause?: unknown): WeightsError =>
    new WeightsError(`${where}: ${what}. The file is truncated, damaged or not what it seems.`, cause === undefined ? {} : { cause });
  const entries = guard(
    () => readDirectory(bytes),
    (cause) => broken('the archive has no readable directory', cause),
  );
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  if (byName.size < entries.length)
    throw broken(`two entries are named ${show(entries.find((entry) => byName.get(entry.name) !== entry)?.name)}`);
  for (const { name } of entries) {
    if (/^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.([/\\]|$)/.test(name)) throw broken(`the archive names a file outside itself: ${show(name)}`);
  }
  const total = entries.reduce((sum, { size }) => sum + size, 0);
  const lies = entries.find(({ method, size, packedSize }) =>
    method === STORED ? size !== packedSize : size > packedSize * DEFLATE_LIMIT + 64,
  );
  if (lies !== undefined || (total > HARMLESS_BYTES && total > 100 * bytes.length)) {
    throw broken(`${bytes.length} bytes claim to unpack to ${total}`);
  }

  const checked = new Set<string>();
  return {
    names: [...byName.keys()],
    read(name) {
      const entry = byName.get(name);
      if (entry === undefined) throw broken(`the archive lacks ${show(name)}`);
      const unpacked = guard(
        () => unpack(bytes, entry),
        (cause) => broken(`${show(name)} cannot be unpacked`, cause),
      );
      if (!checked.has(name) && crc32(unpacked) !== entry.checksum) throw broken(`${show(name)} does not have its checksum`);
      checked.add(name);
      return unpacked;
    },
  };
}

function unpack(bytes: Uint8Array, { offset, packedSize, size, method }: ZipEntry): Uint8Array {
  const view = viewOf(bytes);
  expect(view.getUint32(offset, true) === 0x04034b50, 'local header');
  const start = offset + 30 + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
  expect(start + packedSize <= bytes.length, 'place');
  const packed = bytes.subarray(start, start + packedSize);
  if (method === STORED) return packed;
  expect(method === DEFLATED, 'method');
  // The output buffer has the declared size, so a longer stream is cut off and fails its checksum.
  return inflateSync(packed, { out: new Uint8Array(size) });
}

// See APPNOTE.TXT 4.3.12-4.3.16.
function readDirectory(bytes: Uint8Array): ZipEntry[] {
  const view = viewOf(bytes);
  const { count, start } = findDirectory(view);
  const entries: ZipEntry[] = [];
  let at = start;
  for (let i = 0; i < count; i++) {
    expect(view.getUint32(at, true) === 0x02014b50, 'directory entry');
    expect((view.getUint16(at + 8, true) & 1) === 0, 'unencrypted');
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) => view.getUint16(at + field, true)) as [
      number,
      number,
      number,
    ];
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    const wide = wideFields(view, at + 46 + nameLength, extraLength);
    // The order of the 64-bit fields is fixed. A field is present only if its 32-bit field has the maximum value.
    const size = number(view.getUint32(at + 24, true), wide);
    const packedSize = number(view.getUint32(at + 20, true), wide);
    const offset = number(view.getUint32(at + 42, true), wide);
    if (!name.endsWith('/'))
      entries.push({ name, method: view.getUint16(at + 10, true), checksum: view.getUint32(at + 16, true), size, packedSize, offset });
    at += 46 + nameLength + extraLength + commentLength;
  }
  return entries;
}

function findDirectory(view: DataView): { count: number; start: number } {
  for (let at = view.byteLength - 22; at >= Math.max(0, view.byteLength - 22 - 0xffff); at--) {
    if (view.getUint32(at, true) !== 0x06054b50) continue;
    const count = view.getUint16(at + 10, true);
    const start = view.getUint32(at + 16, true);
    if (count !== 0xffff && start !== 0xffff_ffff) return { count, start };
    expect(view.getUint32(at - 20, true) === 0x07064b50, 'zip64 locator');
    const record = Number(view.getBigUint64(at - 12, true));
    expect(view.getUint32(record, true) === 0x06064b50, 'zip64 record');
    return { count: Number(view.getBigUint64(record + 32, true)), start: Number(view.getBigUint64(record + 48, true)) };
  }
  throw new RangeError('no end of directory');
}

function wideFields(view: DataView, start: number, length: number): bigint[] {
  const fields: bigint[] = [];
  for (let at = start; at + 4 <= start + length; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== 1) continue;
    for (let field = at + 4; field + 8 <= at + 4 + view.getUint16(at + 2, true); field += 8) fields.push(view.getBigUint64(field, true));
  }
  return fields;
}

function number(narrow: number, wide: bigint[]): number {
  if (narrow !== 0xffff_ffff) return narrow;
  const value = Number(wide.shift());
  expect(Number.isSafeInteger(value), 'size');
  return value;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function expect(condition: boolean, what: string): void {
  if (!condition) throw new RangeError(`no ${what}`);
}

function guard<T>(action: () => T, wrap: (cause: unknown) => WeightsError): T {
  try {
    return action();
  } catch (cause) {
    throw cause instanceof WeightsError ? cause : wrap(cause);
  }
}

let crcTable: Uint32Array | undefined;

function crc32(bytes: Uint8Array): number {
  crcTable ??= Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    return crc;
  });
  let crc = -1;
  for (const byte of bytes) crc = (crc >>> 8) ^ (crcTable[(crc ^ byte) & 0xff] as number);
  return ~crc >>> 0;
}
