// Recognizes by the features of a fixed image whether an index was made with the same backbone.

import { DataError, OptionError } from '../../core/index.js';
import { describePreprocessing, samePreprocessing } from '../../image/internal.js';
import type { CompletePreprocessing, Pixels } from '../../image/index.js';
import { cosine } from './mostSimilar.js';
import type { StoredIndex } from './storedIndex.js';

/** Runtimes of lower precision may change features by this much. */
const LEAST_SIMILARITY = 0.98;

/** Returns an image of smooth waves in three colors, at the input size. */
export function probeImage({ inputSize: [height, width] }: CompletePreprocessing): Pixels {
  const data = new Float32Array(height * width * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) {
        data[(y * width + x) * 3 + c] = 128 + 60 * Math.sin((20 * y) / height + c) + 60 * Math.cos((12 * x) / width + 2 * c);
      }
    }
  }
  return { width, height, channels: 3, data };
}

/**
 * Throws unless stored features belong to the backbone.
 *
 * @param probe - The features that the backbone computes for the image, if they are already known.
 */
export function checkProbe(
  where: string,
  stored: StoredIndex,
  width: number,
  preprocessing: CompletePreprocessing,
  probe: Float32Array = stored.probe,
): void {
  if (!samePreprocessing(stored.preprocessing, preprocessing)) {
    throw new OptionError(
      `${where}: expected the preprocessing of \`saved\`, '${describePreprocessing(stored.preprocessing)}', for \`preprocessing\`, ` +
        `received '${describePreprocessing(preprocessing)}'.`,
    );
  }
  if (stored.probe.length !== width) {
    throw new DataError(
      `${where}: expected ${width} features per image, as the backbone has, for \`saved\`, received ${stored.probe.length}. ` + REMEDY,
    );
  }
  const similarity = cosine(stored.probe, probe);
  if (similarity >= LEAST_SIMILARITY) return;
  throw new DataError(
    `${where}: expected features of this backbone for \`saved\`, received those of one with other weights ` +
      `(similarity ${similarity.toFixed(2)} for the same image). ${REMEDY}`,
  );
}

/**
 * @param expected - Features of the fixed image in the index.
 * @param received - Those of the model.
 * @throws {OptionError} when they differ, for example because the model was fine-tuned.
 */
export function checkSameFeatures(where: string, expected: Float32Array, received: Float32Array): void {
  const similarity = cosine(expected, received);
  if (similarity >= LEAST_SIMILARITY) return;
  throw new OptionError(
    `${where}: expected the backbone of the index for \`model\`, received a model with other weights ` +
      `(similarity ${similarity.toFixed(2)} for the same image). Fine-tuning changes the features: create a new index afterwards.`,
  );
}

const REMEDY = 'Pass the backbone that the index was created with, or create a new index.';
