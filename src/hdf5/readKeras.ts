// Reads the files of Keras: `.h5`, `.weights.h5` and `.keras`; weights alone, whole models, nested ones.
// Only weights are read; what a configuration says is not run.

import { arrayOf, check, instanceOf, text as textRule } from '../core/internal.js';
import { isEffnetError, WeightsError } from '../core/index.js';
import { storedPreprocessing } from '../image/internal.js';
import { openZip, refuseOtherFormat } from '../weights/internal.js';
import type { ModelNotes, NamedArrays } from '../weights/index.js';
import { layerConfig, type LayerConfig } from './layerConfig.js';
import { readHdf5 } from './readHdf5.js';

const WHERE = 'readKeras';

/**
 * Reads the weights of a Keras file, named `layer/weight`; those of models inside the model `model/layer/weight`. Optimizer state is
 * listed under `optimizer/`, so that a report can account for it.
 *
 * Of a `.keras` file that `writeKeras` wrote, the result also has `preprocessing` and `classNames`, which `loadWeights` passes on to the
 * model.
 *
 * A `.weights.h5` file written before Keras 3.6, or by tf.keras, holds no names: its layers are counted by class, `conv2d`, `conv2d_1`.
 *
 * @param bytes - The whole file, of any of the three formats; it is not copied, so it must not change while the arrays are in use.
 * @throws {WeightsError} when the file is damaged, or holds no weights of Keras. DataError when its preprocessing is damaged.
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

/** What this library wrote about the model; nothing in a file of Keras itself. */
function notesIn(metadata: unknown): ModelNotes {
  const { preprocessing, classNames } = ((metadata as { readonly effnet?: unknown } | null)?.effnet ?? {}) as {
    readonly preprocessing?: unknown;
    readonly classNames?: unknown;
  };
  return {
    ...(preprocessing === undefined ? {} : { preprocessing: storedPreprocessing(WHERE, 'the .keras file', preprocessing) }),
    ...(arrayOf(textRule).accepts(classNames) ? { classNames } : {}),
  };
}
