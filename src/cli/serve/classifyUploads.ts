// Decodes and classifies the images of a batch.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { classifyMany, decodeImage, isEffnetError, type Classification, type Pixels, type Predictor } from '../../node.js';
import type { UploadedFile } from './readUpload.js';

/** An image to classify. */
export interface UploadedImage {
  readonly file: UploadedFile;
  readonly topK: number;
}

/** The classes of an image, or why it cannot be decoded. */
export type Outcome = { readonly classes: readonly Classification[] } | { readonly error: string };

/** Returns a function that classifies a batch. Images are decoded with the batch, so that those that wait take little memory. */
export function uploadClassifier(
  model: LayersModel | Predictor,
  { maxPixels }: { readonly maxPixels: number },
): (images: readonly UploadedImage[]) => Promise<Outcome[]> {
  return async (images) => {
    const decoded = await Promise.all(images.map(async ({ file }) => decode(file, maxPixels)));
    const readable = decoded.filter((pixels): pixels is Pixels => !('error' in pixels));
    const answers: Classification[][] = [];
    if (readable.length > 0) {
      const topK = Math.max(...images.map((image) => image.topK));
      for await (const classes of classifyMany(model, readable, { batchSize: readable.length, topK })) answers.push(classes);
    }
    return decoded.map((pixels, i): Outcome => {
      if ('error' in pixels) return pixels;
      return { classes: (answers.shift() as Classification[]).slice(0, (images[i] as UploadedImage).topK) };
    });
  };
}

async function decode({ name, bytes }: UploadedFile, maxPixels: number): Promise<Pixels | { readonly error: string }> {
  try {
    return await decodeImage(bytes, { maxPixels, origin: name ?? 'the body' });
  } catch (error) {
    if (!isEffnetError(error)) throw error;
    return { error: error.message };
  }
}
