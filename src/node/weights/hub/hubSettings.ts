// The settings of the Hugging Face hub that Python's `huggingface_hub` reads from the environment, with its names and defaults.

import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { show } from '../../../core/internal.js';
import { OptionError } from '../../../core/index.js';

/** How the hub is reached, and where its files are kept. */
export interface HubSettings {
  /** The address of the hub, without a slash at the end. */
  readonly endpoint: string;
  /** The folder with a sub-folder for each repository. */
  readonly cacheFolder: string;
  readonly token: { readonly value: string; readonly from: string } | undefined;
  /** The variable that forbids downloads, if one does. */
  readonly offlineBy: string | undefined;
  /** Whether the files of a snapshot are links to the blobs, as far as the system allows. */
  readonly symlinks: boolean;
}

/**
 * Reads the settings from the environment, and the access token from there or from the file that `hf auth login` writes.
 *
 * @param cacheFolder - Replaces the folder of the environment.
 * @throws {OptionError} when `HF_ENDPOINT` is not a web address.
 */
export async function hubSettings(where: string, cacheFolder?: string): Promise<HubSettings> {
  const endpoint = (variable('HF_ENDPOINT') ?? 'https://huggingface.co').replace(/\/+$/, '');
  if (!URL.canParse(endpoint) || !/^https?:/.test(endpoint))
    throw new OptionError(`${where}: expected an http or https URL in the environment variable HF_ENDPOINT, received ${show(endpoint)}.`);
  const home = pathOf('HF_HOME') ?? join(variable('XDG_CACHE_HOME') ?? join(homedir(), '.cache'), 'huggingface');
  return {
    endpoint,
    cacheFolder: resolve(cacheFolder ?? pathOf('HF_HUB_CACHE') ?? pathOf('HUGGINGFACE_HUB_CACHE') ?? join(home, 'hub')),
    token: await accessToken(home),
    offlineBy: ['HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE'].find(isTrue),
    symlinks: !isTrue('HF_HUB_DISABLE_SYMLINKS'),
  };
}

async function accessToken(home: string): Promise<HubSettings['token']> {
  if (isTrue('HF_HUB_DISABLE_IMPLICIT_TOKEN')) return undefined;
  for (const from of ['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN']) {
    const value = withoutSpace(variable(from) ?? '');
    if (value !== '') return { value, from };
  }
  const file = pathOf('HF_TOKEN_PATH') ?? join(home, 'token');
  const value = withoutSpace(await readFile(file, 'utf8').catch(() => ''));
  return value === '' ? undefined : { value, from: `'${file}'` };
}

/** A token ends with a line break in most files. A header must not contain one. */
const withoutSpace = (token: string): string => token.replaceAll(/\s/g, '');

/** The value of a variable of the environment. An empty one counts as missing. */
function variable(name: string): string | undefined {
  const value = process.env[name]?.trim();
  return value === '' ? undefined : value;
}

function isTrue(name: string): boolean {
  return ['1', 'ON', 'YES', 'TRUE'].includes(variable(name)?.toUpperCase() ?? '');
}

/** A path in a variable, with `~` and other variables replaced as in Python. */
function pathOf(name: string): string | undefined {
  return variable(name)
    ?.replaceAll(/\$(?:\{(\w+)\}|(\w+))/g, (whole, braced: string | undefined, bare: string | undefined) => {
      return process.env[braced ?? bare ?? ''] ?? whole;
    })
    .replace(/^~(?=$|[/\\])/, homedir());
}
