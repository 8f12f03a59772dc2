// A server with one public repository, as web pages see the Hugging Face hub: every origin may read it.

import { createHash } from 'node:crypto';
import type { RequestListener } from 'node:http';

/**
 * Answers with the list of files of a revision, and with the files of its commit.
 *
 * @param revisions - The commits of the revisions.
 * @param digests - The published SHA-256 of large files. By default, those of safetensors files.
 */
export function hubListener(
  repository: string,
  revisions: Readonly<Record<string, string>>,
  files: ReadonlyMap<string, Uint8Array>,
  digests?: ReadonlyMap<string, string>,
): RequestListener {
  const digestOf = (file: string): string => createHash('sha256').update(files.get(file)!).digest('hex');
  const published =
    digests ?? new Map([...files.keys()].filter((file) => file.endsWith('.safetensors')).map((file) => [file, digestOf(file)]));
  return (request, response) => {
    response.setHeader('access-control-allow-origin', '*');
    const { pathname } = new URL(request.url ?? '', 'http://hub');
    const revision = pathname.split(`/api/models/${repository}/revision/`)[1] ?? '';
    const sha = revisions[revision];
    const [, commit = '', file = ''] = /^\/([\w-]+\/[\w.-]+\/resolve\/\w+)\/(.+)$/.exec(pathname) ?? [];
    const content = files.get(file);
    if (sha !== undefined) {
      const siblings = [...files.keys()].map((name) => ({
        rfilename: name,
        ...(published.has(name) ? { lfs: { sha256: published.get(name) } } : {}),
      }));
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ sha, siblings }));
    } else if (content !== undefined && Object.values(revisions).some((id) => commit === `${repository}/resolve/${id}`)) {
      response.setHeader('content-length', content.length).end(content);
    } else {
      // The hub answers 401 for repositories that do not exist, and 404 for revisions.
      response.writeHead(pathname.includes(repository) ? 404 : 401).end();
    }
  };
}
