// Recognizes files that contain no weights this library can read, so that error messages can say what to do with them.

import { strayFile } from '../core/internal.js';
import { describeGraphModel } from '../models/internal.js';

/** Number of bytes at the start of a file that are searched for text. */
const HEAD = 1024;

type Foreign = readonly [matches: (head: string, name: string) => boolean, what: string, remedy: string];

const KEEP_TORCH = "In Python, save the weights of the network it came from: `torch.save(model.state_dict(), 'weights.pth')`.";
const KEEP_KERAS = "In Python, save the weights of the Keras model it came from: `model.save_weights('model.weights.h5')`.";
const CONVERTED = 'Its weights are part of a converted graph, so load the file from which it was converted.';
const UNPACK = 'Unpack it and load the weight file inside.';

const starts =
  (...signatures: readonly string[]) =>
  (head: string): boolean =>
    signatures.some((signature) => head.startsWith(signature));
const marked =
  (...marks: readonly string[]) =>
  (head: string): boolean =>
    marks.includes(head.slice(4, 8));
const named =
  (pattern: RegExp) =>
  (_: string, name: string): boolean =>
    pattern.test(name);

// An ONNX file is a protocol buffer. Its first field is the format version, followed by the name of the producer or by the graph.
const isOnnx = (head: string): boolean =>
  head.startsWith('\x08') && head.charCodeAt(1) >= 3 && head.charCodeAt(1) < 32 && '\x12\x3a'.includes(head.charAt(2) || ' ');

// Signatures are checked before file names, because files are often renamed.
const FILES: readonly Foreign[] = [
  [marked('TFL3'), 'a TensorFlow Lite model', `${CONVERTED} ${KEEP_KERAS}`],
  [marked('ET12', 'ET11'), 'an ExecuTorch program', KEEP_TORCH],
  [marked('ORTM'), 'an ONNX Runtime model', CONVERTED],
  [starts('\x08\x01\x12'), 'the graph of a TensorFlow SavedModel', KEEP_KERAS],
  [(head, name) => isOnnx(head) || /\.onnx$/i.test(name), 'an ONNX model', CONVERTED],
  [
    starts('\x93NUMPY'),
    'a NumPy array',
    "In Python, save all arrays with their names: `safetensors.numpy.save_file(arrays, 'weights.safetensors')`.",
  ],
  [starts('GGUF', 'ggml', 'lmgg'), 'a GGML model', CONVERTED],
  [starts('model_checkpoint_path:'), 'the index of a folder of TensorFlow checkpoints', KEEP_KERAS],
  [(head, name) => starts('MATLAB 5.0')(head) || /\.mat$/i.test(name), 'a MATLAB file', CONVERTED],
  [starts('\x1f\x8b', 'BZh', '\xfd7zXZ\x00', '\x28\xb5\x2f\xfd', '7z\xbc\xaf\x27\x1c', 'Rar!'), 'a compressed file', UNPACK],
  [
    (head) => head.slice(257, 262) === 'ustar',
    'a tar archive',
    `${UNPACK} If PyTorch wrote it before version 0.1.10, open it in Python and save it again.`,
  ],
  [starts('\x89PNG', '\xff\xd8\xff', 'GIF8', 'RIFF', '%PDF'), 'an image or document', ''],
  [(head) => /^\s*<\?xml/i.test(head), 'an XML file', `If OpenVINO wrote it: ${CONVERTED.toLowerCase()}`],
  [named(/\.data-\d{5}-of-\d{5}$|\.index$/), 'a part of a TensorFlow checkpoint', KEEP_KERAS],
  [named(/\.pb$|\.pbtxt$/i), 'a TensorFlow graph', KEEP_KERAS],
  [named(/\.mlmodel$|\.mlpackage$/i), 'a Core ML model', CONVERTED],
  [named(/\.msgpack$/i), 'a file of Flax', "In Python, save its arrays: `safetensors.flax.save_file(arrays, 'weights.safetensors')`."],
  [named(/\.engine$|\.trt$|\.plan$/i), 'a TensorRT engine', CONVERTED],
];

const ARCHIVES: readonly (readonly [inside: RegExp, what: string, remedy: string])[] = [
  [
    /\.npy$/,
    'an archive of NumPy arrays',
    "In Python, save them again: `safetensors.numpy.save_file(dict(numpy.load(file)), 'weights.safetensors')`.",
  ],
  [/^MAR-INF\//, 'a TorchServe archive', UNPACK],
  [/(^|\/)(archive_format|serialized_exported_program\.json|models\/model\.json)$/, 'a program of `torch.export`', KEEP_TORCH],
  [/\.mlmodel$/, 'a Core ML package', CONVERTED],
  [/^\[Content_Types\]\.xml$/, 'an office document', ''],
  [/(^|\/)saved_model\.pb$/, 'a zip archive of a TensorFlow SavedModel', KEEP_KERAS],
];

/** Result of {@link foreignFile} for an unknown file. */
export const UNKNOWN_FILE = 'bytes of another format.';

/**
 * Returns error text that says what a file is and what to do with it. Used for files that are not supported weight files.
 *
 * @param name - Name of the file, if known.
 */
export function foreignFile(bytes: Uint8Array, name = ''): string {
  const head = String.fromCharCode(...bytes.subarray(0, HEAD));
  const stray = strayFile(head);
  if (stray !== undefined) return sentence(...stray);
  const known = FILES.find(([matches]) => matches(head, name));
  if (known !== undefined) return sentence(known[1], known[2]);
  const index = /^\s*[{[]/.test(head) ? foreignJson(new TextDecoder().decode(bytes)) : null;
  return index ?? UNKNOWN_FILE;
}

/** Returns error text that says what a zip archive is and what to do with it, based on the names of its entries. */
export function foreignArchive(names: readonly string[]): string {
  const known = ARCHIVES.find(([inside]) => names.some((name) => inside.test(name)));
  if (known !== undefined) return sentence(known[1], known[2]);
  const weights = names.find((name) => /\.(safetensors|pth|pt|bin|ckpt|h5|keras|tar)$|(^|\/)model\.json$/i.test(name));
  return sentence(`a zip archive with '${weights ?? names[0] ?? ''}'`, weights === undefined ? '' : UNPACK);
}

/** Returns error text that says what a JSON file is and what to do with it, or `null` if the text is not JSON. */
export function foreignJson(text: string): string | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const { weight_map: map, weightsManifest, class_name: className, modelTopology, format } = (value ?? {}) as Record<string, unknown>;
  const graph = describeGraphModel({ format, modelTopology } as Parameters<typeof describeGraphModel>[0]);
  if (graph !== undefined) return graph;
  if (weightsManifest !== undefined)
    return sentence(
      'the model.json of a TensorFlow.js model',
      'In Node, pass its path. Elsewhere load its artifacts with `tf.io.http` and give them to `readTfjs`.',
    );
  if (typeof map === 'object' && map !== null) {
    const shards = [...new Set(Object.values(map).flat())].map(String);
    if (shards.some((shard) => shard.endsWith('.h5'))) {
      return sentence(
        'the index of sharded Keras weights',
        'In Node, pass its path. Elsewhere read them with `readKerasShards` of `effnet-ts/hdf5`.',
      );
    }
    return sentence(
      `the index of ${shards.length} shards`,
      'In Node, pass its path. Elsewhere read every shard with `readWeights` and load all arrays in one Map: `new Map([...first, ...second])`.',
    );
  }
  if (typeof className === 'string') return sentence('the configuration of a Keras model, which has no weights', KEEP_KERAS);
  return sentence('a JSON file without weights', '');
}

function sentence(what: string, remedy: string): string {
  return `${what}.${remedy === '' ? '' : ` ${remedy}`}`;
}
