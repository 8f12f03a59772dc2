// Measures a published checkpoint on validation images of ImageNet, with the preprocessing that its authors used.

import { confidenceInterval, evaluate, OptionError, PRETRAINED, pretrained, type Progress } from 'effnet-ts/node';
import { inRuntime } from '../shared/runtime.js';
import { validationImages, type ValidationSettings } from './validationImages.js';

export interface EvaluateSettings extends ValidationSettings {
  /** A name in `PRETRAINED`, or a variant for its usual checkpoint. */
  readonly checkpoint: string;
  /** File of the weights. If empty, they are downloaded once. */
  readonly weights: string;
  /** Number of images to leave out at the start, and the maximum number to evaluate. 0 is all. */
  readonly skip: number;
  readonly limit: number;
  readonly batchSize: number;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What was measured. Accuracies are in percent. */
export interface MeasuredCheckpoint {
  readonly checkpoint: string;
  readonly images: number;
  /** Names of images that cannot be decoded. They are not counted. */
  readonly broken: readonly string[];
  readonly top1: number;
  readonly top5: number;
  /** The 95 % confidence interval of `top1`. */
  readonly interval: readonly [low: number, high: number];
  /** Published top-1 accuracy, `null` if none is published. */
  readonly published: number | null;
}

/** Evaluates a checkpoint on all cores with ONNX Runtime if it is installed, and otherwise with TensorFlow.js. */
export async function evaluateCheckpoint(settings: EvaluateSettings): Promise<MeasuredCheckpoint> {
  const { skip, limit, batchSize, weights, onProgress, signal } = settings;
  const [name, { preprocessing, classes, includeTop, top1 }] = checkpointOf(settings.checkpoint);
  if (!includeTop || classes !== 1000)
    throw new OptionError(`--checkpoint: expected one with the 1000 classes of ImageNet, received '${name}'.`);
  const broken: string[] = [];
  const images = await validationImages(settings, {
    preprocessing,
    errors: 'skip',
    onSkipped: (errors) => {
      broken.push(...errors.map(({ origin, message }) => origin ?? message));
    },
  });
  const model = await pretrained(name, { ...(weights === '' ? {} : { weights }), ...(onProgress === undefined ? {} : { onProgress }) });
  const some = limit === 0 ? images.skip(skip) : images.skip(skip).take(limit);
  try {
    const result = await inRuntime(model, (running) => evaluate(running, some, { batchSize, onProgress, signal }));
    const { low, high } = confidenceInterval(result, 'accuracy');
    return {
      checkpoint: name,
      images: result.count,
      broken,
      top1: 100 * result.accuracy,
      top5: 100 * (result.topK[5] ?? NaN),
      interval: [100 * low, 100 * high],
      published: top1,
    };
  } finally {
    model.dispose();
  }
}

/** Returns the checkpoint that `pretrained` loads for a name. */
function checkpointOf(name: string): [name: string, weights: (typeof PRETRAINED)[string]] {
  const candidates = [name, `keras/${name}`, ...Object.keys(PRETRAINED).filter((key) => key.startsWith(`timm/tf_efficientnet_${name}.`))];
  for (const candidate of candidates) {
    const weights = PRETRAINED[candidate];
    if (weights !== undefined) return [candidate, weights];
  }
  throw new OptionError(`--checkpoint: expected a name in PRETRAINED, such as 'keras/b0', received '${name}'.`);
}
