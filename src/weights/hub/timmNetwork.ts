// Converts the config.json of a timm model to a variant with its options, and to its preprocessing.

import { arrayOf, finite, nonNegativeInteger, oneOf, positive, positiveInteger, rate, rule, text } from '../../core/internal.js';
import { roundHalfEven } from '../../image/internal.js';
import type { Preprocessing } from '../../image/index.js';
import { VARIANTS, type Activation, type PlanModelOptions, type Variant } from '../../scaling/index.js';
import { isJsonObject, refused, setting, type JsonFile } from './hubFiles.js';
import { labelsOf, namedNormalization, type HubInput, type HubNetwork } from './hubNetwork.js';

/** timm's activations that compute the same here. */
const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  silu: 'swish',
  swish: 'swish',
  relu: 'relu',
  relu6: 'relu6',
  hard_swish: 'hardSwish',
  identity: 'linear',
};

/**
 * Returns the variant of an architecture of timm, and whether its weights were ported from TensorFlow. Returns `undefined` for any other
 * architecture.
 *
 * @example
 * timmVariant('tf_efficientnet_lite0'); // ['lite0', true]
 */
export function timmVariant(architecture: string): readonly [variant: Variant, isPorted: boolean] | undefined {
  const [, ported, generation, size = ''] = /^(tf_)?efficientnet(v2)?_(\w+)$/.exec(architecture) ?? [];
  const name = generation === undefined ? (EDGE_TPU[size] ?? size) : `v2-${size}`;
  const isPorted = ported !== undefined;
  // timm has the small networks of the second generation with TensorFlow's padding only.
  const exists = Object.hasOwn(VARIANTS, name) && (isPorted || !name.startsWith('v2-b'));
  return exists ? [name as Variant, isPorted] : undefined;
}

const EDGE_TPU: Readonly<Record<string, Variant>> = { es: 'edgetpu-s', em: 'edgetpu-m', el: 'edgetpu-l' };

/** Older files have the keys of `pretrained_cfg` next to `architecture`. */
function pretrainedConfig(file: JsonFile): JsonFile {
  const { content } = file;
  const inner = content['pretrained_cfg'];
  if (inner === undefined) return file;
  if (!isJsonObject(inner)) throw refused(file, 'pretrained_cfg', 'an object', inner);
  return { ...file, content: inner };
}

/** Arguments of timm's networks that training alone needs, or that other keys state as well. */
const ARGUMENTS = ['num_classes', 'in_chans', 'global_pool', 'drop_rate', 'drop_path_rate', 'bn_eps', 'act_layer', 'pad_type'];

/**
 * Converts the configuration of a timm model.
 *
 * @param architecture - The architecture's variant.
 * @throws {WeightsError} when a value is damaged, or no network of this library computes the same.
 * @see timm/models/_hub.py, `save_config_for_hf` and `_parse_model_cfg`
 */
export function timmNetwork(file: JsonFile, [variant, isPorted]: readonly [variant: Variant, isPorted: boolean]): HubNetwork {
  const pretrained = pretrainedConfig(file);
  const given = file.content['model_args'] ?? {};
  if (!isJsonObject(given)) throw refused(file, 'model_args', 'an object', given);
  const args: JsonFile = { ...file, content: given };
  const unknown = Object.keys(given).find((key) => !ARGUMENTS.includes(key));
  if (unknown !== undefined) throw refused(file, `model_args.${unknown}`, 'no value', given[unknown], 'This library has no such option.');
  const [channels, height, width] = shapeOf(pretrained);
  const inputChannels = setting(args, 'in_chans', positiveInteger, channels);
  const common = {
    ...(height === undefined || width === undefined ? {} : { inputSize: height === width ? height : ([height, width] as const) }),
    ...(inputChannels === 3 ? {} : { inputChannels }),
    ...optional(args, 'drop_rate', (value) => ({ dropoutRate: value })),
    ...optional(args, 'drop_path_rate', (value) => ({ dropConnectRate: value })),
    ...(given['act_layer'] === undefined
      ? {}
      : { activation: ACTIVATIONS[setting(args, 'act_layer', oneOf(...Object.keys(ACTIVATIONS)))] }),
    padding: setting(args, 'pad_type', oneOf('', 'same'), isPorted ? 'same' : '') === 'same' ? ('same' as const) : ('symmetric' as const),
    batchNormEpsilon: setting(args, 'bn_eps', positive, isPorted ? 1e-3 : 1e-5),
  };
  const classes = setting(file, 'num_classes', nonNegativeInteger, setting(pretrained, 'num_classes', nonNegativeInteger, 1000));
  const pool = setting(file, 'global_pool', text, setting(args, 'global_pool', text, 'avg'));
  if (pool !== 'avg' && (classes > 0 || pool !== 'max')) {
    throw refused(file, 'global_pool', "'avg'", pool, 'The classifiers of this library have average pooling below them.');
  }
  if (classes === 0) {
    return {
      variant,
      options: { ...common, includeTop: false, pooling: pool === 'max' ? 'max' : 'avg' },
      classNames: undefined,
      layout: 'timm',
    };
  }
  const key = ['label_names', 'labels'].find((name) => file.content[name] !== undefined) ?? 'label_names';
  const labels = file.content[key] ?? pretrained.content[key];
  const classNames = labels === undefined || labels === null ? undefined : labelsOf(file, key, labels);
  if (classNames !== undefined && classNames.length !== classes)
    throw refused(file, key, `${classes} names, as in \`num_classes\`,`, classNames);
  const options: PlanModelOptions = { ...common, classes };
  return { variant, options, classNames, layout: 'timm' };
}

function optional<T>(file: JsonFile, key: string, use: (value: number) => T): T | object {
  return file.content[key] === undefined ? {} : use(setting(file, key, rate));
}

function shapeOf(pretrained: JsonFile): readonly [channels: number, height?: number, width?: number] {
  if (pretrained.content['input_size'] === undefined) return [3];
  const [channels = 3, height, width] = setting(pretrained, 'input_size', arrayOf(positiveInteger, 3));
  return height === undefined || width === undefined ? [channels] : [channels, height, width];
}

/**
 * Returns how timm turns images into the input of a model, at the size of `input_size`: `create_transform` for evaluation. Returns
 * `undefined` if the file does not state it.
 *
 * @param file - The content of config.json, or another file with a `pretrained_cfg`.
 * @throws {WeightsError} when a value is damaged, or no preprocessing of this library computes the same.
 * @see timm/data/transforms_factory.py, `transforms_imagenet_eval`
 */
export function timmInput(file: JsonFile): HubInput | undefined {
  const pretrained = pretrainedConfig(file);
  if (pretrained.content['mean'] === undefined || pretrained.content['std'] === undefined) return undefined;
  const [channels, height = 224, width = 224] = shapeOf(pretrained);
  const mean = setting(pretrained, 'mean', arrayOf(finite, channels));
  const std = setting(pretrained, 'std', arrayOf(positive, channels));
  const mode = setting(pretrained, 'crop_mode', oneOf('center', 'squash', 'border'), 'center');
  const share = rule<number>('a number in (0, 1]', (value) => positive.accepts(value) && value <= 1);
  const preprocessing: Preprocessing = {
    inputSize: height === width ? height : [height, width],
    fit: ({ center: 'resizeCrop', squash: 'stretch', border: 'resizePad' } as const)[mode],
    cropFraction: setting(pretrained, 'crop_pct', share, 0.875),
    margins: 'even',
    interpolation: setting(pretrained, 'interpolation', oneOf('bilinear', 'bicubic', 'nearest'), 'bicubic'),
    resampler: 'pillow',
    ...(mode === 'border' ? { fillValue: mean.map((value) => roundHalfEven(255 * value)) } : {}),
  };
  return { preprocessing, normalization: namedNormalization(mean, std) };
}
