// What a repository says about its network, and the rules for values that transformers and timm have in common.

import { show } from '../../core/internal.js';
import type { Preprocessing } from '../../image/index.js';
import { channelStatistics } from '../../scaling/internal.js';
import type { Normalization, PlanModelOptions, Variant, VariantSpec } from '../../scaling/index.js';
import type { LayoutName } from '../layouts.js';
import { refused, type JsonFile } from './hubFiles.js';

/** A network as the configuration of a repository describes it. */
export interface HubNetwork {
  readonly variant: Variant | VariantSpec;
  /** Options of the network, without `normalization`. */
  readonly options: PlanModelOptions;
  /** Names of the classes in the order of the outputs, or `undefined` if the repository has none. */
  readonly classNames: readonly string[] | undefined;
  readonly layout: LayoutName;
}

/** How a repository turns images into the input of its network. */
export interface HubInput {
  readonly preprocessing: Preprocessing;
  /** The normalization of pixels in [0, 255]. */
  readonly normalization: Normalization;
}

/**
 * Returns a list of class names, or `undefined` for the placeholders `LABEL_0`, `LABEL_1`, ...
 *
 * @param labels - A list, or an object from index to name.
 * @throws {WeightsError} when an index is missing, or a name is not text.
 */
export function labelsOf(file: JsonFile, key: string, labels: unknown): readonly string[] | undefined {
  const entries = Object.entries((labels ?? {}) as object);
  const names = entries.map((_, i): unknown => (labels as Record<string, unknown>)[String(i)]);
  if (!names.every((name): name is string => typeof name === 'string' && name !== '')) {
    throw refused(file, key, `names for the classes 0 to ${entries.length - 1}`, labels);
  }
  return names.every((name, i) => name === `LABEL_${i}`) ? undefined : names;
}

/** Returns `'imagenet'` for the statistics of ImageNet, so that equal networks have equal options. */
export function namedNormalization(mean: readonly number[], std: readonly number[]): Normalization {
  const imagenet = channelStatistics('imagenet', 3);
  const isClose = (values: readonly number[], others: readonly number[] = []): boolean =>
    values.length === others.length && values.every((value, i) => Math.abs(value - (others[i] ?? NaN)) < 1e-6);
  return isClose(mean, imagenet?.mean) && isClose(std, imagenet?.std) ? 'imagenet' : { mean, std };
}

/** Describes a foreign network for error messages: `'vit' (ViTForImageClassification)`. */
export function describeForeign({ content }: JsonFile): string | undefined {
  const { model_type: type, architecture, architectures } = content;
  const [first] = Array.isArray(architectures) ? (architectures as unknown[]) : [];
  if (typeof type === 'string' && type !== 'timm_wrapper') return `${show(type)}${typeof first === 'string' ? ` (${first})` : ''}`;
  return typeof architecture === 'string' ? `${show(architecture)} of timm` : undefined;
}
