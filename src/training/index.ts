export { allLayers, freeze, recompile, selectLayers, unfreeze } from './freeze.js';
export type { LayerSelector } from './freeze.js';
export { trainHead } from './trainHead.js';
export type { HeadEpoch, TrainedHead, TrainHeadOptions } from './trainHead.js';
