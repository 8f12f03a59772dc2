// Writes the weights of an export for transformers, with the batch counts of PyTorch's BatchNormalization.

import { writeSafetensors, type NamedArrays } from '../../weights/index.js';

type Header = Record<string, { readonly data_offsets?: readonly [start: number, end: number] }>;

/**
 * Writes arrays with the names of transformers to a safetensors file.
 *
 * PyTorch counts the batches of every BatchNormalization in `num_batches_tracked`, an int64 scalar that inference does not use. It is 0 in
 * the file. Without it, transformers would warn that weights are missing.
 */
export function transformersWeights(arrays: NamedArrays): Uint8Array {
  // transformers refuses files that do not name their framework.
  const file = writeSafetensors(arrays, { metadata: { format: 'pt' } });
  const dataStart = 8 + Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, dataStart))) as Header;
  const counts = Object.keys(header)
    .filter((name) => name.endsWith('.running_var'))
    .map((name, i): [string, object] => [
      name.replace(/running_var$/, 'num_batches_tracked'),
      { dtype: 'I64', shape: [], data_offsets: [8 * i, 8 * i + 8] },
    ]);
  // The counts come first, where they are aligned to 8 bytes.
  const shift = 8 * counts.length;
  const moved = Object.entries(header).map(([name, { data_offsets: offsets, ...rest }]): [string, object] => [
    name,
    offsets === undefined ? rest : { ...rest, data_offsets: [offsets[0] + shift, offsets[1] + shift] },
  ]);
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries([...moved, ...counts])));
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const result = new Uint8Array(8 + headerBytes + shift + file.length - dataStart);
  new DataView(result.buffer).setBigUint64(0, BigInt(headerBytes), true);
  result.fill(0x20, 8, 8 + headerBytes).set(json, 8);
  result.set(file.subarray(dataStart), 8 + headerBytes + shift);
  return result;
}
