// The same network through a file, which plain TensorFlow.js opens with its own layers. The benchmarks call this the stock model.

import { io } from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { saveModel } from '../../src/node.js';

/** Opens a model with stock layers. */
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
