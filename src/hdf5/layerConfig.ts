// Reads the classes and names of the layers from the configuration in a `.keras` file. The rest of the configuration is ignored, and no
// code in it is run.

import { snakeCase } from '../models/internal.js';

/** A layer in a configuration. If it is a model, it includes the layers inside it. */
export interface LayerConfig {
  /** The class as it is spelled in files, for example `batch_normalization`. */
  readonly kind: string;
  readonly name: string | undefined;
  readonly layers: readonly LayerConfig[];
}

const DEEPEST = 16;

/** Reads a configuration. Returns `undefined` if it does not belong to a Sequential or functional model. */
export function layerConfig(json: unknown, depth = 0): LayerConfig | undefined {
  if (!isRecord(json) || typeof json['class_name'] !== 'string' || depth > DEEPEST) return undefined;
  const config = isRecord(json['config']) ? json['config'] : {};
  const layers = Array.isArray(config['layers']) ? config['layers'] : [];
  return {
    kind: snakeCase(json['class_name']),
    name: typeof config['name'] === 'string' ? config['name'] : undefined,
    layers: layers.flatMap((layer) => layerConfig(layer, depth + 1) ?? []),
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
