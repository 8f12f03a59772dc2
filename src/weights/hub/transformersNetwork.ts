// Converts the config.json of transformers' EfficientNet to a variant or spec with its options. transformersConfig.ts does the opposite.

import { arrayOf, finite, nonNegative, oneOf, positive, positiveInteger, rate, rule, show, size, text } from '../../core/internal.js';
import { WeightsError } from '../../core/index.js';
import { roundFilters, VARIANTS, type Activation, type BlockPlan, type ClassifierActivation, type StageSpec } from '../../scaling/index.js';
import type { PlanModelOptions, Variant, VariantSpec } from '../../scaling/index.js';
import { isJsonObject, refused, setting, type JsonFile } from './hubFiles.js';
import { labelsOf, type HubNetwork } from './hubNetwork.js';

/** The `model_type` of the networks. */
export const TRANSFORMERS_TYPE = 'efficientnet';

/** Filters of stem and top before scaling. transformers' code has these numbers in place of options. */
export const [STEM_FILTERS, TOP_FILTERS] = [32, 1280] as const;

/** transformers' activations that compute the same here. Its `leaky_relu` has another slope. */
export const TRANSFORMERS_ACTIVATIONS: Readonly<Record<string, Activation>> = {
  swish: 'swish',
  silu: 'swish',
  relu: 'relu',
  relu6: 'relu6',
  hardswish: 'hardSwish',
  linear: 'linear',
};

/** Whether transformers has such a block: with a depthwise convolution and squeeze-and-excitation. */
export function isTransformersBlock({ type, layers }: BlockPlan): boolean {
  return type === 'mbConv' && layers.some(({ role }) => role === 'seReduce');
}

const integers = arrayOf(positiveInteger);

/**
 * Converts the configuration of `EfficientNetForImageClassification` or `EfficientNetModel`. Missing keys have the defaults of transformers.
 *
 * @param file - The content of config.json.
 * @param inputSize - Height and width of the images. transformers pads its convolutions with stride 2 for one size, so the padding here
 *   depends on it. @defaultValue `image_size` of the configuration
 * @throws {WeightsError} when a value is damaged, or no network of this library computes the same.
 * @see transformers/models/efficientnet/configuration_efficientnet.py and modeling_efficientnet.py
 */
export function transformersNetwork(file: JsonFile, inputSize?: readonly [height: number, width: number]): HubNetwork {
  const includeTop = isClassifier(file);
  const coefficients = {
    widthCoefficient: setting(file, 'width_coefficient', positive, 2),
    depthCoefficient: setting(file, 'depth_coefficient', positive, 3.1),
  };
  const own = setting(file, 'image_size', size, 600);
  const sides = inputSize ?? (typeof own === 'number' ? ([own, own] as const) : own);
  const stages = withPadding(file, stagesOf(file, coefficients), coefficients.depthCoefficient, sides);
  const dropoutRate = setting(file, 'dropout_rate', rate, 0.5);
  const dropConnectRate = setting(file, 'drop_connect_rate', rate, 0.2);
  const activation = TRANSFORMERS_ACTIVATIONS[setting(file, 'hidden_act', oneOf(...Object.keys(TRANSFORMERS_ACTIVATIONS)), 'swish')];
  const channels = setting(file, 'num_channels', positiveInteger, 3);
  const variant = variantOf({ ...coefficients, inputSize: sides[0], dropoutRate, dropConnectRate, stages });
  const common = {
    inputSize: sides[0] === sides[1] ? sides[0] : sides,
    ...(channels === 3 ? {} : { inputChannels: channels }),
    dropoutRate,
    dropConnectRate,
    activation,
    // PyTorch's momentum is 1 minus that of Keras. transformers passes the value of Keras, which is what is meant.
    batchNormMomentum: setting(file, 'batch_norm_momentum', rate, 0.99),
    batchNormEpsilon: setting(file, 'batch_norm_eps', positive, 1e-3),
  };
  const pooling = setting(file, 'pooling_type', oneOf('mean', 'max'), 'mean') === 'max' ? 'max' : 'avg';
  if (!includeTop) {
    return { variant, options: { ...common, includeTop, pooling }, classNames: undefined, layout: 'transformers' };
  }
  if (pooling === 'max') {
    throw refused(file, 'pooling_type', "'mean'", 'max', 'No classifier of this library has maximum pooling below it.');
  }
  const labels = file.content['id2label'];
  if (labels !== undefined && !isJsonObject(labels)) throw refused(file, 'id2label', 'an object', labels);
  // transformers does not write the labels of its default, two classes.
  const classes = labels === undefined ? setting(file, 'num_labels', positiveInteger, 2) : Object.keys(labels).length;
  const options: PlanModelOptions = { ...common, classes, classifierActivation: classifierActivation(file, classes) };
  return { variant, options, classNames: labelsOf(file, 'id2label', labels), layout: 'transformers' };
}

function isClassifier(file: JsonFile): boolean {
  const [architecture] = setting(file, 'architectures', arrayOf(text));
  if (architecture === 'EfficientNetForImageClassification') return true;
  if (architecture === 'EfficientNetModel') return false;
  throw refused(file, 'architectures', "['EfficientNetForImageClassification'] or ['EfficientNetModel']", [architecture]);
}

function classifierActivation(file: JsonFile, classes: number): ClassifierActivation {
  const problem = setting(file, 'problem_type', text, 'single_label_classification');
  if (problem === 'regression') return 'linear';
  return problem === 'multi_label_classification' || classes === 1 ? 'sigmoid' : 'softmax';
}

function stagesOf(file: JsonFile, { widthCoefficient, depthCoefficient }: Coefficients): StageSpec[] {
  const repeats = setting(file, 'num_block_repeats', integers, [1, 2, 2, 3, 3, 4, 1]);
  const list = (key: string, fallback: readonly number[], each = positiveInteger): readonly number[] => {
    const values = setting(file, key, arrayOf(each), fallback);
    if (values.length !== repeats.length) throw refused(file, key, `${repeats.length} numbers, as in \`num_block_repeats\`,`, values);
    return values;
  };
  const outputs = list('out_channels', [16, 24, 40, 80, 112, 192, 320]);
  const inputs = list('in_channels', [32, 16, 24, 40, 80, 112, 192]);
  const kernels = list(
    'kernel_sizes',
    [3, 3, 5, 3, 5, 5, 3],
    rule<number>('an odd number', (value) => positiveInteger.accepts(value) && value % 2 === 1),
  );
  const strides = list('strides', [1, 2, 2, 2, 1, 2, 1], oneOf(1, 2));
  const ratios = list('expand_ratios', [1, 6, 6, 6, 6, 6, 6]);
  const seRatio = setting(
    file,
    'squeeze_expansion_ratio',
    rule<number>('a number in (0, 1]', (value) => positive.accepts(value) && value <= 1),
    0.25,
  );
  const scaled = (filters: number): number => roundFilters(filters, widthCoefficient);

  const divisor = setting(file, 'depth_divisor', positiveInteger, 8);
  if (divisor !== 8) throw refused(file, 'depth_divisor', '8', divisor, 'Networks of this library round filters to multiples of 8.');
  const features = setting(file, 'hidden_dim', positiveInteger, 2560);
  if (features !== scaled(TOP_FILTERS))
    throw refused(file, 'hidden_dim', `${scaled(TOP_FILTERS)}, the filters of the last convolution,`, features);
  const before = [STEM_FILTERS, ...outputs.slice(0, -1)];
  if (inputs.some((filters, i) => scaled(filters) !== scaled(before[i] ?? NaN))) {
    throw refused(file, 'in_channels', `the filters before each stage, [${before.join(', ')}],`, inputs);
  }
  return repeats.map((count, i): StageSpec => {
    const stage = {
      repeats: count,
      kernelSize: kernels[i] ?? 3,
      strides: strides[i] === 2 ? 2 : 1,
      expandRatio: ratios[i] ?? 6,
      filters: outputs[i] ?? NaN,
      seRatio,
    } as const;
    // transformers never adds the input of a stage's first block to its output.
    if (stage.strides === 2 || scaled(inputs[i] ?? NaN) !== scaled(stage.filters)) return stage;
    if (Math.ceil(depthCoefficient * count) === 1) return { ...stage, skip: false };
    throw refused(
      file,
      'out_channels',
      `another number of filters than before stage ${i + 1}`,
      outputs,
      'transformers has no skip connection in its first block.',
    );
  });
}

type Coefficients = Pick<VariantSpec, 'widthCoefficient' | 'depthCoefficient'>;

/**
 * Gives each stage the padding of its first block. transformers pads like TensorFlow at even sizes. For the blocks in `depthwise_padding`
 * it pads the same number of pixels on all sides, which is what TensorFlow does at odd sizes.
 */
function withPadding(file: JsonFile, stages: readonly StageSpec[], depth: number, input: readonly [number, number]): StageSpec[] {
  const listed = setting(
    file,
    'depthwise_padding',
    arrayOf(rule<number>('an index', (value) => finite.accepts(value) && nonNegative.accepts(value))),
    [],
  );
  const halved = (sides: readonly number[]): readonly number[] => sides.map((side) => Math.ceil(side / 2));
  const isOdd = (side: number): boolean => side % 2 === 1;
  const unfit = (part: string, sides: readonly number[]): WeightsError =>
    new WeightsError(
      `${file.where}: expected an input size at which transformers pads like TensorFlow for ${file.name}, received ${show(input)}, ` +
        `at which ${part} has ${sides.join(' x ')} pixels, an odd number. Pass \`inputSize\`, a multiple of 32.`,
    );
  if (input.some(isOdd)) throw unfit('the image', input);
  let sides = halved(input);
  let block = 0;
  return stages.map((stage) => {
    const first = block;
    block += Math.ceil(depth * stage.repeats);
    if (stage.strides === 1) return stage;
    const map = sides;
    sides = halved(sides);
    if (!listed.includes(first) && map.some(isOdd)) throw unfit(`the input of block ${first}`, map);
    return listed.includes(first) && !map.every(isOdd) ? { ...stage, padding: 'symmetric' } : stage;
  });
}

/** Returns the name of a published network, or else its spec. */
function variantOf(spec: VariantSpec): Variant | VariantSpec {
  const outline = ({ widthCoefficient, depthCoefficient, stages }: VariantSpec): string =>
    JSON.stringify([widthCoefficient, depthCoefficient, stages.map((stage) => Object.entries(stage).sort())]);
  const name = (Object.keys(VARIANTS) as Variant[]).find((variant) => outline(VARIANTS[variant]) === outline(spec));
  return name ?? spec;
}
