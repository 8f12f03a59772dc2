// The part of trainingWorkers that runs in its threads: a copy of the model, and the steps on its share of every batch.

import { parentPort } from 'node:worker_threads';
import {
  createReplica,
  type PlainTensor,
  type Reduction,
  type Replica,
  type ReplicaSetup,
  type Share,
  type ShareResult,
} from '../../training/internal.js';
import { selectBackend } from '../backends/index.js';
import { packError, type ErrorRecord } from '../images/internal.js';

/** A task for a thread. */
export type TrainingTask =
  | { readonly id: number; readonly name: 'open'; readonly setup: ReplicaSetup }
  | { readonly id: number; readonly name: 'step'; readonly share: Share }
  | { readonly id: number; readonly name: 'predict'; readonly share: Share }
  | { readonly id: number; readonly name: 'reduce'; readonly reduction: Reduction }
  | { readonly id: number; readonly name: 'close' };

/** The answer to a task. */
export interface TrainingAnswer {
  readonly id: number;
  readonly result?: ShareResult | PlainTensor | undefined;
  readonly error?: ErrorRecord | undefined;
}

let replica: Replica | undefined;

async function run(task: TrainingTask): Promise<TrainingAnswer['result']> {
  if (task.name === 'step') return replica?.step(task.share);
  if (task.name === 'predict') return replica?.predict(task.share);
  if (task.name === 'reduce') {
    replica?.reduce(task.reduction);
    return undefined;
  }
  replica?.dispose();
  replica = undefined;
  if (task.name === 'close') return undefined;
  await selectBackend(['wasm'], { gradients: true });
  replica = await createReplica(task.setup);
  return undefined;
}

// Tasks arrive one after the other, because the other side awaits each answer.
parentPort?.on('message', (task: TrainingTask) => {
  void run(task).then(
    (result) => parentPort?.postMessage({ id: task.id, result } satisfies TrainingAnswer),
    (error: unknown) => parentPort?.postMessage({ id: task.id, error: packError(error) } satisfies TrainingAnswer),
  );
});
