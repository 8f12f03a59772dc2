// Reads the header of a JPEG: its size and channels, without decoding it.

/** The size of a JPEG and its number of channels. */
export interface JpegFrame {
  readonly width: number;
  readonly height: number;
  /** 1 for gray, 3 for color, 4 for CMYK. */
  readonly components: number;
}

/** Reads the frame header. `undefined` when the file is not a JPEG or ends before the header. */
export function jpegFrame(bytes: Uint8Array): JpegFrame | undefined {
  for (const { marker, start, end } of segments(bytes)) {
    if (isFrame(marker) && end - start >= 10)
      return { height: word(bytes, start + 5), width: word(bytes, start + 7), components: bytes[start + 9] as number };
  }
  return undefined;
}

/** Whether a JPEG has Adobe's marker, which means that CMYK values are stored inverted. */
export function hasAdobeMark(bytes: Uint8Array): boolean {
  for (const { marker, start, end } of segments(bytes)) if (marker === 0xee && isColorMark(bytes, marker, start, end)) return true;
  return false;
}

/**
 * Removes what does not affect the pixels of a JPEG: metadata, and stray bytes between the segments of its header. The jpeg-turbo package
 * refuses files whose header causes a warning, whereas libjpeg decodes them.
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

/** A segment of the header, including its marker. */
interface Segment {
  readonly marker: number;
  readonly start: number;
  readonly end: number;
}

/** The segments before the compressed data, and the header of the compressed data. */
function* segments(bytes: Uint8Array): Generator<Segment> {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return;
  let start = 2;
  while (start + 4 <= bytes.length) {
    const marker = bytes[start + 1] as number;
    if (bytes[start] !== 0xff || marker === 0xff || marker === 0) {
      // libjpeg also skips bytes between segments.
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

/** Markers C0 to CF start a frame, except Huffman tables (C4), an extension (C8) and arithmetic conditioning (CC). */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/** The JFIF and Adobe segments define how colors are stored. libjpeg ignores them when they are too short. */
function isColorMark(bytes: Uint8Array, marker: number, start: number, end: number): boolean {
  const name = Buffer.from(bytes.subarray(start + 4, start + 9)).toString('latin1');
  return (marker === 0xe0 && name === 'JFIF\0' && end - start >= 16) || (marker === 0xee && name === 'Adobe' && end - start >= 16);
}
