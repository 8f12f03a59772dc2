// The names of files with published weights.

import type { WeightsSource } from './pretrainedWeights.js';

/** Returns the name of a file on the server of its publisher. */
export function fileNameOf({ url }: WeightsSource): string {
  return new URL(url).pathname.split('/').at(-1) ?? '';
}

/** Returns the name under which a file is kept. Files of timm are all named `model.safetensors`, and get the name of the checkpoint. */
export function keptFileName(name: string, source: WeightsSource): string {
  const last = fileNameOf(source);
  return last === 'model.safetensors' ? `${name.replaceAll('/', '_')}.safetensors` : last;
}
