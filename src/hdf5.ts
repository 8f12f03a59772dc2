// The HDF5 entry: weights and models of Keras, in and out.

export * from './hdf5/index.js';
