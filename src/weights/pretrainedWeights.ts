// Lists the published checkpoints: where to download them, how to verify them, and which model options they need. Nothing is downloaded
// here.

import { check, keysOf, oneOf, rule } from '../core/internal.js';
import type { Preprocessing } from '../image/index.js';
import { publishedEvaluation } from '../models/internal.js';
import type { EfficientNetOptions } from '../models/index.js';
import { VARIANTS, type Normalization, type Padding, type Variant } from '../scaling/index.js';
import { KERAS_V1, KERAS_V2, LUKEMELAS, LUKEMELAS_ADVPROP, QUBVEL_AUTOAUGMENT, QUBVEL_NOISY_STUDENT, TORCHVISION } from './digests.js';
import type { LayoutName } from './layouts.js';
import { TIMM_ROWS } from './timmRows.js';

/** Digest that verifies a file. */
export interface Digest {
  readonly algorithm: 'md5' | 'sha256';
  /** Hexadecimal digits. Only the first ones if no more are published. */
  readonly hex: string;
}

/** A location of a checkpoint. */
export interface WeightsSource {
  readonly url: string;
  /** `null` if no digest is published. */
  readonly digest: Digest | null;
}

/** A published checkpoint. */
export interface PretrainedWeights {
  readonly variant: Variant;
  /** Preferred source first. */
  readonly sources: readonly WeightsSource[];
  readonly license: 'Apache-2.0' | 'BSD-3-Clause';
  readonly layout: LayoutName;
  /** Whether the file contains a classifier. */
  readonly includeTop: boolean;
  /** Number of classes: 1000 for ImageNet, 11,821 or 21,843 for its larger versions. */
  readonly classes: number;
  readonly padding: Padding;
  readonly batchNormEpsilon: number;
  readonly normalization: Normalization;
  /** Side length in pixels of the images it was evaluated on. */
  readonly inputSize: number;
  /**
   * How images were turned into the input when the published accuracy was measured. timm's entries use its test size
   * (`use_test_size=True`). `keras/` and `qubvel/` contain the weights of EfficientNet's authors, so they use the authors' evaluation.
   * The authors resized images for the first generation with TensorFlow 1's bicubic method; this library uses TensorFlow 2's.
   */
  readonly preprocessing: Preprocessing;
  /** Published top-1 accuracy on ImageNet in percent; `null` if none is published. */
  readonly top1: number | null;
}

const HALF: Normalization = { mean: 0.5, std: 0.5 };
const GOOGLE_LIKE = { license: 'Apache-2.0', padding: 'same', batchNormEpsilon: 1e-3, classes: 1000 } as const;
// timm and torchvision resize with Pillow for evaluation.
const PILLOW = { antialias: true, resampler: 'pillow', margins: 'even' } as const;

// As in examples/imagenet/main.py of lukemelas/EfficientNet-PyTorch.
const lukemelasEvaluation = (inputSize: number): Preprocessing => ({ ...PILLOW, inputSize, fit: 'resizeCrop', interpolation: 'bicubic' });

// Top-1 accuracy from tensorflow/tpu models/official/efficientnet/README.md and google/automl efficientnetv2/README.md.
const AUTOAUGMENT_TOP1 = [77.1, 79.1, 80.1, 81.6, 82.9, 83.6, 84.0, 84.3];
const NOISY_STUDENT_TOP1 = [78.8, 81.5, 82.4, 84.1, 85.3, 86.1, 86.4, 86.9];
const ADVPROP_TOP1 = [77.6, 79.6, 80.5, 81.9, 83.3, 84.3, 84.8, 85.2, 85.5];
const V2_TOP1: Readonly<Record<string, number>> = { b0: 78.7, b1: 79.8, b2: 80.5, b3: 82.1, s: 83.9, m: 85.2, l: 85.7 };

type Rows = [name: string, weights: PretrainedWeights][];

/** Returns the two files of a network, with and without its classifier. */
function topAndNotop(
  name: string,
  [top, notop]: readonly [string, string],
  algorithm: Digest['algorithm'],
  url: (suffix: string) => string,
  common: Omit<PretrainedWeights, 'sources' | 'includeTop'>,
): Rows {
  const file = (hex: string, suffix: string, includeTop: boolean): PretrainedWeights => ({
    ...common,
    includeTop,
    top1: includeTop ? common.top1 : null,
    sources: [{ url: url(suffix), digest: { algorithm, hex } }],
  });
  return [
    [name, file(top, '', true)],
    [`${name}-notop`, file(notop, '_notop', false)],
  ];
}

function firstGeneration(variant: Variant, layout: LayoutName, top1: number | null): Omit<PretrainedWeights, 'sources' | 'includeTop'> {
  const { inputSize } = VARIANTS[variant];
  return { ...GOOGLE_LIKE, variant, layout, normalization: 'imagenet', inputSize, preprocessing: publishedEvaluation(variant), top1 };
}

function keras(): Rows {
  const first = Object.entries(KERAS_V1).flatMap(([variant, digests], i) =>
    topAndNotop(
      `keras/${variant}`,
      digests,
      'md5',
      (suffix) => `https://storage.googleapis.com/keras-applications/efficientnet${variant}${suffix}.h5`,
      firstGeneration(variant as Variant, 'keras', AUTOAUGMENT_TOP1[i] ?? null),
    ),
  );
  const second = Object.entries(KERAS_V2).flatMap(([size, digests]) => {
    const variant = `v2-${size}` as Variant;
    const { normalization } = VARIANTS[variant] as { normalization: Normalization };
    return topAndNotop(
      `keras/${variant}`,
      digests,
      'md5',
      (suffix) => `https://storage.googleapis.com/tensorflow/keras-applications/efficientnet_v2/efficientnetv2-${size}${suffix}.h5`,
      { ...firstGeneration(variant, 'keras', V2_TOP1[size] ?? null), normalization },
    );
  });
  return [...first, ...second];
}

function qubvel(): Rows {
  const autoAugment = Object.entries(QUBVEL_AUTOAUGMENT).flatMap(([variant, digests], i) =>
    topAndNotop(
      `qubvel/${variant}`,
      digests,
      'sha256',
      (suffix) =>
        `https://github.com/Callidior/keras-applications/releases/download/efficientnet/efficientnet-${variant}_weights_tf_dim_ordering_tf_kernels_autoaugment${suffix}.h5`,
      firstGeneration(variant as Variant, 'qubvel', AUTOAUGMENT_TOP1[i] ?? null),
    ),
  );
  const noisyStudent = Object.entries(QUBVEL_NOISY_STUDENT).flatMap(([variant, digests], i) =>
    topAndNotop(
      `qubvel/${variant}-noisy-student`,
      digests,
      'md5',
      (suffix) => `https://github.com/qubvel/efficientnet/releases/download/v0.0.1/efficientnet-${variant}_noisy-student${suffix}.h5`,
      firstGeneration(variant as Variant, 'qubvel', NOISY_STUDENT_TOP1[i] ?? null),
    ),
  );
  return [...autoAugment, ...noisyStudent];
}

function lukemelas(): Rows {
  const base = 'https://github.com/lukemelas/EfficientNet-PyTorch/releases/download/1.0/';
  const row = (name: string, file: string, hex: string, common: Omit<PretrainedWeights, 'sources' | 'includeTop'>): Rows[number] => [
    name,
    {
      ...common,
      preprocessing: lukemelasEvaluation(common.inputSize),
      includeTop: true,
      sources: [{ url: `${base}${file}-${hex}.pth`, digest: { algorithm: 'sha256', hex } }],
    },
  ];
  return [
    ...LUKEMELAS.map((hex, i) => row(`lukemelas/b${i}`, `efficientnet-b${i}`, hex, firstGeneration(`b${i}` as Variant, 'lukemelas', null))),
    ...LUKEMELAS_ADVPROP.map((hex, i) =>
      row(`lukemelas/b${i}-advprop`, `adv-efficientnet-b${i}`, hex, {
        ...firstGeneration(`b${i}` as Variant, 'lukemelas', ADVPROP_TOP1[i] ?? null),
        normalization: HALF,
      }),
    ),
  ];
}

type TorchvisionRow = readonly [
  name: string,
  variant: Variant,
  file: string,
  inputSize: number,
  resized: number,
  top1: number,
  interpolation?: 'bilinear',
];
const TORCHVISION_ROWS: readonly TorchvisionRow[] = [
  ['b0', 'b0', 'efficientnet_b0_rwightman-7f5810bc', 224, 256, 77.692],
  ['b1', 'b1', 'efficientnet_b1_rwightman-bac287d4', 240, 256, 78.642],
  ['b1-v2', 'b1', 'efficientnet_b1-c27df63c', 240, 255, 79.838, 'bilinear'],
  ['b2', 'b2', 'efficientnet_b2_rwightman-c35c1473', 288, 288, 80.608],
  ['b3', 'b3', 'efficientnet_b3_rwightman-b3899882', 300, 320, 82.008],
  ['b4', 'b4', 'efficientnet_b4_rwightman-23ab8bcd', 380, 384, 83.384],
  ['b5', 'b5', 'efficientnet_b5_lukemelas-1a07897c', 456, 456, 83.444],
  ['b6', 'b6', 'efficientnet_b6_lukemelas-24a108a5', 528, 528, 84.008],
  ['b7', 'b7', 'efficientnet_b7_lukemelas-c5b4e57e', 600, 600, 84.122],
  ['v2-s', 'v2-s', 'efficientnet_v2_s-dd5fe13b', 384, 384, 84.228, 'bilinear'],
  ['v2-m', 'v2-m', 'efficientnet_v2_m-dc08266a', 480, 480, 85.112, 'bilinear'],
  ['v2-l', 'v2-l', 'efficientnet_v2_l-59c71312', 480, 480, 85.808],
];

function torchvision(): Rows {
  return TORCHVISION_ROWS.map(([name, variant, file, inputSize, resized, top1, interpolation]): Rows[number] => [
    `torchvision/${name}`,
    {
      variant,
      layout: 'torchvision',
      license: 'BSD-3-Clause',
      includeTop: true,
      classes: 1000,
      padding: 'symmetric',
      // torchvision uses PyTorch's default epsilon only for B0-B4.
      batchNormEpsilon: /^b[0-4]$/.test(variant) ? 1e-5 : 1e-3,
      normalization: variant === 'v2-l' ? HALF : 'imagenet',
      inputSize,
      top1,
      preprocessing: {
        ...PILLOW,
        inputSize,
        fit: 'resizeCrop',
        cropFraction: inputSize / resized,
        interpolation: interpolation ?? 'bicubic',
      },
      sources: [
        {
          url: `https://download.pytorch.org/models/${file}.pth`,
          digest: { algorithm: 'sha256', hex: TORCHVISION[file] ?? file.slice(-8) },
        },
      ],
    },
  ]);
}

function timm(): Rows {
  return TIMM_ROWS.map(([name, variant, inputSize, cropFraction, normalization, top1, file, squash]) => {
    const isPorted = name.startsWith('tf_');
    const hub: WeightsSource = { url: `https://huggingface.co/timm/${name}/resolve/main/model.safetensors`, digest: null };
    const release = `https://github.com/rwightman/pytorch-image-models/releases/download/v0.1-${variant.startsWith('v2') ? 'effv2-' : ''}weights/${file}`;
    return [
      `timm/${name}`,
      {
        variant,
        layout: 'timm',
        license: 'Apache-2.0',
        includeTop: true,
        inputSize,
        top1,
        preprocessing: {
          ...PILLOW,
          inputSize,
          fit: squash === undefined ? 'resizeCrop' : 'stretch',
          cropFraction,
          interpolation: variant === 'lite3' || variant === 'lite4' ? 'bilinear' : 'bicubic',
        },
        classes: /\.(sw_)?in12k$/.test(name) ? 11821 : name.endsWith('.in21k') ? 21843 : 1000,
        padding: isPorted ? 'same' : 'symmetric',
        batchNormEpsilon: isPorted ? 1e-3 : 1e-5,
        normalization: normalization === 'half' ? HALF : 'imagenet',
        sources: file === '' ? [hub] : [{ url: release, digest: { algorithm: 'sha256', hex: file.slice(-12, -4) } }, hub],
      },
    ];
  });
}

/**
 * All published ImageNet checkpoints that this library can load, by name: `keras/b0`, `qubvel/b3-noisy-student-notop`,
 * `lukemelas/b8-advprop`, `torchvision/v2-s`, `timm/tf_efficientnet_lite0.in1k`.
 *
 * @example
 * Object.entries(PRETRAINED).filter(([, { variant }]) => variant === 'b4').map(([name, { top1 }]) => [name, top1]);
 */
export const PRETRAINED: Readonly<Record<string, PretrainedWeights>> = /* @__PURE__ */ Object.fromEntries(/* @__PURE__ */ allRows());

function allRows(): Rows {
  return [...keras(), ...qubvel(), ...lukemelas(), ...torchvision(), ...timm()];
}

/**
 * Returns the name of the default checkpoint of a variant. It is a checkpoint of timm, converted from Google's. Its file can be downloaded
 * in Node and on web pages.
 *
 * @throws {OptionError} when the variant is unknown.
 */
export function defaultPretrained(variant: Variant): string {
  check('defaultPretrained', 'variant', variant, oneOf(...keysOf(VARIANTS)));
  const name = {
    b8: 'timm/tf_efficientnet_b8.ra_in1k',
    l2: 'timm/tf_efficientnet_l2.ns_jft_in1k',
    'l2-475': 'timm/tf_efficientnet_l2.ns_jft_in1k_475',
    'v2-xl': 'timm/tf_efficientnetv2_xl.in21k_ft_in1k',
    'edgetpu-s': 'timm/tf_efficientnet_es.in1k',
    'edgetpu-m': 'timm/tf_efficientnet_em.in1k',
    'edgetpu-l': 'timm/tf_efficientnet_el.in1k',
  }[variant as string];
  if (name !== undefined) return name;
  if (variant.startsWith('v2-')) return `timm/tf_efficientnetv2_${variant.slice(3)}.in1k`;
  return `timm/tf_efficientnet_${variant}.${variant.startsWith('lite') ? 'in1k' : 'aa_in1k'}`;
}

const published = rule<PretrainedWeights>('an entry of PRETRAINED', (value) => {
  const { variant, sources, includeTop } = (value ?? {}) as Partial<PretrainedWeights>;
  return Object.hasOwn(VARIANTS, variant ?? '') && Array.isArray(sources) && typeof includeTop === 'boolean';
});

/**
 * Returns the options that {@link efficientNet} needs to build the model that a checkpoint was trained with.
 *
 * @throws {OptionError} when the value is not an entry of {@link PRETRAINED}.
 * @example
 * const weights = PRETRAINED['torchvision/b0'] as PretrainedWeights;
 * const model = efficientNet(weights.variant, modelOptionsOf(weights));
 */
export function modelOptionsOf(weights: PretrainedWeights): EfficientNetOptions {
  check('modelOptionsOf', 'weights', weights, published);
  const { padding, batchNormEpsilon, normalization, inputSize, includeTop, classes } = weights;
  const common = { padding, batchNormEpsilon, normalization, inputSize };
  return includeTop ? { ...common, classes } : { ...common, includeTop: false };
}
