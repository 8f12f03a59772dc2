// Writes checkpoints to files and resumes from them. Their format is in training/checkpointBytes.

import { readFile, rm } from 'node:fs/promises';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { boolean, check, checkOptions, invalid, list, positiveInteger, text } from '../../core/internal.js';
import { DataError, EffnetError, OptionError, WeightsError } from '../../core/index.js';
import { checkModel } from '../../models/internal.js';
import { callback, type MetricValues, type MonitorOptions, type TrainingCallback } from '../../training/index.js';
import { checkpointOf, MONITOR_RULES, monitorOf, readCheckpoint, restoreCheckpoint, writeCheckpoint } from '../../training/internal.js';
import { replaceFile, systemReason, unwritable } from '../files/internal.js';
import { checkpointPath, EARLIER_STAYS } from './checkpointFile.js';

const MISSPELT_EPOCH = /^(?:epo|epc|eop|poc)/i;

/** Options of {@link checkpoint}. */
export interface CheckpointOptions extends MonitorOptions {
  /** Whether to write only when the monitored metric is the best so far. @defaultValue false */
  readonly saveBestOnly?: boolean | undefined;
  /** Whether to omit the optimizer's state. @defaultValue false */
  readonly saveWeightsOnly?: boolean | undefined;
  /** The number of files to keep. Older files of this callback are removed. Requires `{epoch}` in the path. @defaultValue keeps all */
  readonly keepLast?: number | undefined;
}

/** Where a resumed run continues. */
export interface Resumed {
  /** The epoch to continue with, which is the `initialEpoch` of fit. */
  readonly epoch: number;
  /** The metrics of the checkpoint's epoch. */
  readonly metrics: MetricValues;
}

/**
 * Writes a checkpoint after every epoch. The file is replaced as a whole, so a killed process leaves the previous checkpoint intact.
 * Missing folders are created.
 *
 * @param file - A path such as `runs/clothes-{epoch}-{val_accuracy}.safetensors`. `{epoch}` counts from 1. Any other name in braces is that
 *   of a metric, which is written with four decimals.
 * @throws {OptionError} when an option is unknown or has a wrong value. Also when `file` does not end in `.safetensors`, has other text in
 *   braces, or has no `{epoch}` although `keepLast` is set. In training, when there is no metric of a name in braces.
 * @throws {DataError} in training, when the file cannot be written, for example because the disk is full.
 * @throws {EffnetError} in training, when the loss is not finite. The previous checkpoint is kept.
 * @throws {WeightsError} in training, when the optimizer is one of TensorFlow.js and `saveWeightsOnly` is not set.
 * @example
 * const best = checkpoint('runs/best.safetensors', { monitor: 'val_accuracy', saveBestOnly: true });
 * await model.fitDataset(train, { epochs: 10, validationData, callbacks: [best] });
 */
export function checkpoint(file: string, options: CheckpointOptions = {}): TrainingCallback {
  checkOptions('checkpoint', options, { ...MONITOR_RULES, saveBestOnly: boolean, saveWeightsOnly: boolean, keepLast: positiveInteger });
  checkTemplate(file, options.keepLast);
  const { saveBestOnly = false, saveWeightsOnly = false, keepLast = Infinity } = options;
  const monitor = monitorOf('checkpoint', options);
  let best = monitor.worst;
  const written: string[] = [];
  return callback({
    onEpochEnd: async (epoch, metrics, model) => {
      const loss = metrics['loss'];
      if (loss !== undefined && !Number.isFinite(loss)) {
        throw new EffnetError(`checkpoint: expected a finite loss at the end of epoch ${epoch}, received ${loss}. ${EARLIER_STAYS}`);
      }
      if (saveBestOnly) {
        const value = monitor.read(metrics);
        if (!monitor.isBetter(value, best)) return;
        best = value;
      }
      const target = fileName(file, epoch, metrics);
      const bytes = writeCheckpoint(await checkpointOf(model, { weightsOnly: saveWeightsOnly, notes: { epoch: epoch + 1, metrics } }));
      await replaceFile(target, bytes).catch(unwritable('checkpoint', 'file', target, EARLIER_STAYS));
      if (!written.includes(target)) written.push(target);
      for (const old of written.splice(0, Math.max(0, written.length - keepLast))) await rm(old, { force: true });
    },
    save: () => ({ values: { best } }),
    load: ({ values }) => {
      best = values?.['best'] ?? best;
    },
  });
}

/**
 * Loads a checkpoint into a compiled model: the weights, the preprocessing, and the state of the optimizer if the checkpoint has one.
 *
 * @throws {OptionError} when `model` is not a model, or `file` is empty.
 * @throws {DataError} when the file cannot be read. {@link WeightsError} when it is not a checkpoint, or one of another model. The model is
 *   unchanged then.
 * @example
 * const { epoch } = await resume(model, 'runs/clothes-7.safetensors');
 * await model.fitDataset(train, { initialEpoch: epoch, epochs: 20 });
 */
export async function resume(model: LayersModel, file: string): Promise<Resumed> {
  checkModel('resume', model);
  check('resume', 'file', file, text);
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    throw new DataError(`resume: expected a checkpoint, received '${file}', which cannot be read: ${systemReason(cause)}.`, {
      cause,
      origin: file,
    });
  }
  const saved = readFrom(file, bytes);
  await restoreCheckpoint('resume', model, saved);
  const { epoch = 0, metrics = {} } = saved.notes as { epoch?: number | undefined; metrics?: MetricValues | undefined };
  return { epoch, metrics };
}

function readFrom(file: string, bytes: Uint8Array): ReturnType<typeof readCheckpoint> {
  try {
    return readCheckpoint(bytes);
  } catch (cause) {
    if (!(cause instanceof WeightsError)) throw cause;
    const reason = cause.message.replace(/^\w+: /, '').replace(/^[a-z]/, (letter) => letter.toUpperCase());
    throw new WeightsError(`resume: expected a checkpoint of this library, received '${file}'. ${reason}`, { cause });
  }
}

/** Metrics are known only after the first epoch. Everything else about the path is checked before training. */
function checkTemplate(file: string, keepLast: number | undefined): void {
  check('checkpoint', 'file', file, checkpointPath);
  for (const [braces, name = ''] of file.matchAll(/\{([^{}]*)\}/g)) {
    if (name === 'epoch' || (/^\w+$/.test(name) && !MISSPELT_EPOCH.test(name))) continue;
    throw new OptionError(
      `checkpoint: expected \`{epoch}\` or the name of a metric, such as \`{val_loss}\`, in the braces of \`file\`, received '${braces}'.`,
    );
  }
  if (keepLast !== undefined && !file.includes('{epoch}')) {
    const remedy = 'Otherwise the epochs replace the same file.';
    throw invalid('checkpoint', 'file', `a path with \`{epoch}\`, which \`keepLast\` requires,`, file, remedy);
  }
}

function fileName(template: string, epoch: number, metrics: MetricValues): string {
  return template.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    if (name === 'epoch') return String(epoch + 1);
    const value = metrics[name];
    if (value === undefined)
      throw new OptionError(
        `checkpoint: expected one of ${list(['epoch', ...Object.keys(metrics)])} in the braces of \`file\`, received '{${name}}'.`,
      );
    return value.toFixed(4);
  });
}
