// The HDF5 entry: weights and models of Keras, in and out.

// Names instead of `*`: the Node entry imports these modules on demand. In one bundle with it, esbuild does not initialize them otherwise.
export { readKeras, readKerasShards, writeKeras, writeKerasWeights } from './hdf5/index.js';
