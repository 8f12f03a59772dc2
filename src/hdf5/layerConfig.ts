// The layers that the configuration in a `.keras` file lists, by class and name. Nothing else of it is used, and nothing of it is run.

import { snakeCase } from '../models/internal.js';

/** A layer of a configuration, with the layers inside it where it is a model. */
export interface LayerConfig {
  /** Its class as files spell it: `batch_normalization`. */
  readonly kind: string;
  readonly name: string | undefined;
  readonly layers: readonly LayerConfig[];
}

const DEEPEST = 16;

/** Reads a configuration; `undefined` where it is not one of a Sequential or a functional model. */
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
