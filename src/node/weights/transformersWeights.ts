// Writes the weights of an export for transformers, with the batch counts of PyTorch's BatchNormalization.

import { packSafetensors, packedFloats, writeNotes, type PackedArray } from '../../weights/internal.js';
import type { NamedArrays } from '../../weights/index.js';

/**
 * Writes arrays with the names of transformers to a safetensors file.
 *
 * PyTorch counts the batches of every BatchNormalization in `num_batches_tracked`, an int64 scalar that inference does not use. It is 0 in
 * the file. Without it, transformers would warn that weights are missing.
 */
export function transformersWeights(arrays: NamedArrays): Uint8Array {
  const counts = [...arrays.keys()]
    .filter((name) => name.endsWith('.running_var'))
    .map((name): PackedArray => {
      const count = name.replace(/running_var$/, 'num_batches_tracked');
      return { name: count, dtype: 'I64', shape: [], byteLength: 8, bytes: () => new Uint8Array(8) };
    });
  const weights = [...arrays].map(([name, array]) => packedFloats(name, array));
  // The counts come first, where they are aligned to 8 bytes. transformers refuses files that do not name their framework.
  return packSafetensors([...counts, ...weights], { ...writeNotes(arrays), format: 'pt' });
}
