// Checks the folder that a model is saved to. A name that looks like a file's is refused before a folder of that name is created.

import path from 'node:path';
import { check, invalid, text } from '../../core/internal.js';

/** File extensions, and what to use to write such files. */
const FILES: readonly (readonly [name: RegExp, remedy: string])[] = [
  [/\.weights\.h5$/i, 'Write the weights with `writeKerasWeights` of effnet-ts/hdf5'],
  [/\.(keras|h5|hdf5)$/i, 'Write a .keras file with `writeKeras` of effnet-ts/hdf5'],
  [/\.onnx$/i, 'Write the bytes of `exportOnnx` of effnet-ts/onnx'],
  [/\.safetensors$/i, 'Write the bytes of `writeSafetensors(await weightsOf(model))`'],
  [/\.(bin|ckpt|gz|pb|pt|pth|tar|tflite|tgz|zip)$/i, 'Give a folder without such an ending'],
];

/**
 * Returns the absolute path of the folder.
 *
 * @param where - The function that the user called.
 * @param option - The name of the parameter.
 * @throws {OptionError} when `target` looks like the name of a file.
 */
export function modelTarget(where: string, option: string, target: string): string {
  check(where, option, target, text);
  if (target.startsWith('file:'))
    throw invalid(where, option, 'the path of a folder', target, "Convert the URL with `fileURLToPath` of 'node:url'.");
  const remedy = /\.json$/i.test(target) ? `Give its folder: '${path.dirname(target)}'` : FILES.find(([name]) => name.test(target))?.[1];
  if (remedy !== undefined) throw invalid(where, option, 'the path of a folder, not of a file', target, `${remedy}.`);
  return path.resolve(target);
}
