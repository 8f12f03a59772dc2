// Reads the `.h5` files of Keras 2, which Keras 3 can still write: keras/src/legacy/saving/legacy_h5_format.py. Attributes list the
// layers and the weights of each layer.

import type { File, Group } from 'h5wasm';
import { show } from '../core/internal.js';
import { WeightsError } from '../core/index.js';
import { datasetAt, groupAt, texts } from './hdf5File.js';
import type { NamedDataset } from './namedDataset.js';

/** Returns the group that lists the layers in a weights file or a model file, or `undefined` if the file has another layout. */
export function legacyGroup(root: File): Group | undefined {
  return [root, groupAt(root, 'model_weights')].find((group) => group !== undefined && Object.hasOwn(group.attrs, 'layer_names'));
}

/** Yields the weights of the group, named `layer/weight`. Weights of nested models are named `model/layer/weight`. */
export function* legacyWeights(where: string, group: Group): Generator<NamedDataset> {
  for (const layer of listed(where, group, 'layer_names')) {
    const layerGroup = groupAt(group, layer);
    if (layerGroup === undefined)
      throw new WeightsError(`${where}: the file lists the layer ${show(layer)} but does not contain it. It is damaged.`);
    for (const weight of listed(where, layerGroup, 'weight_names')) {
      const dataset = datasetAt(layerGroup, weight);
      if (dataset === undefined)
        throw new WeightsError(`${where}: the file lists the weight ${show(weight)} but does not contain it. It is damaged.`);
      yield { name: weightName(layer, weight), dataset };
    }
  }
}

/** Reads a list attribute. Long lists are split into `name0`, `name1`, ... */
function listed(where: string, group: Group, name: string): readonly string[] {
  const whole = texts(where, group, name);
  if (whole !== undefined) return whole;
  const parts: string[] = [];
  for (let i = 0, part = texts(where, group, `${name}0`); part !== undefined; part = texts(where, group, `${name}${++i}`))
    parts.push(...part);
  return parts;
}

/** Removes the model name that Keras 3 adds in a Sequential: the layer `dense` has the weight `sequential/dense/kernel`. */
function weightName(layer: string, weight: string): string {
  const parts = weight.replace(/:0$/, '').split('/');
  const last = parts.at(-1) ?? '';
  const owner = parts.at(-2) ?? layer;
  const kind = last === 'kernel' && /dwconv2?$/.test(owner) ? 'depthwise_kernel' : last;
  return owner === layer ? `${layer}/${kind}` : `${layer}/${owner}/${kind}`;
}
