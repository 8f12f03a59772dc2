// Keeps downloaded files in the Cache API of the browser, with their digests. Where the browser has no such storage, nothing is kept.

/** The name of the storage, for `caches.delete`. */
const STORAGE = 'effnet-ts';
/** The header that holds the SHA-256 of a kept file. */
const DIGEST_HEADER = 'x-sha256';

/** Returns the storage, or `undefined` in Node, on insecure pages, in sandboxed frames, and where the user forbids it. */
async function storage(): Promise<Cache | undefined> {
  try {
    // Reading `caches` throws in sandboxed frames.
    return await (globalThis as { caches?: CacheStorage }).caches?.open(STORAGE);
  } catch {
    return undefined;
  }
}

/** Returns the SHA-256 of a file in hexadecimal, or `undefined` where the page cannot compute it because it is insecure. */
export async function sha256Of(bytes: Uint8Array<ArrayBuffer>): Promise<string | undefined> {
  const digest = await (globalThis.crypto as { subtle?: SubtleCrypto } | undefined)?.subtle?.digest('SHA-256', bytes);
  return digest === undefined ? undefined : Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * Returns the file that was kept under a URL if its SHA-256 is still that of the download, and begins with the published digits. Any other
 * file is removed.
 */
export async function keptFile(url: string, published: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    const cache = await storage();
    const response = await cache?.match(url);
    if (response === undefined) return undefined;
    const bytes = new Uint8Array(await response.arrayBuffer());
    const sha256 = await sha256Of(bytes);
    if (sha256 === response.headers.get(DIGEST_HEADER) && sha256.startsWith(published)) return bytes;
    await cache?.delete(url);
  } catch {
    // The browser cannot read its storage, so the file is downloaded.
  }
  return undefined;
}

/** Keeps a file under a URL, if the browser has the storage and enough space, and the page can compute a digest. */
export async function keepFile(url: string, bytes: Uint8Array<ArrayBuffer>, sha256: string | undefined): Promise<void> {
  if (sha256 === undefined) return;
  try {
    const headers = { [DIGEST_HEADER]: sha256, 'content-type': 'application/octet-stream', 'content-length': String(bytes.byteLength) };
    await (await storage())?.put(url, new Response(bytes, { headers }));
  } catch {
    // There is no space. The file is downloaded again next time.
  }
}
