// Reads model files in the browser: from a server, or from files that a user selected.

import { DataError } from '../core/index.js';
import { invalid } from '../core/internal.js';
import type { ModelFiles } from './readModelFiles.js';
import { reasonOf } from './reasonOf.js';

/** Returns access to the files of a model on a server. */
export function filesAt(url: string): ModelFiles {
  // The query of the model.json URL, for example a signature, also applies to its weight files, as in TensorFlow.js.
  const beside = (name: string): string => {
    const place = new URL(name, url);
    place.search ||= new URL(url).search;
    return place.href;
  };
  return {
    origin: url,
    json: async () => (await fetched(url)).text(),
    shard: async (name) => (await fetched(beside(name))).arrayBuffer(),
    metadata: async () =>
      fetched(beside('metadata.json')).then(
        (response) => response.text(),
        () => undefined,
      ),
  };
}

/** Finds the files of a model among selected files. The model.json may have any name. */
export function filesAmong(where: string, files: readonly File[]): ModelFiles {
  const find = (name: string): File | undefined => files.find((file) => file.name === name.slice(name.lastIndexOf('/') + 1));
  const isTopology = ({ name }: File): boolean => name.endsWith('.json') && name !== 'metadata.json';
  const [json, ...others] = files.filter(isTopology);
  if (json === undefined || others.length > 0) {
    throw invalid(
      where,
      'source',
      'files of one model: its model.json and its weights',
      files.map(({ name }) => name),
    );
  }
  return {
    origin: json.name,
    json: () => json.text(),
    shard: async (name) => {
      const file = find(name);
      if (file === undefined) throw new DataError(`it is not among the ${files.length} chosen files`);
      return file.arrayBuffer();
    },
    metadata: async () => find('metadata.json')?.text(),
  };
}

async function fetched(url: string): Promise<Response> {
  const response = await fetch(url).catch((cause: unknown) => {
    throw new Error(`the server did not answer (${reasonOf(cause)})`, { cause });
  });
  if (!response.ok) throw new Error(`the server answered ${[response.status, response.statusText].join(' ').trim()}`);
  return response;
}
