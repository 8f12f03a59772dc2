// Maps the weight names of a converted Keras model to the names TensorFlow.js uses, such as `layer/kernel`.

import { snakeCase } from './snakeCase.js';

type Json = Readonly<Record<string, unknown>>;

/** A layer that has weights itself. */
interface Leaf {
  readonly name: string;
  readonly className: string;
  readonly config: Json;
  /** Names of the models that contain the layer, followed by its own name. */
  readonly path: readonly string[];
  /** Where a `.keras` file stores its variables: one key per nested model, followed by its own key. */
  readonly keys: readonly string[];
}

/**
 * Returns a function that maps a weight name in the file to the name in the model. The function returns `null` for arrays that are not
 * weights of the model, such as the state of an optimizer or a random generator.
 *
 * Weights converted from `.h5` are named `dense/kernel`, or in Keras 3 also `sequential/dense/kernel`. Weights converted from `.keras`
 * are named by the path of their object, such as `layers/functional/layers/conv2d_1/vars/0`.
 *
 * @param topology - The `modelTopology` of a model.json.
 */
export function kerasWeightNames(topology: unknown): (name: string) => string | null {
  const leaves = [...leavesOf(modelConfig(topology), [], [])];
  const byName = new Map<string, Leaf[]>();
  for (const leaf of leaves) byName.set(leaf.name, [...(byName.get(leaf.name) ?? []), leaf]);
  const byKeys = new Map(leaves.map((leaf) => [leaf.keys.join('/'), leaf]));
  const rename = (leaf: Leaf, variable: string): string =>
    `${byName.get(leaf.name)?.length === 1 ? leaf.name : leaf.path.join('/')}/${variable}`;

  return (name) => {
    const parts = name.split('/');
    if (parts[0] === 'optimizer' || parts.includes('seed_generator') || parts.at(-1) === 'seed_generator_state') return null;
    const place = /^(.*)\/vars\/(\d+)$/.exec(name);
    if (place !== null) {
      const keys = (place[1] ?? '').split('/').filter((part) => !CONTAINERS.has(part));
      const leaf = byKeys.get(keys.join('/'));
      return leaf === undefined ? name : rename(leaf, variablesOf(leaf)[Number(place[2])] ?? String(place[2]));
    }
    const variable = parts.pop() ?? '';
    // Layer names may contain slashes, so the longest match is used.
    const candidates = parts.map((_, i) => byName.get(parts.slice(i).join('/'))).find((found) => found !== undefined) ?? [];
    const leaf = candidates.length === 1 ? candidates[0] : candidates.find(({ path }) => path.join('/').endsWith(parts.join('/')));
    if (leaf === undefined) return name;
    return rename(leaf, leaf.className === 'DepthwiseConv2D' && variable === 'kernel' ? 'depthwise_kernel' : variable);
  };
}

/** Returns the serialized model in a `modelTopology`, without the object that Keras may wrap around it. */
export function modelConfig(topology: unknown): unknown {
  return record(topology)['model_config'] ?? topology;
}

const CONTAINERS: ReadonlySet<string> = new Set(['layers', '_layer_checkpoint_dependencies']);

function* leavesOf(model: unknown, path: readonly string[], keys: readonly string[]): Generator<Leaf> {
  const used = new Map<string, number>();
  for (const layer of layersOf(model) ?? []) {
    const { class_name: className, name: outerName, config } = record(layer);
    const name = record(config)['name'] ?? outerName;
    if (typeof className !== 'string' || typeof name !== 'string') continue;
    // Layers of the same class are numbered, as in _save_container_state of keras/src/saving/saving_lib.py.
    const kind = snakeCase(className);
    const count = used.get(kind) ?? 0;
    used.set(kind, count + 1);
    const below = { path: [...path, name], keys: [...keys, count === 0 ? kind : `${kind}_${count}`] };
    if (layersOf(layer) !== undefined) yield* leavesOf(layer, below.path, below.keys);
    else yield { name, className, config: record(config), ...below };
  }
}

/** Returns the layers of a serialized model, or `undefined` for a layer. Early versions of Keras wrote a Sequential model as a list. */
function layersOf(model: unknown): readonly unknown[] | undefined {
  const { config } = record(model);
  const layers = Array.isArray(config) ? (config as unknown[]) : record(config)['layers'];
  return Array.isArray(layers) ? layers : undefined;
}

function record(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

/** Returns the variable names of a layer in the order of Keras: trainable variables first. */
function variablesOf({ className, config }: Leaf): readonly string[] {
  const scaled = [...(config['scale'] === false ? [] : ['gamma']), ...(config['center'] === false ? [] : ['beta'])];
  switch (className) {
    case 'BatchNormalization':
      return [...scaled, 'moving_mean', 'moving_variance'];
    case 'LayerNormalization':
      return scaled;
    case 'Normalization':
      return ['mean', 'variance', 'count'];
    case 'DepthwiseConv2D':
      return ['depthwise_kernel', 'bias'];
    case 'SeparableConv1D':
    case 'SeparableConv2D':
      return ['depthwise_kernel', 'pointwise_kernel', 'bias'];
    case 'PReLU':
      return ['alpha'];
    case 'Embedding':
      return ['embeddings'];
    default:
      return ['kernel', 'bias'];
  }
}
