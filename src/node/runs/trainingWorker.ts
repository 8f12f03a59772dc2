// The part of trainingWorkers that runs in its threads: copies of models, and what they compute for their share of every batch.

import { parentPort } from 'node:worker_threads';
import {
  createCopy,
  createReplica,
  type CopySetup,
  type Inputs,
  type ModelCopy,
  type PlainTensor,
  type Reduction,
  type Replica,
  type ReplicaSetup,
  type Share,
  type ShareResult,
} from '../../training/internal.js';
import { selectBackend } from '../backends/index.js';
import { packError, type ErrorRecord } from '../images/internal.js';

/** A task for the copy of a model in a thread. */
export type TrainingTask = { readonly id: number; readonly model: number } & (
  | { readonly name: 'open'; readonly setup: ReplicaSetup | CopySetup }
  | { readonly name: 'step'; readonly share: Share }
  | { readonly name: 'predict'; readonly inputs: Inputs }
  | { readonly name: 'reduce'; readonly reduction: Reduction }
  | { readonly name: 'close' }
);

/** The answer to a task. */
export interface TrainingAnswer {
  readonly id: number;
  readonly result?: ShareResult | readonly PlainTensor[] | undefined;
  readonly error?: ErrorRecord | undefined;
}

/** The copies in this thread, by number. */
const models = new Map<number, ModelCopy & Partial<Replica>>();

async function run(task: TrainingTask): Promise<TrainingAnswer['result']> {
  const model = models.get(task.model);
  if (task.name === 'step') return model?.step?.(task.share);
  if (task.name === 'predict') return model?.predict(task.inputs);
  if (task.name === 'reduce') {
    model?.reduce?.(task.reduction);
  } else if (task.name === 'close') {
    models.delete(task.model);
    model?.dispose();
  } else {
    await selectBackend(['wasm'], { gradients: true });
    models.set(task.model, await ('exchange' in task.setup ? createReplica(task.setup) : createCopy(task.setup)));
  }
  return undefined;
}

// The other side awaits the answer to each task of a model before it sends the next one.
parentPort?.on('message', (task: TrainingTask) => {
  void run(task).then(
    (result) => parentPort?.postMessage({ id: task.id, result } satisfies TrainingAnswer),
    (error: unknown) => parentPort?.postMessage({ id: task.id, error: packError(error) } satisfies TrainingAnswer),
  );
});
