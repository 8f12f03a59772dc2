// Why the system refused a file or folder, in plain words: Node's own messages begin with a code and end with a system call.

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

/** Why a file operation failed; the error's own message where it is not an error of the system. */
export function systemReason(error: unknown): string {
  const { code = '', message = String(error), path = '' } = error as Partial<NodeJS.ErrnoException>;
  // Joined paths have lost a slash.
  if (code === 'ENOENT' && /^https?:\//i.test(path)) return 'it is a web address, not a path. Download it first';
  return REASONS[code] ?? message;
}
