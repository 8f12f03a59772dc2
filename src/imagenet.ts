// The ImageNet entry: the thousand classes of ILSVRC 2012 in the order of every checkpoint with a thousand outputs. Facts of ILSVRC 2012.

export * from './imagenet/index.js';
