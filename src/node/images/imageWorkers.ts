// Worker threads that decode, resize and augment images. The code that runs in them is imageWorker.ts.

import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import type { Piscina } from 'piscina';
import { BackendError } from '../../core/index.js';
import { checkOptions, positiveInteger } from '../../core/internal.js';
import type { TransformWorkers } from '../../data/index.js';
import type { ImageChange } from '../../data/internal.js';
import { takeSpare } from '../../image/internal.js';
import type { Pixels } from '../../image/index.js';
import { unpackError } from './errorRecord.js';
import type { Answer, ReadTask, TransformTask } from './imageWorker.js';
import type { ImageSource, ReadImageSettings } from './readImage.js';

/** Options of {@link imageWorkers}. */
export interface ImageWorkersOptions {
  /** Number of threads. @defaultValue one per processor */
  readonly threads?: number | undefined;
}

/** Threads that work on images. Idle threads do not keep the process running. */
export interface ImageWorkers extends TransformWorkers {
  /** Decodes one image, resizes it and applies the change, if any, in one of the threads. @internal */
  read(source: ImageSource, settings: ReadImageSettings, change?: ImageChange): Promise<Pixels>;
  /** Ends the threads. Tasks that are not finished fail. */
  dispose(): Promise<void>;
}

/**
 * Makes worker threads for `imageFolder` and the other sources, and for `augment`. The images and their order are the same as without
 * threads, byte for byte.
 *
 * The threads start with the first image.
 *
 * @throws {OptionError} when an option is unknown.
 * @example
 * const workers = imageWorkers();
 * const { images } = await imageFolder('photos', { inputSize: 224, workers });
 * const batches = imageBatches(augment(images, trainAugmentation('default', 224), { seed: 1, workers }));
 * await model.fitDataset(batches, { epochs: 5 });
 * await workers.dispose();
 */
export function imageWorkers(options: ImageWorkersOptions = {}): ImageWorkers {
  const { threads = availableParallelism() } = checkOptions('imageWorkers', options, { threads: positiveInteger });
  let pool: Promise<Piscina> | undefined;
  let ended = false;
  let latest = 0;
  const ask = async (name: 'read' | 'transform', task: ReadTask | TransformTask, sent?: ArrayBufferView): Promise<Pixels> => {
    if (ended) throw new BackendError('imageWorkers: expected threads that run, received disposed ones. Dispose them after the last pass.');
    pool ??= startPool(threads);
    const running = await pool;
    // The next image is most likely as large as the last one.
    const memory = takeSpare(latest);
    const transferList = [sent, memory].flatMap((array) => (array === undefined ? [] : [array.buffer as ArrayBuffer]));
    const answer = (await running.run(memory === undefined ? task : { ...task, memory }, { name, transferList })) as Answer;
    if ('error' in answer) throw unpackError(answer.error);
    latest = answer.pixels.data.length;
    return answer.pixels;
  };
  return {
    threads,
    read: ({ path, bytes: given, origin }, settings, change) => {
      const bytes = given === undefined ? undefined : new Uint8Array(given);
      return ask('read', { source: { origin, bytes, path: bytes === undefined ? path : undefined }, settings, change }, bytes);
    },
    transform: (pixels, change) => {
      // The caller keeps its pixels. Copying and transferring them is cheaper than a message, which would copy twice.
      const data = Buffer.isBuffer(pixels.data) ? new Uint8Array(pixels.data) : pixels.data.slice();
      return ask('transform', { pixels: { ...pixels, data }, change }, data);
    },
    async dispose() {
      ended = true;
      await (await pool)?.destroy();
    },
  };
}

async function startPool(threads: number): Promise<Piscina> {
  const { Piscina } = await import('piscina');
  return new Piscina({
    filename: createRequire(import.meta.url).resolve('#imageWorker'),
    minThreads: threads,
    maxThreads: threads,
    // While sharp decodes one image on its own threads, the worker can process another.
    concurrentTasksPerWorker: 2,
    // Letting a thread sleep until its next image costs more than it saves.
    atomics: 'disabled',
    recordTiming: false,
  });
}
