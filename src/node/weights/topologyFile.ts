// Finds the model.json of the path that the user gives as a model. If there is none, the error says what is at the path.

import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { DataError } from '../../core/index.js';
import { isManifest, type ModelFile } from '../../models/internal.js';
import { list } from '../../core/internal.js';
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
    const model = await modelWithPart(source);
    if (model === undefined) throw missing(where, source, [path.basename(source)]);
    throw new DataError(
      `${where}: expected a saved model, received '${source}', a part of the saved model in '${model}'. Pass that folder.`,
      { origin: source },
    );
  }
  const entries = await readdir(source, { withFileTypes: true }).catch((cause: unknown) => {
    throw new DataError(`${where}: expected a saved model at '${source}', received a folder that cannot be read: ${systemReason(cause)}.`, {
      cause,
      origin: source,
    });
  });
  const names = entries.map(({ name }) => name);
  if (names.includes(TOPOLOGY)) return path.join(source, TOPOLOGY);
  const models = await modelsIn(
    source,
    entries.filter((entry) => !entry.isFile()).map(({ name }) => name),
  );
  if (models.length === 0) throw missing(where, source, names);
  throw new DataError(
    `${where}: expected a saved model, received '${source}', which contains saved models: ` +
      `${list(models.slice(0, 8))}${models.length > 8 ? ', ...' : ''}. Pass one of them.`,
    { origin: source },
  );
}

/** The paths of the sub-folders that are saved models, sorted. */
async function modelsIn(folder: string, names: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    [...names].sort().map(async (name) => {
      const model = path.join(folder, name);
      return (await stat(path.join(model, TOPOLOGY)).catch(() => undefined)) === undefined ? [] : [model];
    }),
  );
  return found.flat();
}

/** The folder of the saved model whose weights are partly in this file. */
export async function modelWithPart(file: string): Promise<string | undefined> {
  const folder = path.dirname(file);
  return (await weightFilesOf(folder)).includes(path.basename(file)) ? folder : undefined;
}

/** The weight files that the model.json of a folder lists, as far as they are beside it. */
export async function weightFilesOf(folder: string): Promise<string[]> {
  try {
    const { weightsManifest } = JSON.parse(await readFile(path.join(folder, TOPOLOGY), 'utf8')) as ModelFile;
    const names = isManifest(weightsManifest) ? weightsManifest.flatMap(({ paths }) => paths) : [];
    return names.filter((name) => /^[^/\\\0]+\.bin$/.test(name));
  } catch {
    return [];
  }
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
