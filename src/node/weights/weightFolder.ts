// Finds the file with the weights in a folder.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { show } from '../../core/internal.js';
import { WeightsError } from '../../core/index.js';

/** Names of files that contain weights, in order of preference. */
const FILES = ['model.json', 'model.safetensors.index.json', 'model.safetensors', 'pytorch_model.bin.index.json', 'pytorch_model.bin'];

const FOREIGN: readonly (readonly [inside: RegExp, what: string, remedy: string])[] = [
  [
    /^saved_model\.pb(txt)?$/,
    'a TensorFlow SavedModel',
    "In Python, save the weights of the Keras model it came from: `model.save_weights('model.weights.h5')`.",
  ],
  [
    /\.distcp$/,
    'a distributed PyTorch checkpoint',
    "In Python, write it as one file: `torch.distributed.checkpoint.format_utils.dcp_to_torch_save(folder, 'weights.pth')`.",
  ],
  [/^data\.pkl$/, 'an unpacked PyTorch file', 'Pass the archive itself.'],
  [
    /^checkpoint$|\.ckpt\.index$|\.data-\d{5}-of-\d{5}$/,
    'a folder of TensorFlow checkpoints',
    "In Python, save the weights of the Keras model: `model.save_weights('model.weights.h5')`.",
  ],
];

/**
 * Returns the path of the weight file in a folder: the model.json of a TensorFlow.js model, a file named as by Hugging Face's tools, or the
 * index of sharded Keras weights.
 *
 * @throws {WeightsError} when the folder has no such file. The message says what the folder contains.
 */
export async function weightFileIn(where: string, folder: string): Promise<string> {
  const names = (await readdir(folder)).sort();
  const file = FILES.find((name) => names.includes(name)) ?? names.find((name) => name.endsWith('.weights.json'));
  if (file !== undefined) return join(folder, file);
  const foreign = FOREIGN.find(([inside]) => names.some((name) => inside.test(name)));
  if (foreign !== undefined) throw new WeightsError(`${where}: expected a weight file, received '${folder}', ${foreign[1]}. ${foreign[2]}`);
  throw new WeightsError(
    `${where}: expected a folder with ${FILES.slice(0, -1)
      .map((name) => `'${name}'`)
      .join(', ')} or '${FILES.at(-1)}', received '${folder}' with ${show(names.slice(0, 5))}. Pass the path of the weight file itself.`,
  );
}
