// Translates Keras layers into TensorFlow.js layers that compute the same result, or throws an error that names the layer. TensorFlow.js
// ignores options it does not support, so every option that changes the result is translated or refused here.

import { DataError } from '../core/index.js';
import { isKnown, plainConfig } from './plainConfig.js';

/** The class and configuration of a layer, as Keras serializes them. */
export interface LayerForm {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** Information besides the layer itself that a translation may need. */
export interface LayerContext {
  readonly where: string;
  readonly name: string;
  /** Whether Keras 3 wrote the model. Some functions of Keras 2 and Keras 3 have the same name but compute different results. */
  readonly isKeras3: boolean;
  /** Returns the number of channels of the layer's input, or `undefined` if it is unknown. */
  readonly channels: () => number | undefined;
  /** Returns the values of one of the layer's weights, for example `mean`. */
  readonly weight: (name: string) => readonly number[] | undefined;
}

/** Keras layers that only change their input during training. */
const TRAINING_ONLY: ReadonlySet<string> = new Set([
  'RandomFlip',
  'RandomRotation',
  'RandomZoom',
  'RandomContrast',
  'RandomBrightness',
  'RandomTranslation',
  'RandomHeight',
  'RandomWidth',
  'RandomHue',
  'RandomSaturation',
  'RandomShear',
  'RandomSharpness',
  'RandomGrayscale',
  'RandomColorDegeneration',
  'RandomColorJitter',
  'RandomPosterization',
  'RandomErasing',
  'RandomInvert',
  'RandomPerspective',
  'RandomElasticTransform',
  'RandomGaussianBlur',
  'RandAugment',
  'AugMix',
  'MixUp',
  'CutMix',
  'ActivityRegularization',
  'Identity',
]);

/** Activations that compute the same function in Keras and in TensorFlow.js. */
const ACTIVATIONS: ReadonlySet<string> = new Set([
  'linear',
  'relu',
  'relu6',
  'elu',
  'selu',
  'gelu',
  'mish',
  'sigmoid',
  'softmax',
  'log_softmax',
  'softplus',
  'softsign',
  'swish',
  'tanh',
]);

const IN_KERAS = 'Replace it in Keras and convert again, or load only the weights with `loadWeights`.';
const REMEDIES: Readonly<Record<string, string>> = {
  Resizing: 'Resize images before predicting (`classify` does), and take the layer out of the model in Keras.',
  CenterCrop: 'Crop images before predicting (`classify` does), and take the layer out of the model in Keras.',
  RandomCrop: 'Crop images before predicting (`classify` does), and take the layer out of the model in Keras.',
  Lambda: 'Its Python code is not in the file. Replace it in Keras by layers, and convert again.',
};

/**
 * Translates one layer into one or more layers, each of which takes the output of the one before. The first keeps the layer's name and
 * weights.
 *
 * @throws {DataError} when TensorFlow.js has no such layer or would compute a different result.
 */
export function translateLayer(layer: LayerForm, context: LayerContext): readonly LayerForm[] {
  const config = plainConfig(layer.config);
  const form = TRAINING_ONLY.has(layer.class_name) ? linear() : translateClass({ class_name: layer.class_name, config }, context);
  const [first, ...rest] = splitActivation(form[0] as LayerForm, context);
  if (first === undefined || !isKnown(first.class_name)) throw unknown(layer.class_name, context);
  return [{ ...first, config: { ...first.config, name: context.name } }, ...rest, ...form.slice(1)];
}

/**
 * Checks that TensorFlow.js has a layer.
 *
 * @throws {DataError} when it does not. The message names the layer and its class.
 */
export function checkKnown(className: string, context: Pick<LayerContext, 'where' | 'name'>): void {
  if (!isKnown(className)) throw unknown(className, context);
}

function unknown(className: string, { where, name }: Pick<LayerContext, 'where' | 'name'>): DataError {
  const remedy = Object.hasOwn(REMEDIES, className)
    ? REMEDIES[className]
    : `Register a class of that name with \`tf.serialization.registerClass\`. Or: ${IN_KERAS}`;
  return new DataError(`${where}: expected layers that TensorFlow.js has, received a '${className}' named '${name}'. ${String(remedy)}`);
}

function differs(className: string, option: string, { where, name }: LayerContext, remedy = IN_KERAS): DataError {
  return new DataError(
    `${where}: expected layers that TensorFlow.js computes as Keras does, ` +
      `received a '${className}' named '${name}' with ${option}. ${remedy}`,
  );
}

const linear = (): LayerForm[] => [{ class_name: 'Activation', config: { activation: 'linear' } }];

function translateClass(layer: LayerForm, context: LayerContext): LayerForm[] {
  const { class_name: className, config } = layer;
  const refuse = (option: string): never => {
    throw differs(className, option, context);
  };
  const isOne = (value: unknown): boolean => [value ?? 1].flat().every((rate) => rate === 1);
  switch (className) {
    case 'Normalization':
      return [normalization(config, context)];
    case 'ReLU': {
      const slope = Number(config['negative_slope'] ?? 0);
      if (Number(config['threshold'] ?? 0) !== 0) return refuse('a threshold');
      if (slope === 0) return [layer];
      return config['max_value'] == null
        ? [{ class_name: 'LeakyReLU', config: { alpha: slope } }]
        : refuse('a negative slope and a maximum');
    }
    case 'LeakyReLU':
      return [{ class_name: className, config: { ...config, alpha: config['alpha'] ?? config['negative_slope'] } }];
    case 'SpatialDropout2D':
      if (config['data_format'] === 'channels_first') return refuse('channels first');
      return [{ class_name: 'Dropout', config: { rate: config['rate'], noise_shape: [null, 1, 1, null] } }];
    case 'GlobalAveragePooling2D':
    case 'GlobalMaxPooling2D': {
      if (config['keepdims'] !== true) return [layer];
      const channels = context.channels();
      if (channels === undefined) return refuse('keepdims after an unknown number of channels');
      return [
        layer,
        {
          class_name: 'Reshape',
          config: { target_shape: config['data_format'] === 'channels_first' ? [channels, 1, 1] : [1, 1, channels] },
        },
      ];
    }
    case 'Conv1D':
    case 'Conv2D':
    case 'Conv3D':
      return isOne(config['groups']) ? [layer] : refuse('groups');
    case 'SeparableConv1D':
    case 'SeparableConv2D': {
      // Keras 2 also writes these options, but TensorFlow.js refuses them.
      const { kernel_initializer: _initializer, kernel_regularizer: _regularizer, kernel_constraint: _constraint, ...rest } = config;
      return [{ class_name: className, config: rest }];
    }
    case 'DepthwiseConv2D':
      return isOne(config['dilation_rate']) ? [layer] : refuse('a dilation rate');
    case 'Conv2DTranspose':
    case 'Conv3DTranspose':
      if (!isOne(config['dilation_rate'])) return refuse('a dilation rate');
      return config['output_padding'] == null ? [layer] : refuse('an output padding');
    case 'UpSampling2D':
      return (config['interpolation'] ?? 'nearest') === 'nearest'
        ? [layer]
        : refuse(`the interpolation '${String(config['interpolation'])}'`);
    case 'LayerNormalization':
      return config['rms_scaling'] === true ? refuse('RMS scaling') : [layer];
    case 'BatchNormalization':
      return config['renorm'] === true ? refuse('renormalization') : [layer];
    case 'Resizing':
    case 'CenterCrop':
      throw differs(className, 'another sampling', context, REMEDIES[className]);
    default:
      return [layer];
  }
}

/** Replaces Normalization by one multiplication and one addition per channel, which TensorFlow.js and ONNX support. */
function normalization({ axis, mean: ownMean, variance: ownVariance, invert }: LayerForm['config'], context: LayerContext): LayerForm {
  const axes = axis == null ? [] : [axis].flat();
  // Images have four axes, and channels are the last one.
  if (axes.length > 1 || axes.some((one) => one !== -1 && one !== 3))
    throw differs('Normalization', `axis ${JSON.stringify(axis)}`, context);
  const values = (own: unknown, name: string): readonly number[] => {
    const found = own == null ? context.weight(name) : [own].flat(8).map(Number);
    if (found === undefined)
      throw new DataError(
        `${context.where}: expected the ${name} of the layer '${context.name}' among the weights, received none. The file is damaged.`,
      );
    return found;
  };
  const mean = values(ownMean, 'mean');
  // Keras uses the same lower bound: keras/src/layers/preprocessing/normalization.py.
  const deviation = values(ownVariance, 'variance').map((value) => Math.max(Math.sqrt(value), 1e-7));
  const [scale, offset] =
    invert === true
      ? [deviation, mean]
      : [deviation.map((value) => 1 / value), mean.map((value, i) => -value / (deviation[i] ?? deviation[0] ?? 1))];
  const only = (list: readonly number[]): unknown => (axes.length === 0 ? list[0] : list);
  return { class_name: 'Rescaling', config: { scale: only(scale), offset: only(offset) } };
}

/** Moves an activation into a separate layer if TensorFlow.js has it only as a layer or under another name. */
function splitActivation(layer: LayerForm, context: LayerContext): LayerForm[] {
  const name = layer.config['activation'];
  if (name == null) return [layer];
  const rest = activation(name, context);
  if (typeof rest === 'string') return [{ ...layer, config: { ...layer.config, activation: rest } }];
  if (rest === undefined) throw differs(layer.class_name, `the activation ${JSON.stringify(name)}`, context);
  return [{ ...layer, config: { ...layer.config, activation: 'linear' } }, ...rest];
}

function activation(name: unknown, { isKeras3 }: LayerContext): string | LayerForm[] | undefined {
  switch (name) {
    case 'silu':
      return 'swish';
    case 'leaky_relu':
      return [{ class_name: 'LeakyReLU', config: { alpha: 0.2 } }];
    case 'hard_sigmoid':
      // Keras 2 and TensorFlow.js compute 0.2 x + 0.5. Keras 3 computes relu6(x + 3) / 6.
      if (!isKeras3) return name;
      return [
        { class_name: 'Rescaling', config: { scale: 1, offset: 3 } },
        { class_name: 'ReLU', config: { max_value: 6 } },
        { class_name: 'Rescaling', config: { scale: 1 / 6, offset: 0 } },
      ];
    default:
      return typeof name === 'string' && ACTIVATIONS.has(name) ? name : undefined;
  }
}
