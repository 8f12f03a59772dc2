// The query and the answer of a classification.

import type { Outcome, UploadedImage } from './classifyUploads.js';
import { replyTo, type Reply } from './handleRequest.js';
import { refuse } from './refusal.js';

/** Returns the number of classes that a request asks for. @throws {RefusedRequest} when it is not a whole number of at least 1. */
export function topKOf(url: URL, usual: number): number {
  const text = url.searchParams.get('topK');
  if (text === null) return usual;
  const topK = Number(text);
  if (!Number.isInteger(topK) || topK < 1) refuse(400, `expected a whole number of at least 1 for topK, received '${text}'`);
  return topK;
}

/** Returns the answer with the classes of each image. If no image can be decoded, it is an error. */
export function classifyReply(images: readonly UploadedImage[], outcomes: readonly Outcome[]): Reply {
  const predictions = outcomes.map((outcome, i) => {
    const file = images[i]?.file.name ?? null;
    if ('error' in outcome) return { file, error: outcome.error };
    const [best] = outcome.classes;
    return {
      file,
      classes: outcome.classes.map(({ index, className, probability }) => ({
        index,
        name: className ?? null,
        probability: Number(probability.toFixed(6)),
      })),
      ...(best?.unknown === undefined ? {} : { unknown: best.unknown }),
    };
  });
  const [first] = outcomes;
  if (first !== undefined && 'error' in first && outcomes.every((outcome) => 'error' in outcome)) {
    return replyTo({ status: 415, message: first.error });
  }
  return { status: 200, body: { predictions } };
}
