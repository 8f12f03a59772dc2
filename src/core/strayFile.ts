// Recognizes files whose content is not what the name says: empty files, HTML pages and Git LFS pointers.

type Stray = readonly [head: RegExp, what: string, remedy: string];

const STRAYS: readonly Stray[] = [
  [/^$/, 'an empty file', 'Copy or download it again.'],
  [/^(\xef\xbb\xbf|\ufeff)?\s*<(!doctype\s+html|html|!--)/i, 'a web page', 'Servers send one if the file is not at that URL.'],
  [
    /^version https:\/\/git-lfs\.github\.com\/spec\//,
    'a Git LFS pointer instead of the file itself',
    'Run `git lfs pull`, or download the file from its page.',
  ],
];

/**
 * Returns a description of the file and how to fix it if it is empty, an HTML page or a Git LFS pointer. Otherwise returns `undefined`.
 *
 * @param head - The first bytes of the file, decoded as Latin-1 or UTF-8.
 */
export function strayFile(head: string): readonly [what: string, remedy: string] | undefined {
  const [, what, remedy] = STRAYS.find(([pattern]) => pattern.test(head)) ?? [];
  return what === undefined || remedy === undefined ? undefined : [what, remedy];
}
