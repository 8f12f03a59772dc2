// Recognizes the kind of a file by its first bytes, because file extensions can be wrong and errors should name what was found.

/* eslint-disable no-control-regex -- File signatures contain control characters. */

import path from 'node:path';
import type { SharpModule } from './loadSharp.js';

/** A kind of file. */
export interface FileKind {
  readonly name: string;
  /** Why sharp's prebuilt binaries cannot decode it, and what to do. Absent for the formats that they decode. */
  readonly reason?: string | undefined;
  /** True when no decoder is tried, because such files contain no pixels. */
  readonly refused?: true | undefined;
}

const known = (name: string): FileKind => ({ name });
const undecodable = (name: string, remedy: string): FileKind => ({ name, reason: `it is ${name}, which cannot be decoded. ${remedy}` });
const noImage = (name: string, remedy: string): FileKind => ({ name, reason: `it is ${name}. ${remedy}`, refused: true });

const HEIC: FileKind = {
  name: 'HEIC (HEVC)',
  reason:
    'HEIC (HEVC) needs a sharp built with libheif and HEVC, which `npm install sharp` does not bring. Convert it to JPEG, for example with heif-convert, or with sips on macOS',
};
const AVIF = known('AVIF');
const NEEDS_AV1 = 'AVIF needs a sharp built with libheif and AV1, as `npm install sharp` brings it';
const TIFF = known('TIFF');
const RAW = undecodable('a raw camera file', 'Convert it to JPEG or PNG, for example with RawTherapee or dcraw');
const VIDEO = noImage('a video', 'Extract images from it first, for example with ffmpeg');

/** Extensions of raw camera files that start like a TIFF and whose first image is a thumbnail. */
const RAW_ENDINGS = new Set([
  '.3fr',
  '.arw',
  '.cr2',
  '.dcr',
  '.dng',
  '.erf',
  '.iiq',
  '.kdc',
  '.mef',
  '.mos',
  '.nef',
  '.nrw',
  '.pef',
  '.rwl',
  '.sr2',
  '.srf',
  '.srw',
]);

/** Kinds by the first bytes of a file, read as Latin-1. The first match counts. */
const BEGINNINGS: readonly (readonly [beginning: RegExp, kind: FileKind])[] = [
  [/^\xff\xd8\xff/, known('JPEG')],
  [/^\x89PNG\r\n\x1a\n/, known('PNG')],
  [/^GIF8[79]a/, known('GIF')],
  [/^RIFF[^]{4}WEBP/, known('WebP')],
  [/^BM/, known('BMP')],
  [/^P[1-6][\s#]/, known('PNM')],
  // Canon's raw files have a TIFF header followed by Canon's own signature.
  [/^II\*\0[^]{4}CR|^(IIRO|IIRS|IIU\0|FUJIFILMCCD-RAW|FOVb|\0MRM)|^[^]{4}ftypcrx /, RAW],
  [/^(II\*\0|MM\0\*|II\+\0|MM\0\+)/, TIFF],
  [/^[^]{4}ftypavi[fs]/, AVIF],
  [/^[^]{4}ftyp(hei[cxms]|hev[cxms])/, HEIC],
  // This brand only says that the file contains images. The brands after it name the format.
  [/^[^]{4}ftypm[is]f1[^]{0,60}avi[fs]/, AVIF],
  [/^[^]{4}ftypm[is]f1/, HEIC],
  [/^[^]{4}ftyp/, VIDEO],
  [/^\xff\x0a|^\0\0\0\x0cJXL \r\n\x87\n/, undecodable('a JPEG XL file', 'Convert it to JPEG or PNG, for example with djxl')],
  [/^\0\0\0\x0cjP {2}\r\n\x87\n|^\xff\x4f\xff\x51/, undecodable('a JPEG 2000 file', 'Convert it to PNG, for example with opj_decompress')],
  [/^8BPS/, undecodable('a Photoshop file', 'Export it as JPEG or PNG')],
  [/^gimp xcf/, undecodable('a GIMP file', 'Export it as JPEG or PNG')],
  [/^\0\0[\x01\x02]\0[^\0]\0/, undecodable('an icon', 'Convert it to PNG')],
  [/^DDS /, undecodable('a DDS texture', 'Convert it to PNG')],
  [/^v\/1\x01/, undecodable('an OpenEXR file', 'Convert it to PNG')],
  [/^[^]{128}DICM/, undecodable('a DICOM file', 'Convert it to PNG, for example with dcmj2pnm')],
  [/^SIMPLE {2}=/, undecodable('a FITS file', 'Convert it to PNG')],
  [/^(\x1a\x45\xdf\xa3|RIFF[^]{4}AVI |\0\0\x01[\xb3\xba]|FLV\x01)/, VIDEO],
  [/^%PDF-/, noImage('a PDF document', 'Extract its images or draw its pages first, for example with pdfimages or pdftoppm')],
  [/^%!PS/, noImage('a PostScript document', 'Draw it with a tool of your trust first')],
  [/^PK(\x03\x04|\x05\x06)/, noImage('a zip archive', 'Unpack it first')],
  [/^(\x1f\x8b|7z\xbc\xaf|Rar!|BZh)/, noImage('a compressed file', 'Unpack it first')],
  [/^version https:\/\/git-lfs/, noImage('a Git LFS pointer', 'Fetch the file itself with `git lfs pull`')],
  [/^(\xef\xbb\xbf)?\s*(<!doctype html|<html|<head|<body)/i, noImage('an HTML page', 'A download probably failed. Fetch the file again')],
  [
    /^(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?<Error>/,
    noImage('the error message of a server', 'A download probably failed. Fetch the file again'),
  ],
  [
    /^(\xef\xbb\xbf|\xff\xfe|\xfe\xff)?[\s\0]*</,
    noImage('SVG or other markup, a drawing without pixels', 'Draw it with a tool of your trust first'),
  ],
  [/^(\xef\xbb\xbf)?\s*[{[]\s*["{[\]}]/, noImage('JSON', 'A download probably failed. Fetch the file again')],
];

/** The number of bytes that {@link fileKind} looks at. */
export const KIND_BYTES = 256;

/**
 * Recognizes the kind of a file by its first bytes. `undefined` for an unknown kind.
 *
 * @param name - The name or path of the file, if it has one. Its extension tells raw camera files from TIFF.
 */
export function fileKind(bytes: Uint8Array, name = ''): FileKind | undefined {
  const beginning = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, KIND_BYTES)).toString('latin1');
  const kind = BEGINNINGS.find(([pattern]) => pattern.test(beginning))?.[1];
  return kind === TIFF && RAW_ENDINGS.has(path.extname(name).toLowerCase()) ? RAW : kind;
}

/** Extensions of the HEIF formats that the installed sharp decodes: .avif with the prebuilt binaries, more in custom builds. */
export function heifEndings(sharp: SharpModule): readonly string[] {
  return sharp.format.heif.input.fileSuffix ?? [];
}

/**
 * Says why files of this kind cannot be decoded and what to do, because sharp's own messages say neither. `undefined` for kinds that can be
 * decoded.
 *
 * @param sharp - `undefined` when it is not installed.
 */
export function cannotDecode(kind: FileKind | undefined, sharp: SharpModule | undefined): string | undefined {
  const endings = sharp === undefined ? ['.avif'] : heifEndings(sharp);
  if (kind === AVIF && !endings.includes('.avif')) return NEEDS_AV1;
  return kind === HEIC && endings.includes('.heic') ? undefined : kind?.reason;
}
