export { elementCount, encodedArray, weightArray } from './namedArrays.js';
export type { NamedArrays, WeightArray } from './namedArrays.js';
export type { ElementType } from './elements.js';
export { readSafetensors } from './readSafetensors.js';
export { writeSafetensors } from './writeSafetensors.js';
export type { WriteSafetensorsOptions } from './writeSafetensors.js';
