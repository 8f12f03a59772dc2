// The ImageNet entry: the 1000 classes of ILSVRC 2012, in the order of the outputs of published weights.

export * from './imagenet/index.js';
