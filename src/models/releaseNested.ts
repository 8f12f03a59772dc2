// Makes `dispose` also free models nested in a Sequential. TensorFlow.js 4.22 counts two references to a nested model (its construction
// and its call), but a Sequential releases only one.

import * as tfl from '@tensorflow/tfjs-layers';
import { isNestedModel } from './layersOf.js';

/** Properties of a model that the TensorFlow.js types lack. */
interface Counted {
  readonly _refCount?: number | undefined;
  readonly internalContainerRefs: tfl.LayersModel[];
}

/** Makes `dispose` of a model release all models nested in it. */
export function releaseNested(model: tfl.LayersModel): void {
  for (const layer of model.layers) {
    if (!isNestedModel(layer)) continue;
    releaseNested(layer);
    if (!(model instanceof tfl.Sequential)) continue;
    const { _refCount: count = 1 } = layer as unknown as Counted;
    for (let call = 1; call < count; call++) (model as unknown as Counted).internalContainerRefs.push(layer);
  }
}
