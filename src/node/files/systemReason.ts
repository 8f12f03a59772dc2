// Errors of the file system in plain words. Node's own messages begin with a code and end with the name of a system call.

import { DataError } from '../../core/index.js';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EISDIR: 'it is a folder, not a file',
  EEXIST: 'there is a file of that name already, or on the way to it',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'it is a link that leads nowhere',
  EBUSY: 'it is in use',
  EMFILE: 'too many files are open',
};

/** Says why a file operation failed. For an error that does not come from the system, this is its own message. */
export function systemReason(error: unknown): string {
  const { code = '', message = String(error), path = '' } = error as Partial<NodeJS.ErrnoException>;
  // Joined paths have lost a slash.
  if (code === 'ENOENT' && /^https?:\//i.test(path)) return 'it is a web address, not a path. Download it first';
  return REASONS[code] ?? message;
}

/**
 * Makes a handler for `catch` that says that a file or folder cannot be written, and why.
 *
 * @param where - The function that the user called.
 * @param remedy - A sentence to add.
 */
export function unwritable(where: string, kind: 'file' | 'folder', place: string, remedy?: string): (cause: unknown) => never {
  return (cause) => {
    const reason = systemReason(cause).replace(/\.$/, '');
    throw new DataError(
      `${where}: expected a ${kind} that can be written, received '${place}': ${reason}.${remedy === undefined ? '' : ` ${remedy}`}`,
      { cause, origin: place },
    );
  };
}
