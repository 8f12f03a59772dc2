// What an answer of the Hugging Face hub means when it is not the file. The hub says so in the headers `X-Error-Code` and
// `X-Error-Message`.

import { WeightsError } from '../../core/index.js';
import type { HubName } from './hubName.js';

/** A request of the hub, for its error messages. */
export interface HubRequest extends HubName {
  /** The function that the user called. */
  readonly where: string;
  /** The address of the hub, without a slash at the end. */
  readonly endpoint: string;
  readonly file: string;
  /** Where the access token came from, for example `HF_TOKEN`. `undefined` when none was sent. */
  readonly tokenFrom?: string | undefined;
}

/** An answer of a server. */
export interface HubAnswer {
  readonly status: number;
  readonly headers: { readonly get: (name: string) => string | null };
}

/** The address of a file at a revision. */
export function hubFileUrl({ endpoint, repository, revision, file }: Pick<HubRequest, 'endpoint' | 'file' | keyof HubName>): string {
  return `${endpoint}/${repository}/resolve/${encodeURIComponent(revision)}/${file.split('/').map(encodeURIComponent).join('/')}`;
}

/** Whether the answer says that the repository has no such file at this revision. */
export function isMissingFile({ status, headers }: HubAnswer): boolean {
  return status === 404 && headers.get('x-error-code') === 'EntryNotFound';
}

/** Whether the server cannot answer at the moment, so that a cached file may be used instead. */
export function isOutOfOrder({ status }: HubAnswer): boolean {
  return status >= 500;
}

/** The error for an answer that refuses a file. One sentence says what is wrong, and one what to do. */
export function hubRefusal(request: HubRequest, answer: HubAnswer): WeightsError {
  const { where, endpoint, repository, revision, file, tokenFrom } = request;
  const { status, headers } = answer;
  const [code, message] = [headers.get('x-error-code'), headers.get('x-error-message')?.replace(/\.+$/, '')];
  const refuse = (received: string, remedy: string): WeightsError => new WeightsError(`${where}: expected ${received}. ${remedy}`);
  const repo = `a repository of '${endpoint}', received '${repository}'`;
  if (code === 'GatedRepo') {
    const terms = `Accept its terms at '${endpoint}/${repository}'`;
    const then = tokenFrom === undefined ? 'set HF_TOKEN to a token of your account' : `use a token of the account that did (${tokenFrom})`;
    return refuse(`${repo}, which is gated`, `${terms}, then ${then}.`);
  }
  if (message === 'Access to this resource is disabled') return refuse(`${repo}, which the hub has disabled`, 'Choose another.');
  if (code === 'RevisionNotFound') {
    return refuse(
      `a branch, a tag or a commit of '${repository}', received '${revision}'`,
      `'${endpoint}/${repository}/commits' shows its revisions. Without '@', it is 'main'.`,
    );
  }
  if (tokenFrom !== undefined && message === 'Invalid credentials in Authorization header') {
    return refuse(
      `a valid access token in ${tokenFrom}, received one that '${endpoint}' refuses`,
      `Create another at '${endpoint}/settings/tokens', or remove it for public repositories.`,
    );
  }
  if (code === 'RepoNotFound' || status === 401) {
    return tokenFrom === undefined
      ? refuse(`${repo}, which does not exist or is private`, 'Check the name. For a private repository, set HF_TOKEN.')
      : refuse(
          `${repo}, which does not exist or which the token in ${tokenFrom} cannot read`,
          'Check the name, and the permissions of the token.',
        );
  }
  if (status === 403) {
    return refuse(
      `access to '${repository}', received a refusal of '${endpoint}' (403${message === undefined ? '' : `, ${message}`})`,
      tokenFrom === undefined ? 'Set HF_TOKEN.' : `Check the permissions of the token in ${tokenFrom}.`,
    );
  }
  if (status === 404) {
    return refuse(
      `'${file}' of '${repository}' at '${revision}', received a 404 of '${endpoint}'`,
      'The repository, the revision or the file does not exist there.',
    );
  }
  if (status === 429) {
    return refuse(
      `'${file}' of '${repository}', received '${endpoint}' refusing because of too many requests (429)`,
      `Wait some minutes${tokenFrom === undefined ? ', or set HF_TOKEN, which raises the limit' : ''}.`,
    );
  }
  return refuse(
    `'${file}' of '${repository}', received an answer of '${endpoint}' with status ${status}${message === undefined ? '' : ` (${message})`}`,
    'Try again later.',
  );
}
