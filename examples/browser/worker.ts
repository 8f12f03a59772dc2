/// <reference types="vite/client" />
// The model, off the page's thread: names pictures, learns classes, keeps them in IndexedDB.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import {
  browserPixels,
  classify,
  classNamesOf,
  Dataset,
  efficientNet,
  evaluate,
  foldBatchNorm,
  imageBatches,
  loadModel,
  loadWeights,
  preprocess,
  saveModel,
  setClassNames,
  trainHead,
  warmup,
  type Classification,
  type Evaluation,
  type LabeledImage,
} from 'effnet-ts';
import { IMAGENET_CLASS_NAMES } from 'effnet-ts/imagenet';
import weightsFile from '../data/weights/efficientnet-lite0.safetensors?url';
import { startBackend } from './backends.js';
import type { Answer, Reply, Request, TaskName, Tasks, TestResults } from './protocol.js';

const KEPT_AT = 'indexeddb://effnet-browser-example';
/** With a few examples per class, a crop loses too much. The learned model keeps this record, so classify follows it. */
const WHOLE_IMAGE = { inputSize: 224, fit: 'stretch' } as const;

const HELD_OUT = 5;

let weights = new Uint8Array();
let imagenet: LayersModel | undefined;
let learned: LayersModel | undefined;

type Work = { readonly [T in TaskName]: (input: Parameters<Tasks[T]>[0]) => Promise<ReturnType<Tasks[T]>> };

const work: Work = {
  async start(choice) {
    say(`Starting ${choice === 'auto' ? 'a backend' : choice}: it is imported, and has to compute TensorFlow's numbers first`);
    const { backend, tried } = await startBackend(choice);
    weights = await download(weightsFile);
    say('Building the network');
    const network = await backbone();
    setClassNames(network, IMAGENET_CLASS_NAMES);
    imagenet = await fastCopy(network);
    if (KEPT_AT in (await tf.io.listModels())) {
      say('Loading what was learned before');
      learned = await fastCopy(await loadModel(KEPT_AT));
    }
    say(`Warming up ${backend}: the first answer compiles the network`);
    await warmup(imagenet);
    const passedOver = tried.filter(({ outcome }) => outcome !== 'chosen').map(({ name, reason }) => `${name}: ${reason}`);
    return { backend, passedOver, learned: namesOf(learned) };
  },

  async classify(picture) {
    if (imagenet === undefined) throw new Error('The network is not ready yet.');
    say('Looking at the picture');
    const start = performance.now();
    const pixels = await browserPixels(picture);
    return {
      imagenet: answers(await classify(imagenet, pixels)),
      learned: learned === undefined ? [] : answers(await classify(learned, pixels)),
      milliseconds: performance.now() - start,
    };
  },

  async learn(classes) {
    const pictures = classes.flatMap(({ pictures }, label) => pictures.map((picture, i) => ({ picture, label, i })));
    // Every fifth picture of a class tests what was learned from the others.
    const isTest = ({ i }: { readonly i: number }): boolean => i % HELD_OUT === HELD_OUT - 1;
    const images = (part: typeof pictures): Dataset<LabeledImage> =>
      Dataset.from(part)
        .map(async ({ picture, label }) => ({ pixels: preprocess(await browserPixels(picture), WHOLE_IMAGE), label }))
        .withPreprocessing(WHOLE_IMAGE);
    const { model } = await trainHead(await backbone(), {
      train: imageBatches(images(pictures.filter((picture) => !isTest(picture))), { batchSize: 8 }),
      classNames: classes.map(({ name }) => name),
      seed: 1,
      onProgress: ({ task, done, total }) => {
        say(`Learning: ${task}`, total === undefined ? undefined : done / total);
      },
    });
    const tests = pictures.filter(isTest);
    const tested =
      tests.length === 0
        ? undefined
        : await evaluate(model, images(tests), {
            onProgress: ({ done }) => {
              say('Testing', done / tests.length);
            },
          });
    say('Saving');
    // Half the browser's storage; the network's own kernels are float16 already.
    await saveModel(model, KEPT_AT, { dtype: 'float16' });
    learned?.dispose();
    learned = await fastCopy(model);
    return { learned: namesOf(learned), tested: tested && resultsOf(tested, tests) };
  },

  async forget() {
    await tf.io.removeModel(KEPT_AT);
    learned?.dispose();
    learned = undefined;
    return undefined;
  },
};

async function backbone(): Promise<LayersModel> {
  const model = efficientNet('lite0');
  await loadWeights(model, weights);
  return model;
}

/** The part of an evaluation that the page shows. `photos` are in the order of the evaluation. */
function resultsOf(
  { count, confusionMatrix, perClass, predictions: { labels, predicted } }: Evaluation,
  photos: readonly { readonly i: number }[],
): TestResults {
  const wrong = photos.flatMap(({ i }, at) => {
    const [label = -1, answer = -1] = [labels[at], predicted[at]];
    return label === answer ? [] : [{ label, predicted: answer, picture: i }];
  });
  return { count, confusionMatrix, perClass, wrong };
}

/** The model folded for inference; the given one is disposed. */
async function fastCopy(model: LayersModel): Promise<LayersModel> {
  const copy = await foldBatchNorm(model);
  model.dispose();
  return copy;
}

async function download(url: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(url);
  if (!response.ok || response.body === null)
    throw new Error(`The network's weights could not be fetched: the server answered ${response.status}.`);
  const total = Number(response.headers.get('content-length') ?? NaN);
  let done = 0;
  const counted = response.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        done += chunk.length;
        say(`Fetching the network: ${(done / 1e6).toFixed(1)} MB`, total > 0 ? Math.min(1, done / total) : undefined);
        controller.enqueue(chunk);
      },
    }),
  );
  return new Uint8Array(await new Response(counted).arrayBuffer());
}

const namesOf = (model: LayersModel | undefined): readonly string[] => (model === undefined ? [] : (classNamesOf(model) ?? []));
const answers = (found: readonly Classification[]): Answer[] =>
  found.map(({ className = '', probability }) => ({ name: className, probability }));

const post = (reply: Reply): void => {
  self.postMessage(reply);
};
const say = (doing: string, share?: number): void => {
  post({ doing, share });
};

// One task after the other: they share the models.
let last: Promise<void> = Promise.resolve();
self.onmessage = ({ data: { id, task, input } }: MessageEvent<Request>) => {
  last = last
    .then(() => (work[task] as (input: unknown) => Promise<unknown>)(input))
    .then(
      (value) => {
        post({ id, value });
      },
      (error: unknown) => {
        post({ id, error: error instanceof Error ? error.message : String(error) });
      },
    );
};
