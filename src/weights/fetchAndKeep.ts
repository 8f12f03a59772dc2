// Downloads a file on a web page, verifies it, and keeps it in the browser.

import { WeightsError } from '../core/index.js';
import type { DownloadOptions } from './downloadOptions.js';
import { fetchFile } from './fetchFile.js';
import { keepFile, sha256Of } from './keptFiles.js';

/** A file to download. */
export interface FileToKeep {
  /** The address that it is downloaded from. */
  readonly url: string;
  /** The address that it is kept under: that of the publisher, also when a mirror has it. */
  readonly published: string;
  /** Its name in progress reports. */
  readonly name: string;
  /** The published SHA-256 or its first digits in hexadecimal, or '' if none is published. */
  readonly digest: string;
}

/**
 * Downloads a file, compares its published digest, and keeps it where the browser has the storage.
 *
 * @throws {NotServed} when the server cannot be reached, refuses, or sends a web page.
 * @throws {WeightsError} when the transfer breaks off, or the file does not have its digest. Nothing is kept then.
 */
export async function fetchAndKeep(
  where: string,
  { url, published, name, digest }: FileToKeep,
  options: DownloadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await fetchFile(where, url, name, options);
  const sha256 = await sha256Of(bytes);
  if (sha256 === undefined) {
    if (digest === '') return bytes;
    throw new WeightsError(
      `${where}: '${url}' cannot be verified, because this page is not secure. Serve the page by https or from localhost, or pass the file ` +
        `as \`weights\`.`,
    );
  }
  if (!sha256.startsWith(digest)) {
    throw new WeightsError(
      `${where}: expected a file whose sha256 begins with ${digest.slice(0, 16)}, received ${sha256.slice(0, 16)}... from '${url}'. ` +
        `Nothing of it was kept.`,
    );
  }
  await keepFile(published, bytes, sha256);
  return bytes;
}
