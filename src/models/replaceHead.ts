// Replaces the classifier of a model and keeps its features.

import * as tfl from '@tensorflow/tfjs-layers';
import { check, checkOptions, differentTexts } from '../core/internal.js';
import { OptionError } from '../core/index.js';
import { applyHead, BUILD_RULES, buildLayers, HEAD_RULES } from '../layers/internal.js';
import type { BuildOptions, HeadSpec } from '../layers/index.js';
import type { PlanModelOptions } from '../scaling/index.js';
import { checkModel } from './checkModel.js';
import { metadataOf, setMetadata } from './metadata.js';

/** Options of {@link replaceHead}. */
export interface ReplaceHeadOptions extends HeadSpec, BuildOptions {
  /** Names of the classes, one per output. @defaultValue none */
  readonly classNames?: readonly string[] | undefined;
}

const RULES = { ...HEAD_RULES, ...BUILD_RULES, classNames: differentTexts };
const HEAD_LAYERS = /^(avg_pool|max_pool|top_dropout|hidden\d+|predictions)$/;

/**
 * Replaces the head of a model with a new, randomly initialized one.
 *
 * The layers before the head are shared with the result. The old head is disposed and the given model must not be used afterwards: the
 * caller disposes only the result.
 *
 * @param model - A network of this library, with or without top, or any model whose head layers have the same names.
 * @throws {OptionError} when an option is unknown or invalid.
 * @example
 * const model = replaceHead(await pretrained('b0'), { classes: 10, pooling: 'max', dropoutRate: 0.2 });
 */
export function replaceHead(model: tfl.LayersModel, options: ReplaceHeadOptions): tfl.LayersModel {
  checkModel('replaceHead', model);
  const { seed, classNames, ...spec } = checkOptions('replaceHead', options, RULES);
  check('replaceHead', 'classes', spec.classes, RULES.classes);
  if (classNames !== undefined && classNames.length !== spec.classes && !(spec.classes === 1 && classNames.length === 2)) {
    throw new OptionError(`replaceHead: expected ${spec.classes} names for \`classNames\`, one per class, received ${classNames.length}.`);
  }
  const { features, old } = splitHead('replaceHead', model, spec.pooling !== undefined);
  const outputs = buildLayers('replaceHead', () => applyHead(features, spec, { seed }));
  const result = tfl.model({ inputs: model.inputs, outputs, name: model.name });
  result.setUserDefinedMetadata({ ...model.getUserDefinedMetadata() });
  const metadata = metadataOf(model);
  if (metadata !== undefined) {
    const { classNames: _old, unknownThreshold: _threshold, ...kept } = metadata;
    setMetadata(result, {
      ...kept,
      options: kept.options === undefined ? undefined : headOptions(kept.options, spec),
      classNames,
    });
  }
  for (const layer of old) layer.dispose();
  return result;
}

/**
 * Separates a model into its features and the layers of its current head.
 *
 * @param repool - Whether to take pooled features from before their pooling layer.
 */
export function splitHead(
  where: string,
  model: tfl.LayersModel,
  repool: boolean,
): { features: tfl.SymbolicTensor; old: tfl.layers.Layer[] } {
  const [output] = model.outputs;
  const isHead = (layer: tfl.layers.Layer): boolean =>
    HEAD_LAYERS.test(layer.name) && (repool || !layer.name.endsWith('_pool') || hasClassifier);
  const hasClassifier = model.layers.some((layer) => layer.name === 'predictions');
  let features = output;
  const old: tfl.layers.Layer[] = [];
  while (features !== undefined && isHead(features.sourceLayer)) {
    old.push(features.sourceLayer);
    features = features.inputs[0];
  }
  if (features === undefined || model.outputs.length !== 1) {
    throw new OptionError(`${where}: expected a model of one output with features before its head, received '${model.name}'.`);
  }
  return { features, old };
}

// If the plan can describe the new head, the head becomes part of the plan. Otherwise the plan describes only the backbone.
function headOptions(
  options: PlanModelOptions,
  { classes, classifierActivation, pooling, dropoutRate, hidden }: HeadSpec,
): PlanModelOptions {
  const onMax = (pooling ?? options.pooling) === 'max';
  const { includeTop: _top, pooling: _pooling, classes: _classes, classifierActivation: _activation, ...rest } = options;
  if (onMax || (hidden?.length ?? 0) > 0) return { ...rest, includeTop: false };
  return { ...rest, classes, classifierActivation: classifierActivation ?? 'softmax', dropoutRate: dropoutRate ?? 0 };
}
