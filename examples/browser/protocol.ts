// What the page and the worker say to each other. Types, and the page's half of the talk.

import type { Evaluation } from 'effnet-ts';

export type BackendChoice = 'auto' | 'webgpu' | 'webgl' | 'wasm';

export interface Answer {
  readonly name: string;
  readonly probability: number;
}

/** A class and the pictures it is learned from. */
export interface ClassExamples {
  readonly name: string;
  readonly pictures: readonly Blob[];
}

/** How the model answers for photos that it did not learn from. */
export interface TestResults extends Pick<Evaluation, 'count' | 'confusionMatrix' | 'perClass'> {
  readonly wrong: readonly WrongAnswer[];
}

interface WrongAnswer {
  /** Index of the right class. */
  readonly label: number;
  /** Index of the class that was answered. */
  readonly predicted: number;
  /** Index of the photo in its class. */
  readonly picture: number;
}

/** What the worker does on request; each is answered by a promise of its own. */
export interface Tasks {
  /** Starts a backend, fetches the network and, where there is one, what was learned before. */
  start(backend: BackendChoice): { readonly backend: string; readonly passedOver: readonly string[]; readonly learned: readonly string[] };
  classify(picture: Blob | ImageBitmap): {
    readonly imagenet: readonly Answer[];
    readonly learned: readonly Answer[];
    readonly milliseconds: number;
  };
  /** `tested` is `undefined` if no class has enough photos. */
  learn(classes: readonly ClassExamples[]): { readonly learned: readonly string[]; readonly tested: TestResults | undefined };
  forget(nothing: undefined): undefined;
}

export type TaskName = keyof Tasks;

export interface Request<T extends TaskName = TaskName> {
  readonly id: number;
  readonly task: T;
  readonly input: Parameters<Tasks[T]>[0];
}

export type Reply =
  | { readonly doing: string; readonly share?: number | undefined }
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: string };

/** A worker as an object that does tasks. */
export interface Remote {
  ask<T extends TaskName>(task: T, input: Parameters<Tasks[T]>[0]): Promise<ReturnType<Tasks[T]>>;
  stop(): void;
}

/** Talks to a worker; `onDoing` hears what it is busy with. */
export function remote(worker: Worker, onDoing: (what: string, share?: number) => void): Remote {
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let lastId = 0;
  worker.onmessage = ({ data }: MessageEvent<Reply>) => {
    if ('doing' in data) {
      onDoing(data.doing, data.share);
      return;
    }
    const task = waiting.get(data.id);
    waiting.delete(data.id);
    if ('error' in data) task?.reject(new Error(data.error));
    else task?.resolve(data.value);
  };
  return {
    ask: <T extends TaskName>(task: T, input: Parameters<Tasks[T]>[0]) =>
      new Promise<ReturnType<Tasks[T]>>((resolve, reject) => {
        const id = ++lastId;
        waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
        worker.postMessage({ id, task, input } satisfies Request);
      }),
    stop() {
      worker.terminate();
    },
  };
}
