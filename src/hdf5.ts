// The HDF5 entry: weights and models of Keras, in and out.

// Names instead of `*`: the Node entry imports these modules on demand, and esbuild would not initialize them in one bundle with this entry.
export { readKeras, readKerasShards, writeKeras, writeKerasWeights } from './hdf5/index.js';
