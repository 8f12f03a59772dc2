// Writes a training run for TensorBoard. eventFile.ts writes the files.

import path from 'node:path';
import { boolean, check, checkOptions, nonNegativeInteger, text } from '../../core/internal.js';
import { callback, type TrainingCallback } from '../../training/index.js';
import { namedWeights } from '../../weights/index.js';
import { HYPER_PARAMETERS, openEvents } from './eventFile.js';

/** Options of {@link tensorBoard}. */
export interface TensorBoardOptions {
  /** Number of steps between metrics within an epoch. 0 means never. @defaultValue 0 */
  readonly updateEverySteps?: number | undefined;
  /** Number of epochs between histograms of all weights. 0 means never. @defaultValue 0 */
  readonly histogramsEveryEpochs?: number | undefined;
  /** Whether to write the model's graph. @defaultValue true */
  readonly graph?: boolean | undefined;
  /** The hyperparameters of the run, for the HParams tab. @defaultValue none */
  readonly hyperParameters?: Readonly<Record<string, number | string | boolean>> | undefined;
}

/**
 * Writes a run for TensorBoard, as Keras does: into the sub-folders `train` and `validation`, so that their curves share a chart.
 *
 * @throws {OptionError} when an option is unknown or has a wrong value. {@link DataError} in training, when the folder cannot be written.
 * @example
 * await model.fitDataset(train, { epochs: 10, validationData, callbacks: [tensorBoard('runs/clothes', { updateEverySteps: 10 })] });
 * // then: tensorboard --logdir runs
 */
export function tensorBoard(folder: string, options: TensorBoardOptions = {}): TrainingCallback {
  check('tensorBoard', 'folder', folder, text);
  checkOptions('tensorBoard', options, {
    updateEverySteps: nonNegativeInteger,
    histogramsEveryEpochs: nonNegativeInteger,
    graph: boolean,
    hyperParameters: HYPER_PARAMETERS,
  });
  const { updateEverySteps = 0, histogramsEveryEpochs = 0, graph = true, hyperParameters } = options;
  const train = openEvents('tensorBoard', path.join(folder, 'train'));
  const validation = openEvents('tensorBoard', path.join(folder, 'validation'));
  let step = 0;
  return callback({
    onTrainBegin: async (model) => {
      if (graph) await train.graph(model);
      if (hyperParameters !== undefined) await train.hyperParameters(hyperParameters);
    },
    onBatchEnd: async (_batch, metrics) => {
      step += 1;
      if (updateEverySteps === 0 || step % updateEverySteps !== 0) return;
      for (const [name, value] of Object.entries(metrics)) await train.scalar(`batch_${name}`, value, step);
    },
    onEpochEnd: async (epoch, metrics, model) => {
      for (const [name, value] of Object.entries(metrics)) {
        const isValidation = name.startsWith('val_');
        await (isValidation ? validation : train).scalar(`epoch_${isValidation ? name.slice(4) : name}`, value, epoch);
      }
      if (histogramsEveryEpochs === 0 || epoch % histogramsEveryEpochs !== 0) return;
      for (const [name, weight] of namedWeights(model)) await train.histogram(name, await weight.read().data(), epoch);
    },
    save: () => ({ values: { step } }),
    load: ({ values }) => {
      step = values?.['step'] ?? step;
    },
  });
}
