import { writeKeras, writeKerasWeights } from '../../../src/hdf5/index.js';
import type { BaseCalls } from './baseCall.js';
import { tinyModel } from './tinyModel.js';

const FILE = 'model_00000.weights.h5';

export const hdf5Calls: BaseCalls = {
  readKeras: { args: async () => [await writeKeras(tinyModel())] },
  readKerasShards: {
    args: async () => {
      const bytes = await writeKerasWeights(tinyModel());
      return [JSON.stringify({ weight_map: { '/vars': [FILE] } }), () => Promise.resolve(bytes)];
    },
  },
  writeKeras: { args: () => [tinyModel()] },
  writeKerasWeights: { args: () => [tinyModel()] },
};
