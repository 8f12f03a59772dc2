// Defines how each framework names and orients the weights of a network. The mappings are derived from the plan and work in both
// directions.

import { check, oneOf, rule, text } from '../core/internal.js';
import type { BlockPlan, LayerPlan, LayerRole, NetworkPlan } from '../scaling/index.js';

/** The framework whose names and axis order the arrays use. */
export type LayoutName = 'keras' | 'kerasOrder' | 'qubvel' | 'timm' | 'torchvision' | 'lukemelas' | 'tf1' | 'transformers';

/** One weight of a model and the corresponding array of a file. */
export interface LayoutEntry {
  /** Name of the weight in the model, the same as in Keras: `stem_conv/kernel`. */
  readonly weight: string;
  /** Name of the array in the file: `conv_stem.weight`. */
  readonly array: string;
  readonly modelShape: readonly number[];
  readonly fileShape: readonly number[];
  /** Axis `i` of the model is axis `toModel[i]` of the file. */
  readonly toModel: readonly number[];
}

/** The position of a layer in its network. */
interface Place {
  readonly plan: NetworkPlan;
  readonly layer: LayerPlan;
  /** The block of the layer, `null` in stem and top. */
  readonly block: BlockPlan | null;
  /** Index of the stage, of the block within its stage, and of the block within the network. */
  readonly at: { readonly stage: number; readonly block: number; readonly overall: number };
}

interface Naming {
  /** Returns the name of a layer other than the classifier. */
  readonly layer: (place: Place) => string;
  /** Name of the classifier. */
  readonly classifier: string;
  readonly orientation: 'tensorflow' | 'torch';
  /** Prefix of the backbone in files with a classifier, which is beside the backbone and not inside it. @defaultValue none */
  readonly backbone?: string | undefined;
}

/**
 * Returns the array name and axis order of every weight of a network in a layout, in the order of the model's weights. Custom layers keep
 * their names and axes.
 *
 * @param classifier - Name of the classifier layer in the file, if it is not the default of the layout.
 * @throws {OptionError} when the layout is unknown, or `plan` is not a plan.
 */
export function layoutEntries(layout: LayoutName, plan: NetworkPlan, classifier?: string): LayoutEntry[] {
  check('layoutEntries', 'layout', layout, oneOf(...LAYOUTS));
  check('layoutEntries', 'plan', plan, networkPlan);
  if (classifier !== undefined) check('layoutEntries', 'classifier', classifier, text);
  return fileEntries(layout, plan, classifier);
}

const networkPlan = rule<NetworkPlan>('a plan, as `planModel` and `planOf` return it,', (value) => {
  const { name, layers } = (value ?? {}) as Partial<NetworkPlan>;
  return (
    typeof name === 'string' &&
    Array.isArray(layers) &&
    layers.every((layer) => Array.isArray((layer as Partial<LayerPlan> | null)?.weights))
  );
});

/** Same as {@link layoutEntries}, without checking the arguments. */
export function fileEntries(layout: LayoutName, plan: NetworkPlan, classifier?: string): LayoutEntry[] {
  const entries = entriesOf(layout, plan, classifier);
  const { backbone } = NAMINGS[layout];
  if (backbone === undefined || !plan.layers.some(({ role }) => role === 'predictions')) return entries;
  return entries.map((entry) => (entry.weight.startsWith('predictions/') ? entry : { ...entry, array: `${backbone}${entry.array}` }));
}

/** Whether the classifier of a layout is beside the backbone in a file, and not inside its prefix. */
export function classifierIsBeside(layout: LayoutName): boolean {
  return NAMINGS[layout].backbone !== undefined;
}

/** Same as {@link fileEntries}, with names that are relative to the backbone. The name of the classifier is relative to its own scope. */
export function entriesOf(layout: LayoutName, plan: NetworkPlan, classifier = NAMINGS[layout].classifier): LayoutEntry[] {
  const naming = NAMINGS[layout];
  return places(plan).flatMap((place) => {
    const isOwn = place.layer.role === 'own';
    const isTorch = naming.orientation === 'torch' && !isOwn;
    const name = isOwn ? place.layer.name : place.layer.role === 'predictions' ? classifier : naming.layer(place);
    return place.layer.weights.map((weight) => {
      const kerasName = weight.name.slice(weight.name.lastIndexOf('/') + 1);
      const toModel = isTorch ? TORCH_TO_MODEL[kernelKind(place.layer, weight.shape)] : weight.shape.map((_, i) => i);
      const fileShape = new Array<number>(toModel.length);
      toModel.forEach((axis, i) => (fileShape[axis] = weight.shape[i] as number));
      const array = isTorch ? `${name}.${TORCH_WEIGHTS[kerasName] ?? kerasName}` : `${name}/${kerasName}`;
      return { weight: weight.name, array, modelShape: weight.shape, fileShape, toModel };
    });
  });
}

/** Returns the prefix of the classifier's arrays in a layout. */
export function classifierPrefix(layout: LayoutName, classifier = NAMINGS[layout].classifier): string {
  return `${classifier}${NAMINGS[layout].orientation === 'torch' ? '.' : '/'}`;
}

const TORCH_WEIGHTS: Readonly<Record<string, string>> = {
  kernel: 'weight',
  depthwise_kernel: 'weight',
  bias: 'bias',
  gamma: 'weight',
  beta: 'bias',
  moving_mean: 'running_mean',
  moving_variance: 'running_var',
};
// Converts [out, in, h, w] to [h, w, in, out], [channels, 1, h, w] to [h, w, channels, 1], and [out, in] to [in, out].
const TORCH_TO_MODEL = { conv: [2, 3, 1, 0], depthwiseConv: [2, 3, 0, 1], dense: [1, 0], vector: [0] } as const;

function kernelKind(layer: LayerPlan, shape: readonly number[]): keyof typeof TORCH_TO_MODEL {
  return shape.length === 1 || layer.kind === 'batchNorm' || layer.kind === 'other' ? 'vector' : layer.kind;
}

type RoleNames = Readonly<Partial<Record<LayerRole, string>>>;
const named = (names: RoleNames, { role }: LayerPlan): string => names[role] ?? role;

// efficientnet_pytorch/model.py numbers blocks across the whole network.
const LUKEMELAS: RoleNames = {
  stemConv: '_conv_stem',
  stemNorm: '_bn0',
  topConv: '_conv_head',
  topNorm: '_bn1',
  expandConv: '_expand_conv',
  expandNorm: '_bn0',
  depthwiseConv: '_depthwise_conv',
  depthwiseNorm: '_bn1',
  seReduce: '_se_reduce',
  seExpand: '_se_expand',
  projectConv: '_project_conv',
  projectNorm: '_bn2',
};

// timm/models/_efficientnet_blocks.py has one class per block type, each with its own names.
const TIMM: RoleNames = { stemConv: 'conv_stem', stemNorm: 'bn1', topConv: 'conv_head', topNorm: 'bn2' };
const TIMM_SE: RoleNames = { seReduce: 'se.conv_reduce', seExpand: 'se.conv_expand' };
const TIMM_BLOCKS = {
  mbConv: {
    expanded: {
      expandConv: 'conv_pw',
      expandNorm: 'bn1',
      depthwiseConv: 'conv_dw',
      depthwiseNorm: 'bn2',
      projectConv: 'conv_pwl',
      projectNorm: 'bn3',
      ...TIMM_SE,
    },
    plain: { depthwiseConv: 'conv_dw', depthwiseNorm: 'bn1', projectConv: 'conv_pw', projectNorm: 'bn2', ...TIMM_SE },
  },
  fusedMBConv: {
    expanded: { expandConv: 'conv_exp', expandNorm: 'bn1', projectConv: 'conv_pwl', projectNorm: 'bn2', ...TIMM_SE },
    plain: { projectConv: 'conv', projectNorm: 'bn1', ...TIMM_SE },
  },
} as const satisfies Record<BlockPlan['type'], Record<'expanded' | 'plain', RoleNames>>;

const NAMINGS: Readonly<Record<LayoutName, Naming>> = {
  keras: { layer: ({ layer }) => layer.name, classifier: 'predictions', orientation: 'tensorflow' },
  // For Keras files without layer names: layers are numbered per class, in the order of the network.
  kerasOrder: { layer: kerasOrderLayer, classifier: 'dense', orientation: 'tensorflow' },
  // github.com/qubvel/efficientnet uses the names of Keras, except for the classifier.
  qubvel: { layer: ({ layer }) => layer.name, classifier: 'probs', orientation: 'tensorflow' },
  timm: { layer: timmLayer, classifier: 'classifier', orientation: 'torch' },
  torchvision: { layer: torchvisionLayer, classifier: 'classifier.1', orientation: 'torch' },
  lukemelas: {
    layer: ({ layer, block, at }) => `${block === null ? '' : `_blocks.${at.overall}.`}${named(LUKEMELAS, layer)}`,
    classifier: '_fc',
    orientation: 'torch',
  },
  tf1: { layer: tf1Layer, classifier: 'head/dense', orientation: 'tensorflow' },
  transformers: { layer: transformersLayer, classifier: 'classifier', orientation: 'torch', backbone: 'efficientnet.' },
};

/** All layouts, in the order in which they are tried on a file. */
export const LAYOUTS = Object.keys(NAMINGS) as readonly LayoutName[];

const KERAS_CLASSES: Readonly<Record<LayerPlan['kind'], string>> = {
  conv: 'conv2d',
  depthwiseConv: 'depthwise_conv2d',
  batchNorm: 'batch_normalization',
  dense: 'dense',
  other: 'other',
};

function kerasOrderLayer({ plan, layer }: Place): string {
  const count = plan.layers.filter(({ kind }) => kind === layer.kind).indexOf(layer);
  return `${KERAS_CLASSES[layer.kind]}${count === 0 ? '' : `_${count}`}`;
}

function timmLayer({ layer, block, at }: Place): string {
  if (block === null) return named(TIMM, layer);
  const expanded = block.layers.some(({ role }) => role === 'expandConv');
  return `blocks.${at.stage}.${at.block}.${named(TIMM_BLOCKS[block.type][expanded ? 'expanded' : 'plain'], layer)}`;
}

// torchvision/models/efficientnet.py: convolution and normalization are items 0 and 1 of a Sequential. Blocks are Sequentials too, so
// their items are numbered.
function torchvisionLayer({ plan, layer, block, at }: Place): string {
  const item = layer.kind === 'batchNorm' ? 1 : 0;
  if (block === null) return `features.${layer.role.startsWith('stem') ? 0 : (plan.stages ?? []).length + 1}.${item}`;
  const parts = [...new Set(block.layers.map(({ role }) => partOf(role)))];
  const part = `features.${at.stage + 1}.${at.block}.block.${parts.indexOf(partOf(layer.role))}`;
  if (layer.role === 'seReduce') return `${part}.fc1`;
  return layer.role === 'seExpand' ? `${part}.fc2` : `${part}.${item}`;
}

function partOf(role: LayerRole): string {
  return role.replace(/(?:Conv|Norm|Reduce|Expand)$/, '');
}

// tensorflow/tpu efficientnet_model.py: layers of the same class are numbered in the order of creation, starting again in each scope.
function tf1Layer({ layer, block, at }: Place): string {
  const norm = 'tpu_batch_normalization';
  if (block === null) return `${layer.role.startsWith('stem') ? 'stem' : 'head'}/${layer.kind === 'batchNorm' ? norm : 'conv2d'}`;
  const scope = `blocks_${at.overall}`;
  if (layer.role === 'seReduce') return `${scope}/se/conv2d`;
  if (layer.role === 'seExpand') return `${scope}/se/conv2d_1`;
  if (layer.role === 'depthwiseConv') return `${scope}/depthwise_conv2d`;
  const peers = block.layers.filter(({ kind, role }) => kind === layer.kind && role !== 'seReduce' && role !== 'seExpand');
  const count = peers.indexOf(layer);
  return `${scope}/${layer.kind === 'batchNorm' ? norm : 'conv2d'}${count === 0 ? '' : `_${count}`}`;
}

// transformers/models/efficientnet/modeling_efficientnet.py numbers blocks across the whole network. It has no fused blocks.
const TRANSFORMERS: RoleNames = {
  stemConv: 'embeddings.convolution',
  stemNorm: 'embeddings.batchnorm',
  topConv: 'encoder.top_conv',
  topNorm: 'encoder.top_bn',
  expandConv: 'expansion.expand_conv',
  expandNorm: 'expansion.expand_bn',
  depthwiseConv: 'depthwise_conv.depthwise_conv',
  depthwiseNorm: 'depthwise_conv.depthwise_norm',
  seReduce: 'squeeze_excite.reduce',
  seExpand: 'squeeze_excite.expand',
  projectConv: 'projection.project_conv',
  projectNorm: 'projection.project_bn',
};

function transformersLayer({ layer, block, at }: Place): string {
  return `${block === null ? '' : `encoder.blocks.${at.overall}.`}${named(TRANSFORMERS, layer)}`;
}

function places(plan: NetworkPlan): Place[] {
  let overall = -1;
  const inBlocks = new Map(
    (plan.stages ?? []).flatMap((stage, s) =>
      stage.blocks.flatMap((block, b) => {
        overall += 1;
        const at = { stage: s, block: b, overall };
        return block.layers.map(({ name }) => [name, { block, at }] as const);
      }),
    ),
  );
  const outside = { block: null, at: { stage: 0, block: 0, overall: 0 } };
  return plan.layers.map((layer) => ({ plan, layer, ...(inBlocks.get(layer.name) ?? outside) }));
}
