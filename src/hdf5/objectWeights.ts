// Reads the `.weights.h5` and `.keras` files of tf.keras 2.12 and later and of Keras 3: keras/src/saving/saving_lib.py.
// They contain a tree of objects, each with its numbered variables in `vars`.
//
// Since Keras 3.6, an attribute contains the name of each object. In older files, names come from the configuration in a `.keras` file.
// Without a configuration, layers are numbered per class.

import type { File, Group } from 'h5wasm';
import { WeightsError } from '../core/index.js';
import { datasetAt, groupAt, texts } from './hdf5File.js';
import type { LayerConfig } from './layerConfig.js';
import type { NamedDataset } from './namedDataset.js';

const VARIABLES: Readonly<Record<string, readonly string[]>> = {
  conv2d: ['kernel', 'bias'],
  depthwise_conv2d: ['depthwise_kernel', 'bias'],
  dense: ['kernel', 'bias'],
  batch_normalization: ['gamma', 'beta', 'moving_mean', 'moving_variance'],
  normalization: ['mean', 'variance', 'count'],
};
/**
 * Attributes of a model that list its layers. tf.keras 2.12 and 2.13 list each layer with weights twice but write it
 * once, so their numbering has gaps.
 */
const CONTAINERS: ReadonlySet<string> = new Set(['layers', '_layer_checkpoint_dependencies']);
const DEEPEST = 16;
const MOST_GROUPS = 100_000;
/** Minimum size of a group in bytes: the header of an object, and a link to it. */
const SMALLEST_GROUP = 32;

/** An object of the tree. */
interface Place {
  readonly group: Group;
  /** The class as it is spelled in files. */
  readonly kind: string;
  /** The name to use if the file contains none: from the configuration, or the class with the layer's number within it. */
  readonly name: string;
  readonly config: LayerConfig | undefined;
}

/** Sources of object names, in addition to the attributes of the objects. */
export interface ObjectNames {
  readonly config?: LayerConfig | undefined;
  /** Names by path, collected while reading. If a tree is split over several files, only the first part of an object has its name. */
  readonly names?: Map<string, string> | undefined;
}

/** Yields the weights of a tree, named `layer/weight`. Weights of nested models are named `model/layer/weight`. */
export function* objectWeights(
  where: string,
  root: File,
  fileBytes: number,
  { config, names = new Map() }: ObjectNames,
): Generator<NamedDataset> {
  let groupsLeft = Math.min(MOST_GROUPS, fileBytes / SMALLEST_GROUP);
  yield* visit({ group: root, kind: '', name: '', config }, [], 0);

  function* visit({ group, kind, name, config: own }: Place, owners: readonly string[], depth: number): Generator<NamedDataset> {
    // If groups share their children, the number of visits grows exponentially with the depth.
    groupsLeft -= 1;
    if (groupsLeft < 0) throw new WeightsError(`${where}: the file leads to more groups than it can contain. It is damaged.`);
    if (depth > DEEPEST) throw new WeightsError(`${where}: the file nests deeper than any model. It is damaged.`);
    const variables = groupAt(group, 'vars');
    const stored =
      kind === 'optimizer'
        ? undefined
        : ((variables === undefined ? undefined : texts(where, variables, 'name')?.[0]) ?? names.get(group.path));
    if (stored !== undefined) names.set(group.path, stored);
    // The name of the root model is not part of the weight names.
    const path = depth === 0 ? owners : [...owners, stored ?? name];
    const weights = VARIABLES[kind] ?? (variables !== undefined && isDense(variables) ? VARIABLES['dense'] : undefined) ?? [];
    for (const index of variables?.keys() ?? []) {
      const dataset = variables === undefined ? undefined : datasetAt(variables, index);
      if (dataset !== undefined) yield { name: [...path, weights[Number(index)] ?? index].join('/'), dataset };
    }
    for (const child of group.keys()) {
      const next = child === 'vars' ? undefined : groupAt(group, child);
      if (next === undefined) continue;
      if (CONTAINERS.has(child)) for (const place of layersOf(next, own)) yield* visit(place, path, depth + 1);
      else yield* visit({ group: next, kind: child, name: child, config: undefined }, path, depth + 1);
    }
  }
}

/** Whether the variables look like those of a dense layer. In a subclassed model, layers are listed by attribute name and have no class. */
function isDense(variables: Group): boolean {
  const ranks = [...variables.keys()].map((index) => datasetAt(variables, index)?.shape?.length);
  return ranks[0] === 2 && (ranks.length === 1 || (ranks.length === 2 && ranks[1] === 1));
}

/** Returns the layers of a container. Layers of the same class are in their original order. */
function layersOf(container: Group, config: LayerConfig | undefined): Place[] {
  const kinds = new Map<string, { readonly group: Group; readonly number: number }[]>();
  for (const key of container.keys()) {
    const group = groupAt(container, key);
    const [, kind = key, number = '0'] = /^(.*?)(?:_(\d+))?$/.exec(key) ?? [];
    if (group !== undefined) kinds.set(kind, [...(kinds.get(kind) ?? []), { group, number: Number(number) }]);
  }
  return [...kinds].flatMap(([kind, groups]) => {
    const configs = config?.layers.filter((layer) => layer.kind === kind) ?? [];
    // If the number of layers of a class differs from the configuration, they cannot be matched.
    const isComplete = configs.length === groups.length;
    return groups
      .sort((a, b) => a.number - b.number)
      .map(({ group }, i): Place => {
        const counted = i === 0 ? kind : `${kind}_${i}`;
        const found = isComplete ? configs[i] : undefined;
        return { group, kind, name: found?.name ?? counted, config: found };
      });
  });
}
