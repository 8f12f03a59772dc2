// What the test of transformers.js in a browser runs in its page.

import { env, pipeline } from '@huggingface/transformers';

/** Classifies images with the export that is served as /models/clothes, with the options that transformers.js chooses itself. */
export async function classify(images: readonly string[], runtimeFolder: string): Promise<readonly Readonly<Record<string, number>>[]> {
  env.allowRemoteModels = false;
  env.allowLocalModels = true;
  env.useBrowserCache = false;
  const { wasm } = env.backends.onnx;
  if (wasm === undefined) throw new Error('transformers.js has no WebAssembly');
  wasm.wasmPaths = runtimeFolder;
  wasm.numThreads = 1;
  const classifier = await pipeline('image-classification', 'clothes');
  const answers: Record<string, number>[] = [];
  for (const image of images) {
    const scores = await classifier(image, { top_k: 10 });
    answers.push(Object.fromEntries(scores.map(({ label, score }) => [label, score])));
  }
  await classifier.dispose();
  return answers;
}
