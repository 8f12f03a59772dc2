// Converts a model to the layers of plain TensorFlow.js. The benchmarks call the result the stock model.

import { io } from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { saveModel } from '../../src/node.js';

/** Returns the same network with the layers of TensorFlow.js. */
export async function stockModel(model: tfl.LayersModel): Promise<tfl.LayersModel> {
  let saved: io.ModelArtifacts | undefined;
  const save = (artifacts: io.ModelArtifacts): Promise<io.SaveResult> => {
    saved = artifacts;
    return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } });
  };
  await saveModel(model, { save });
  if (saved === undefined) throw new Error('nothing was saved');
  return tfl.loadLayersModel(io.fromMemory(saved));
}
