// Names of repositories of the Hugging Face hub: `hf:owner/name`, or `hf:owner/name@revision`.

import { invalid } from '../../core/internal.js';

/** A repository of the hub at one of its revisions. */
export interface HubName {
  /** For example `google/efficientnet-b0`. */
  readonly repository: string;
  /** A branch, a tag or a commit. */
  readonly revision: string;
}

/** The owner and the name, as the hub restricts them. */
const REPOSITORY = /^[\w.-]{1,96}\/[\w.-]{1,96}$/;
const FORBIDDEN_REPOSITORY = /--|\.\.|(^|\/)[-.]|[-.](\/|$)|\.git$/;
/** What Git forbids in the name of a branch or tag. The cache has a file of this name. */
const FORBIDDEN_REVISION = /[\0-\x20~^:?*[\\\x7f]|\.\.|\/\/|@\{|(^|\/)\.|^[-/]|[/.]$|\.lock(\/|$)/;

/** Whether a name is meant for the hub. */
export function isHubName(name: unknown): name is string {
  return typeof name === 'string' && (/^hf:/i.test(name) || webAddress(name) !== undefined);
}

/**
 * Parses the name of a repository. The revision is `main` unless the name states one.
 *
 * @throws {OptionError} when the name is malformed. For the address of the repository's page, the message says what to pass.
 */
export function parseHubName(where: string, name: string): HubName {
  const expected = "a repository such as 'hf:google/efficientnet-b0', or 'hf:owner/name@revision',";
  const address = webAddress(name) ?? /^hf:\/\/(.+)$/i.exec(name)?.[1];
  if (address !== undefined) {
    const [owner = '', repository = ''] = address.replace(/^models\//, '').split(/[/?#]/);
    throw invalid(where, 'name', expected, name, repository === '' ? '' : `Pass 'hf:${owner}/${repository}'.`);
  }
  const [, repository = '', , revision] = /^hf:([^@]*)(@(.*))?$/.exec(name) ?? [];
  if (!REPOSITORY.test(repository) || FORBIDDEN_REPOSITORY.test(repository)) throw invalid(where, 'name', expected, name);
  if (revision !== undefined && (revision === '' || FORBIDDEN_REVISION.test(revision))) {
    throw invalid(where, 'name', "a branch, a tag or a commit after '@'", name);
  }
  return { repository, revision: revision ?? 'main' };
}

/** The part of the address of a page of the hub after the host. */
function webAddress(name: string): string | undefined {
  return /^https?:\/\/(?:www\.)?(?:huggingface\.co|hf\.co)\/(.+)$/i.exec(name)?.[1];
}
