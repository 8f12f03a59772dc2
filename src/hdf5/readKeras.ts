// Reads `.h5`, `.weights.h5` and `.keras` files, of weights alone or of whole and nested models. Only the weights are read; no code in a
// configuration is run.

import { arrayOf, check, instanceOf, probability, text as textRule } from '../core/internal.js';
import { isEffnetError, WeightsError } from '../core/index.js';
import { storedPreprocessing } from '../image/internal.js';
import { openZip, refuseOtherFormat } from '../weights/internal.js';
import type { ModelNotes, NamedArrays } from '../weights/index.js';
import { layerConfig, type LayerConfig } from './layerConfig.js';
import { readHdf5 } from './readHdf5.js';

const WHERE = 'readKeras';

/**
 * Reads the weights of a Keras file: `.h5`, `.weights.h5` or `.keras`.
 *
 * Arrays are named `layer/weight`, and those of nested models `model/layer/weight`. Optimizer state is named `optimizer/...`, so that a
 * report can list it. A `.weights.h5` file of tf.keras, or of Keras before 3.6, contains no names, so its layers are numbered per class:
 * `conv2d`, `conv2d_1`.
 *
 * For `.keras` files of `writeKeras`, the result also contains `preprocessing`, `classNames` and `unknownThreshold`, which `loadWeights`
 * applies to the model.
 *
 * @param bytes - The whole file. It is not copied, so it must not change while the arrays are in use.
 * @throws {WeightsError} when the file is damaged or contains no Keras weights. DataError when its preprocessing is damaged.
 * @example
 * const arrays = await readKeras(await readFile('efficientnetb0.h5'));
 * await loadWeights(model, arrays);
 */
export async function readKeras(bytes: Uint8Array): Promise<NamedArrays> {
  check(WHERE, 'bytes', bytes, instanceOf(Uint8Array, 'the bytes of a file'), 'Read the file first.');
  refuseOtherFormat(WHERE, bytes, 'keras');
  const { hdf5, config, notes } = unpack(bytes);
  return Object.assign(await readHdf5(WHERE, hdf5, { config }), notes);
}

interface KerasFile {
  readonly hdf5: Uint8Array;
  readonly config: LayerConfig | undefined;
  readonly notes: ModelNotes;
}

function unpack(bytes: Uint8Array): KerasFile {
  if (bytes[0] !== 0x50 || bytes[1] !== 0x4b) return { hdf5: bytes, config: undefined, notes: {} };
  const archive = openZip(WHERE, bytes);
  const text = (name: string): string => (archive.names.includes(name) ? new TextDecoder().decode(archive.read(name)) : '{}');
  try {
    return {
      hdf5: archive.read('model.weights.h5'),
      config: layerConfig(JSON.parse(text('config.json'))),
      notes: notesIn(JSON.parse(text('metadata.json'))),
    };
  } catch (cause) {
    if (isEffnetError(cause)) throw cause;
    throw new WeightsError(`${WHERE}: the configuration or the metadata of the model is not valid JSON. The file is damaged.`, { cause });
  }
}

/** Returns the information that this library stored about the model. It is empty for files written by Keras. */
function notesIn(metadata: unknown): ModelNotes {
  const { preprocessing, classNames, unknownThreshold } = ((metadata as { readonly effnet?: unknown } | null)?.effnet ?? {}) as {
    readonly preprocessing?: unknown;
    readonly classNames?: unknown;
    readonly unknownThreshold?: unknown;
  };
  return {
    preprocessing: preprocessing === undefined ? undefined : storedPreprocessing(WHERE, 'the .keras file', preprocessing),
    classNames: arrayOf(textRule).accepts(classNames) ? classNames : undefined,
    unknownThreshold: probability.accepts(unknownThreshold) ? unknownThreshold : undefined,
  };
}
