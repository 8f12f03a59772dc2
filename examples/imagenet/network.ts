// Builds the network of the ImageNet example: the baseline, or one that is scaled.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { efficientNet, replaceHead, selectBackend, setClassNames, VARIANTS, type Variant } from 'effnet-ts/node';
import { loadBackbone } from '../shared/startup.js';
import type { Settings } from './settings.js';

/** What multiplies the baseline's width, depth and input size. @see EfficientNet (arXiv 1905.11946), table 7 */
export const SCALINGS: Readonly<Record<string, { readonly depth: number; readonly width: number; readonly resolution: number }>> = {
  baseline: { depth: 1, width: 1, resolution: 1 },
  depth: { depth: 4, width: 1, resolution: 1 },
  width: { depth: 1, width: 2, resolution: 1 },
  resolution: { depth: 1, width: 1, resolution: 2 },
  compound: { depth: 1.4, width: 1.2, resolution: 1.3 },
};

/** Returns the height and width of the network's input, in pixels. */
export function scaledInputSize({ inputSize, scaling }: Settings): number {
  return Math.round(inputSize * (SCALINGS[scaling]?.resolution ?? 1));
}

/** Builds the network with ImageNet weights and a new head, or with random weights. */
export async function buildNetwork(settings: Settings, classNames: readonly string[]): Promise<LayersModel> {
  const { variant, start, scaling, seed, backend } = settings;
  const classes = classNames.length;
  const inputSize = scaledInputSize(settings);
  if (start === 'imagenet')
    return replaceHead(await loadBackbone({ ...settings, inputSize }), { classes, classNames, dropoutRate: 0.2, seed });
  await selectBackend(backend.split(','), { gradients: true });
  const baseline = VARIANTS[variant as Variant];
  const { width = 1, depth = 1 } = SCALINGS[scaling] ?? {};
  const scaled = {
    ...baseline,
    widthCoefficient: width * baseline.widthCoefficient,
    depthCoefficient: depth * baseline.depthCoefficient,
  };
  // Only the baseline has a name, by which its preprocessing is known.
  const model = efficientNet(width === 1 && depth === 1 ? (variant as Variant) : scaled, { inputSize, classes, seed });
  setClassNames(model, classNames);
  return model;
}
