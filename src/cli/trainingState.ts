// What a training that was interrupted needs to be resumed: the trained classifier, and the checkpoint of fine-tuning.

import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { loadModel, saveModel, type EpochMetrics, type TrainedHead } from '../node.js';
import { replaceFile } from '../node/files/internal.js';
import { UsageError } from './UsageError.js';

/** The settings that decide the result of a training. */
export type TrainingSettings = Readonly<Record<string, string | number | boolean | undefined>>;

/** A trained classifier. */
export type Classifier = Pick<TrainedHead, 'model' | 'history'>;

/** The state of a training in the folder beside its output. It exists from the end of the first phase to the end of the training. */
export interface TrainingState {
  /** The file of the checkpoint of fine-tuning. */
  readonly checkpoint: string;
  /** Loads the classifier of an interrupted training. `undefined` if there is none. The caller must dispose its model. */
  readonly classifier: () => Promise<Classifier | undefined>;
  /** Keeps a classifier for a later call. */
  readonly keep: (classifier: Classifier) => Promise<void>;
  readonly remove: () => Promise<void>;
}

interface StateRecord {
  readonly settings: TrainingSettings;
  readonly history: readonly EpochMetrics[];
}

/**
 * Opens the state of a training.
 *
 * @throws {UsageError} when a training with other settings was interrupted there.
 */
export async function openTrainingState(folder: string, settings: TrainingSettings): Promise<TrainingState> {
  const file = path.join(folder, 'classifier.json');
  const model = path.join(folder, 'classifier');
  const read = async (): Promise<StateRecord | undefined> => {
    const text = await readFile(file, 'utf8').catch(() => undefined);
    return text === undefined ? undefined : (JSON.parse(text) as StateRecord);
  };
  const earlier = await read();
  const changed = Object.keys(settings).find((name) => earlier !== undefined && earlier.settings[name] !== settings[name]);
  if (changed !== undefined) {
    throw new UsageError(
      `a training with other settings (${changed}: ${String(earlier?.settings[changed])}, now ${String(settings[changed])}) was interrupted. ` +
        `Repeat its command to resume it, or add --restart.`,
    );
  }
  return {
    checkpoint: path.join(folder, 'fine-tuning.safetensors'),
    async classifier() {
      const record = await read();
      return record === undefined ? undefined : { model: await loadModel(model), history: record.history };
    },
    async keep(classifier) {
      await saveModel(classifier.model, model);
      // Written last: with this file, the state is complete.
      await replaceFile(file, JSON.stringify({ settings, history: classifier.history } satisfies StateRecord));
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
