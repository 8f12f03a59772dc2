// Finds the model.json of the path that the user gives as a model. If there is none, the error says what is at the path.

import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { DataError } from '../../core/index.js';
import { systemReason } from '../files/internal.js';

/** The name of the file that describes a model's layers. */
export const TOPOLOGY = 'model.json';

const LOAD = 'Build the network, for example with efficientNet, and load its weights with `loadWeights`';
const convert = (format: string): string =>
  `${LOAD}, or convert the model: \`tensorflowjs_converter --input_format=${format} --output_format=tfjs_layers_model\``;
/** File extensions of other formats, and how to load such files. */
const OTHERS: readonly (readonly [name: RegExp, what: string, remedy: string])[] = [
  [
    /^saved_model\.pb(txt)?$/,
    'a SavedModel of TensorFlow',
    `${convert('keras_saved_model')}. One that Keras 3 exported has no layers: convert the .keras file`,
  ],
  [
    /\.weights\.json$|_\d{5}\.weights\.h5$/,
    'sharded weights of Keras',
    `${LOAD} after saving them in one file (\`save_weights\` without \`max_shard_size\`)`,
  ],
  [/\.weights\.h5$/, 'weights of Keras', LOAD],
  [/\.keras$/, 'a file of Keras 3', convert('keras_keras')],
  [/\.(h5|hdf5)$/, 'a file of Keras', convert('keras')],
  [/\.safetensors(\.index\.json)?$/, 'weights in safetensors', LOAD],
  [/\.(pth|pt|ckpt|bin)$|\.tar$/, 'weights of PyTorch', LOAD],
  [/\.onnx$/, 'an ONNX model', 'Open it with `createRuntime` of effnet-ts/onnx'],
  [/\.tflite$/, 'a TensorFlow Lite model', 'Convert the Keras model it was made of instead'],
  [/\.pb$/, 'a frozen graph of TensorFlow', 'Convert the Keras model it was made of instead'],
];

/**
 * Returns the path of the model.json in a folder, or the path itself if it is that of a model.json.
 *
 * @throws {DataError} when there is none. The message says what is at the path and what to do.
 */
export async function topologyFile(where: string, source: string): Promise<string> {
  const found = await stat(source).catch((cause: unknown) => {
    const full = path.resolve(source);
    throw new DataError(
      `${where}: expected a saved model at '${source}', received nothing: ${systemReason(cause)}${full === source ? '' : ` at '${full}'`}.`,
      { cause, origin: source },
    );
  });
  if (!found.isDirectory()) {
    if (source.endsWith('.json') && !/\.index\.json$|\.weights\.json$/.test(source)) return source;
    throw missing(where, source, [path.basename(source)]);
  }
  const names = await readdir(source).catch((cause: unknown) => {
    throw new DataError(`${where}: expected a saved model at '${source}', received a folder that cannot be read: ${systemReason(cause)}.`, {
      cause,
      origin: source,
    });
  });
  if (names.includes(TOPOLOGY)) return path.join(source, TOPOLOGY);
  throw missing(where, source, names);
}

function missing(where: string, source: string, names: readonly string[]): DataError {
  const [other] = OTHERS.filter(([name]) => names.some((candidate) => name.test(candidate)));
  const received =
    other === undefined ? `'${names.slice(0, 3).join("', '")}'${names.length > 3 ? ` and ${names.length - 3} more files` : ''}` : other[1];
  const remedy = other?.[2] ?? `Give the folder with the ${TOPOLOGY}, or that file`;
  return new DataError(
    `${where}: expected a saved model at '${source}', a folder with a ${TOPOLOGY} of TensorFlow.js, ` +
      `received ${names.length === 0 ? 'an empty folder' : received}. ${remedy}.`,
    { origin: source },
  );
}
