// Finds published checkpoints that a web page can download. A page can read files of another site only if that site allows it.

import { invalid } from '../core/internal.js';
import { findPretrained } from './findPretrained.js';
import { defaultPretrained, type PretrainedWeights, type WeightsSource } from './pretrainedWeights.js';

/** The only server of published checkpoints that is known to let pages of other sites download its files. */
const OPEN_SERVER = 'https://huggingface.co/';

/** Returns the checkpoint with this name, or the default checkpoint of this variant. */
export function findPagePretrained(where: string, name: string): readonly [name: string, weights: PretrainedWeights] {
  return findPretrained(where, name, "'hf:owner/name' is a repository of the Hugging Face hub.");
}

/**
 * Returns the files of a checkpoint that a web page can download and read, safetensors first.
 *
 * @param hasMirror - Whether the files come from a server of the caller's choice instead of their publishers'.
 * @throws {OptionError} when there are none.
 */
export function pageSources(
  where: string,
  [name, { variant, sources }]: readonly [name: string, weights: PretrainedWeights],
  hasMirror: boolean,
): readonly WeightsSource[] {
  const readable = sources.filter(({ url }) => !url.endsWith('.h5'));
  const isNoisy = name.includes('noisy-student');
  const other = isNoisy ? `timm/tf_efficientnet_${variant}.ns_jft_in1k` : defaultPretrained(variant);
  if (readable.length === 0) {
    throw invalid(
      where,
      'name',
      'a checkpoint in safetensors or PyTorch format',
      name,
      `Its file is a Keras file (.h5). Use '${other}', or read the file with \`readKeras\` of 'effnet-ts/hdf5' and pass the arrays as \`weights\`.`,
    );
  }
  const isOpen = ({ url }: WeightsSource): boolean => url.startsWith(OPEN_SERVER);
  const open = readable.filter(isOpen);
  if (hasMirror) return [...open, ...readable.filter((source) => !isOpen(source))];
  if (open.length > 0) return open;
  throw invalid(
    where,
    'name',
    'a checkpoint that web pages can download',
    name,
    `Only the files of timm are on a server that lets pages of other sites download them. Use '${other}', ` +
      `serve the file yourself and pass that server as \`mirror\`, or pass the file as \`weights\`.`,
  );
}
