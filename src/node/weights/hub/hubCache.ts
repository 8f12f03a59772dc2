// The cache folder of the Hugging Face hub, with the layout of Python's `huggingface_hub`, so that each finds what the other has
// downloaded:
//
//   models--owner--name/
//     refs/main                       the commit of a branch or tag
//     blobs/<etag>                    the files; the ETag of large files is their SHA-256
//     snapshots/<commit>/<file>       links to the blobs
//     .no_exist/<commit>/<file>       empty, for a file that the repository does not have

import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, readFile, readlink, rename, rm, stat, symlink } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { replaceFile } from '../../files/internal.js';
import { digestOf } from '../download.js';

/** A commit of Git. */
export const COMMIT = /^[0-9a-f]{40}$/;
const SHA256 = /^[0-9a-f]{64}$/;

/** The folder of a repository. */
export function repositoryFolder(cacheFolder: string, repository: string): string {
  return join(cacheFolder, ['models', ...repository.split('/')].join('--'));
}

/** The path of the blob with an ETag. */
export function blobPath(folder: string, etag: string): string {
  return join(folder, 'blobs', etag);
}

/** Returns the commit that a revision had when it was last downloaded. For a commit, this is the commit itself. */
export async function cachedCommit(folder: string, revision: string): Promise<string | undefined> {
  if (COMMIT.test(revision)) return revision;
  const commit = (await readFile(refPath(folder, revision), 'utf8').catch(() => '')).trim();
  return COMMIT.test(commit) ? commit : undefined;
}

/** Records the commit of a revision, by which the files are found without a connection. */
export async function recordCommit(folder: string, revision: string, commit: string): Promise<void> {
  if ((await cachedCommit(folder, revision)) === commit) return;
  // A cache that cannot be written still has the files.
  await replaceFile(refPath(folder, revision), commit).catch(() => undefined);
}

function refPath(folder: string, revision: string): string {
  return join(folder, 'refs', ...revision.split('/'));
}

/** The state of a file in the cache. `damaged` is the path of one that does not have its digest. */
export type CachedFile = { readonly path: string } | { readonly damaged: string } | 'missing' | 'unknown';

/** Looks for a file of a commit. A large file is checked against its digest. */
export async function cachedFile(folder: string, commit: string, file: string): Promise<CachedFile> {
  const path = snapshotPath(folder, commit, file);
  if (!(await exists(path))) return (await exists(missingPath(folder, commit, file))) ? 'missing' : 'unknown';
  // One step only: the blob may be a link itself, to a file with another kind of name.
  const etag = basename(await readlink(path).catch(() => ''));
  return (await isIntact(path, etag)) ? { path } : { damaged: blobPath(folder, etag) };
}

/** Returns whether a blob is in the cache and has its digest. The ETag of a small file is no digest, so it is not checked. */
export async function hasBlob(folder: string, etag: string): Promise<boolean> {
  const path = blobPath(folder, etag);
  return (await exists(path)) && isIntact(path, etag);
}

async function isIntact(path: string, etag: string): Promise<boolean> {
  return !SHA256.test(etag) || (await digestOf(path, 'sha256')) === etag;
}

/** The digest that an ETag states. */
export function digestFrom(etag: string): { algorithm: 'sha256'; hex: string } | null {
  return SHA256.test(etag) ? { algorithm: 'sha256', hex: etag } : null;
}

/** Records that a commit does not have a file. */
export async function recordMissing(folder: string, commit: string, file: string): Promise<void> {
  await replaceFile(missingPath(folder, commit, file), '').catch(() => undefined);
}

/**
 * Gives a blob its name in the snapshot of a commit, and returns the path.
 *
 * @param symlinks - Whether to link. Without links, as on Windows without the right to make them, a new blob is moved, and another one is
 *   copied.
 */
export async function linkBlob(
  folder: string,
  place: { readonly commit: string; readonly file: string; readonly etag: string },
  { symlinks, isNew }: { readonly symlinks: boolean; readonly isNew: boolean },
): Promise<string> {
  const path = snapshotPath(folder, place.commit, place.file);
  const blob = blobPath(folder, place.etag);
  await mkdir(dirname(path), { recursive: true });
  const temporary = join(dirname(path), `.${randomBytes(8).toString('hex')}.tmp`);
  try {
    if (!symlinks || !(await canLink(relative(dirname(path), blob), temporary))) {
      if (isNew) await rename(blob, temporary);
      else await copyFile(blob, temporary);
    }
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
  return path;
}

async function canLink(target: string, path: string): Promise<boolean> {
  try {
    await symlink(target, path, 'file');
    return true;
  } catch (cause) {
    if (['EPERM', 'EACCES', 'ENOSYS', 'ENOTSUP', 'EINVAL', 'UNKNOWN'].includes(String((cause as NodeJS.ErrnoException).code))) return false;
    throw cause;
  }
}

function snapshotPath(folder: string, commit: string, file: string): string {
  return join(folder, 'snapshots', commit, ...file.split('/'));
}

function missingPath(folder: string, commit: string, file: string): string {
  return join(folder, '.no_exist', commit, ...file.split('/'));
}

/** Whether there is something at a path. A link that leads nowhere does not count. */
async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
