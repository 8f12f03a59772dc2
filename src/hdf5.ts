// The HDF5 entry: weights and models of Keras, in and out.

export { readKeras, readKerasShards, writeKeras, writeKerasWeights } from './hdf5/index.js';
