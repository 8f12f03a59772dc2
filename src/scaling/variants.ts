// The specs of the published networks. planModel.ts scales them.

/** The activations of a network. */
export type Activation = 'swish' | 'relu' | 'relu6' | 'leakyRelu' | 'hardSwish' | 'linear';

/** Zero padding of a stride-2 convolution: `same` as in TensorFlow, `symmetric` as in PyTorch. */
export type Padding = 'same' | 'symmetric';

/**
 * Normalization inside the model for pixels in [0, 255]: `(x / 255 - mean) / std`, with one number or one per channel. `none` leaves the
 * pixels unchanged.
 */
export type Normalization = 'imagenet' | 'none' | { readonly mean: number | readonly number[]; readonly std: number | readonly number[] };

/** A sequence of equal blocks before scaling. `strides` applies only to the first block. */
export interface StageSpec {
  /** `fusedMBConv` uses one full convolution instead of the expansion and the depthwise convolution. @defaultValue 'mbConv' */
  readonly block?: 'mbConv' | 'fusedMBConv' | undefined;
  readonly repeats: number;
  readonly kernelSize: number;
  readonly strides: 1 | 2;
  /** Filters after the expansion, as a multiple of the block's input filters. 1 means no expansion. */
  readonly expandRatio: number;
  /** Number of output filters before width scaling. */
  readonly filters: number;
  /** Number of squeeze-and-excitation filters as a fraction of the block's *input* filters. 0 disables it. @defaultValue 0 */
  readonly seRatio?: number | undefined;
  /** Whether blocks add their input to their output if both have the same shape. @defaultValue true */
  readonly skip?: boolean | undefined;
  /** Number of filters, before width scaling, that the first block expands instead of its input filters (EdgeTPU). */
  readonly expandFrom?: number | undefined;
  /** Padding of this stage's convolution with stride 2. transformers can give each block its own. @defaultValue that of the network */
  readonly padding?: Padding | undefined;
}

/** The spec of a network: scaling coefficients and stages before scaling. */
export interface VariantSpec {
  readonly widthCoefficient: number;
  readonly depthCoefficient: number;
  /** The height and width that the network was designed for, in pixels. */
  readonly inputSize: number;
  /** Dropout rate before the classifier, in [0, 1). */
  readonly dropoutRate: number;
  /** Maximum rate of stochastic depth. Block b of n (counted from 0) drops samples at `rate * b / n`. @defaultValue 0.2 */
  readonly dropConnectRate?: number | undefined;
  readonly stages: readonly StageSpec[];
  /** @defaultValue 32 */
  readonly stemFilters?: number | undefined;
  /** @defaultValue 1280 */
  readonly topFilters?: number | undefined;
  /** Does not scale the filters of stem and top, or the depth of the first and last stage (Lite). @defaultValue false */
  readonly fixedEnds?: boolean | undefined;
  /** See {@link RoundFiltersOptions.minShare}. @defaultValue 0.9 */
  readonly minShare?: number | undefined;
  /** @defaultValue 'swish' */
  readonly activation?: Activation | undefined;
  /** Fraction of the moving statistics that is kept at every step. @defaultValue 0.99 */
  readonly batchNormMomentum?: number | undefined;
  /** @defaultValue 0.001 */
  readonly batchNormEpsilon?: number | undefined;
  /** @defaultValue 'imagenet' */
  readonly normalization?: Normalization | undefined;
  /** The suffix of the names of depthwise layers. Keras uses `dwconv2` in EfficientNetV2. @defaultValue 'dwconv' */
  readonly depthwiseName?: 'dwconv' | 'dwconv2' | undefined;
}

/** The name of a published network. */
export type Variant =
  | 'b0'
  | 'b1'
  | 'b2'
  | 'b3'
  | 'b4'
  | 'b5'
  | 'b6'
  | 'b7'
  | 'b8'
  | 'l2'
  | 'l2-475'
  | 'lite0'
  | 'lite1'
  | 'lite2'
  | 'lite3'
  | 'lite4'
  | 'v2-b0'
  | 'v2-b1'
  | 'v2-b2'
  | 'v2-b3'
  | 'v2-s'
  | 'v2-m'
  | 'v2-l'
  | 'v2-xl'
  | 'edgetpu-s'
  | 'edgetpu-m'
  | 'edgetpu-l';

type StageRow = readonly [repeats: number, kernelSize: number, strides: 1 | 2, expandRatio: number, filters: number, seRatio?: number];

const mb = ([repeats, kernelSize, strides, expandRatio, filters, seRatio = 0.25]: StageRow): StageSpec => ({
  repeats,
  kernelSize,
  strides,
  expandRatio,
  filters,
  seRatio,
});
const fused = ([repeats, kernelSize, strides, expandRatio, filters]: StageRow): StageSpec => ({
  block: 'fusedMBConv',
  repeats,
  kernelSize,
  strides,
  expandRatio,
  filters,
});

// Table 1 of the EfficientNet paper.
const STAGES_V1: readonly StageRow[] = [
  [1, 3, 1, 1, 16],
  [2, 3, 2, 6, 24],
  [2, 5, 2, 6, 40],
  [3, 3, 2, 6, 80],
  [3, 5, 1, 6, 112],
  [4, 5, 2, 6, 192],
  [1, 3, 1, 6, 320],
];

const v1 = (widthCoefficient: number, depthCoefficient: number, inputSize: number, dropoutRate: number): VariantSpec => ({
  widthCoefficient,
  depthCoefficient,
  inputSize,
  dropoutRate,
  stages: STAGES_V1.map(mb),
});

// Google's (x - 127) / 128 and (x - 128) / 128, converted to the scale of Normalization.
const AROUND_127: Normalization = { mean: 127 / 255, std: 128 / 255 };
const AROUND_128: Normalization = { mean: 128 / 255, std: 128 / 255 };

const lite = (widthCoefficient: number, depthCoefficient: number, inputSize: number, dropoutRate: number): VariantSpec => ({
  ...v1(widthCoefficient, depthCoefficient, inputSize, dropoutRate),
  stages: STAGES_V1.map(([repeats, kernelSize, strides, expandRatio, filters]) =>
    mb([repeats, kernelSize, strides, expandRatio, filters, 0]),
  ),
  fixedEnds: true,
  activation: 'relu6',
  normalization: AROUND_127,
});

const edgeTPU = (widthCoefficient: number, depthCoefficient: number, inputSize: number, dropoutRate: number): VariantSpec => ({
  widthCoefficient,
  depthCoefficient,
  inputSize,
  dropoutRate,
  stages: [
    { ...fused([1, 3, 1, 4, 24]), expandFrom: 24, skip: false },
    fused([2, 3, 2, 8, 32]),
    fused([4, 3, 2, 8, 48]),
    mb([5, 5, 2, 8, 96, 0]),
    mb([4, 5, 1, 8, 144, 0]),
    mb([2, 5, 2, 8, 192, 0]),
  ],
  activation: 'relu',
  normalization: AROUND_127,
});

const v2 = (
  [widthCoefficient, depthCoefficient, inputSize, dropoutRate]: readonly [number, number, number, number],
  stemFilters: number,
  normalization: Normalization,
  stages: readonly StageSpec[],
): VariantSpec => ({
  widthCoefficient,
  depthCoefficient,
  inputSize,
  dropoutRate,
  stages,
  stemFilters,
  normalization,
  minShare: 0,
  batchNormMomentum: 0.9,
  depthwiseName: 'dwconv2',
});

const STAGES_V2_B = [
  ...(
    [
      [1, 3, 1, 1, 16],
      [2, 3, 2, 4, 32],
      [2, 3, 2, 4, 48],
    ] as const
  ).map(fused),
  ...(
    [
      [3, 3, 2, 4, 96],
      [5, 3, 1, 6, 112],
      [8, 3, 2, 6, 192],
    ] as const
  ).map(mb),
];
const v2b = (widthCoefficient: number, depthCoefficient: number, inputSize: number, dropoutRate: number): VariantSpec =>
  v2([widthCoefficient, depthCoefficient, inputSize, dropoutRate], 32, 'imagenet', STAGES_V2_B);

const v2large = (
  inputSize: number,
  dropoutRate: number,
  stemFilters: number,
  fusedRows: readonly StageRow[],
  rows: readonly StageRow[],
): VariantSpec => v2([1, 1, inputSize, dropoutRate], stemFilters, AROUND_128, [...fusedRows.map(fused), ...rows.map(mb)]);

/**
 * The specs of all published networks by name. Use them to build, modify or inspect a network.
 *
 * The input sizes are the published ones. Where Google and timm differ (Lite3, Lite4), they are Google's.
 *
 * @example
 * planModel({ ...VARIANTS.b0, widthCoefficient: 0.5 });
 * @see EfficientNet (arXiv 1905.11946) table 1; EfficientNetV2 (arXiv 2104.00298) table 4
 */
export const VARIANTS: Readonly<Record<Variant, VariantSpec>> = {
  b0: v1(1.0, 1.0, 224, 0.2),
  b1: v1(1.0, 1.1, 240, 0.2),
  b2: v1(1.1, 1.2, 260, 0.3),
  b3: v1(1.2, 1.4, 300, 0.3),
  b4: v1(1.4, 1.8, 380, 0.4),
  b5: v1(1.6, 2.2, 456, 0.4),
  b6: v1(1.8, 2.6, 528, 0.5),
  b7: v1(2.0, 3.1, 600, 0.5),
  b8: v1(2.2, 3.6, 672, 0.5),
  l2: v1(4.3, 5.3, 800, 0.5),
  'l2-475': v1(4.3, 5.3, 475, 0.5),
  lite0: lite(1.0, 1.0, 224, 0.2),
  lite1: lite(1.0, 1.1, 240, 0.2),
  lite2: lite(1.1, 1.2, 260, 0.3),
  lite3: lite(1.2, 1.4, 280, 0.3),
  lite4: lite(1.4, 1.8, 300, 0.3),
  'v2-b0': v2b(1.0, 1.0, 224, 0.2),
  'v2-b1': v2b(1.0, 1.1, 240, 0.2),
  'v2-b2': v2b(1.1, 1.2, 260, 0.3),
  'v2-b3': v2b(1.2, 1.4, 300, 0.3),
  'v2-s': v2large(
    384,
    0.2,
    24,
    [
      [2, 3, 1, 1, 24],
      [4, 3, 2, 4, 48],
      [4, 3, 2, 4, 64],
    ],
    [
      [6, 3, 2, 4, 128],
      [9, 3, 1, 6, 160],
      [15, 3, 2, 6, 256],
    ],
  ),
  'v2-m': v2large(
    480,
    0.3,
    24,
    [
      [3, 3, 1, 1, 24],
      [5, 3, 2, 4, 48],
      [5, 3, 2, 4, 80],
    ],
    [
      [7, 3, 2, 4, 160],
      [14, 3, 1, 6, 176],
      [18, 3, 2, 6, 304],
      [5, 3, 1, 6, 512],
    ],
  ),
  'v2-l': v2large(
    480,
    0.4,
    32,
    [
      [4, 3, 1, 1, 32],
      [7, 3, 2, 4, 64],
      [7, 3, 2, 4, 96],
    ],
    [
      [10, 3, 2, 4, 192],
      [19, 3, 1, 6, 224],
      [25, 3, 2, 6, 384],
      [7, 3, 1, 6, 640],
    ],
  ),
  'v2-xl': v2large(
    512,
    0.4,
    32,
    [
      [4, 3, 1, 1, 32],
      [8, 3, 2, 4, 64],
      [8, 3, 2, 4, 96],
    ],
    [
      [16, 3, 2, 4, 192],
      [24, 3, 1, 6, 256],
      [32, 3, 2, 6, 512],
      [8, 3, 1, 6, 640],
    ],
  ),
  'edgetpu-s': edgeTPU(1.0, 1.0, 224, 0.2),
  'edgetpu-m': edgeTPU(1.0, 1.1, 240, 0.2),
  'edgetpu-l': edgeTPU(1.2, 1.4, 300, 0.3),
};
