// Reads the files of Keras: `.h5`, `.weights.h5` and `.keras`; weights alone, whole models, nested ones.
// Only weights are read; what a configuration says is not run.

import { check, instanceOf, WeightsError } from '../core/index.js';
import { openZip, type NamedArrays } from '../weights/index.js';
import { layerConfig, type LayerConfig } from './layerConfig.js';
import { readHdf5 } from './readHdf5.js';

const WHERE = 'readKeras';

/**
 * Reads the weights of a Keras file, named `layer/weight`; those of models inside the model `model/layer/weight`. Optimizer state is
 * listed under `optimizer/`, so that a report can account for it.
 *
 * A `.weights.h5` file written before Keras 3.6, or by tf.keras, holds no names: its layers are counted by class, `conv2d`, `conv2d_1`.
 *
 * @param bytes - The whole file, of any of the three formats; it is not copied, so it must not change while the arrays are in use.
 * @throws {WeightsError} when the file is damaged, or holds no weights of Keras.
 * @example
 * const arrays = await readKeras(await readFile('efficientnetb0.h5'));
 * await loadWeights(model, arrays);
 */
export async function readKeras(bytes: Uint8Array): Promise<NamedArrays> {
  check(WHERE, 'bytes', bytes, instanceOf(Uint8Array, 'the bytes of a file'), 'Read the file first.');
  const { hdf5, config } = unpack(bytes);
  return readHdf5(WHERE, hdf5, { config });
}

function unpack(bytes: Uint8Array): { hdf5: Uint8Array; config: LayerConfig | undefined } {
  if (bytes[0] !== 0x50 || bytes[1] !== 0x4b) return { hdf5: bytes, config: undefined };
  const archive = openZip(WHERE, bytes);
  const json = archive.names.includes('config.json') ? new TextDecoder().decode(archive.read('config.json')) : '{}';
  try {
    return { hdf5: archive.read('model.weights.h5'), config: layerConfig(JSON.parse(json)) };
  } catch (cause) {
    if (cause instanceof WeightsError) throw cause;
    throw new WeightsError(`${WHERE}: the configuration of the model is no valid JSON. The file is damaged.`, { cause });
  }
}
