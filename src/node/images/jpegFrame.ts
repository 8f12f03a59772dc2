// The frame header of a JPEG: what is known about its pixels before any is decoded.

/** The size of a JPEG and how many values a pixel has. */
export interface JpegFrame {
  readonly width: number;
  readonly height: number;
  /** 1 for gray, 3 for color, 4 for CMYK. */
  readonly components: number;
}

/** Reads the frame header; nothing where the file is no JPEG or ends before it. */
export function jpegFrame(bytes: Uint8Array): JpegFrame | undefined {
  for (const { marker, start, end } of segments(bytes)) {
    if (isFrame(marker) && end - start >= 10)
      return { height: word(bytes, start + 5), width: word(bytes, start + 7), components: bytes[start + 9] as number };
  }
  return undefined;
}

/** Whether a JPEG has Adobe's mark, which says that CMYK is stored inverted. */
export function hasAdobeMark(bytes: Uint8Array): boolean {
  for (const { marker, start, end } of segments(bytes)) if (marker === 0xee && isColorMark(bytes, marker, start, end)) return true;
  return false;
}

/**
 * The same JPEG without what does not change its pixels: metadata, and bytes between the segments of its header. jpeg-turbo's package
 * refuses every file whose header deserves a warning, which libjpeg decodes nevertheless.
 */
export function plainJpeg(bytes: Uint8Array): Uint8Array {
  const kept: Uint8Array[] = [Uint8Array.of(0xff, 0xd8)];
  for (const { marker, start, end } of segments(bytes)) {
    if (marker === SOS) kept.push(bytes.subarray(start));
    else if (marker < 0xe0 || isColorMark(bytes, marker, start, end)) kept.push(bytes.subarray(start, end));
  }
  return Buffer.concat(kept);
}

const SOS = 0xda;

/** A part of the header, its marker included. */
interface Segment {
  readonly marker: number;
  readonly start: number;
  readonly end: number;
}

/** The segments before the compressed data, and the head of that. */
function* segments(bytes: Uint8Array): Generator<Segment> {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return;
  let start = 2;
  while (start + 4 <= bytes.length) {
    const marker = bytes[start + 1] as number;
    if (bytes[start] !== 0xff || marker === 0xff || marker === 0) {
      // libjpeg, too, skips bytes between segments.
      start++;
    } else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
      start += 2;
    } else {
      const end = start + 2 + word(bytes, start + 2);
      if (marker === 0xd9 || end > bytes.length) return;
      yield { marker, start, end };
      if (marker === SOS) return;
      start = end;
    }
  }
}

function word(bytes: Uint8Array, at: number): number {
  return 256 * (bytes[at] as number) + (bytes[at + 1] as number);
}

/** Huffman tables (C4), an extension (C8) and arithmetic conditioning (CC) lie between the frame markers. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/** The segments of JFIF and Adobe decide how colors are stored; libjpeg ignores them where they are too short. */
function isColorMark(bytes: Uint8Array, marker: number, start: number, end: number): boolean {
  const name = Buffer.from(bytes.subarray(start + 4, start + 9)).toString('latin1');
  return (marker === 0xe0 && name === 'JFIF\0' && end - start >= 16) || (marker === 0xee && name === 'Adobe' && end - start >= 16);
}
