export { efficientNet } from './efficientNet.js';
export type { EfficientNetOptions } from './efficientNet.js';
export { classNamesOf, metadataOf, planOf, setClassNames, setMetadata } from './metadata.js';
export type { ModelMetadata } from './metadata.js';
