// What the examples print: the data set, the network, which layers train, and the metrics of each epoch.

import { writeFile } from 'node:fs/promises';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import {
  callback,
  modelSummary,
  summaryTable,
  trainableSummary,
  type Dataset,
  type ImageBatch,
  type TrainingCallback,
} from 'effnet-ts/node';

/**
 * Prints the number of images and classes, the number of batches, and the shapes and types of a batch.
 *
 * @param count - Batches of an epoch, for data whose size is not known before it is read.
 */
export async function showData(
  name: string,
  images: number,
  classes: number,
  batches: Dataset<ImageBatch>,
  count = batches.size,
): Promise<void> {
  console.log(`Found ${images} images belonging to ${classes} classes.`);
  console.log(`${name}: ${count} batches, the first of ${await batches.elementSpec()}`);
}

/** Prints the stages of a model with their layers, output shapes, parameters and memory. */
export function showModel(model: LayersModel, batchSize: number): void {
  console.log(`\n${summaryTable(modelSummary(model, { batchSize }))}\n`);
}

/** Prints which stages train, and writes the list of all layers to a file. */
export async function showTrainable(model: LayersModel, file: string): Promise<void> {
  const { trainable, frozen, stages, layers } = trainableSummary(model);
  console.log(`${trainable.toLocaleString('en-US')} parameters train, ${frozen.toLocaleString('en-US')} are frozen:`);
  console.log(tableOf(stages));
  await writeFile(file, `${tableOf(layers)}\n`);
  console.log(`All ${layers.length} layers with weights: ${file}\n`);
}

/** Prints one line per epoch. */
export function printEpochs(name: string): TrainingCallback {
  return callback({
    onEpochEnd: (epoch, metrics) => {
      const shown = Object.entries(metrics).map(
        ([key, value]) => `${key} ${key === 'learningRate' ? value.toExponential(1) : value.toFixed(3)}`,
      );
      console.log(`${name} epoch ${epoch + 1}: ${shown.join('  ')}`);
    },
  });
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function tableOf(rows: readonly { readonly name: string; readonly trainable: number; readonly frozen: number }[]): string {
  const width = Math.max(...rows.map(({ name }) => name.length));
  return rows
    .map(({ name, trainable, frozen }) => {
      const counts = [trainable, frozen].map((count) => count.toLocaleString('en-US').padStart(12));
      return `${name.padEnd(width)}  trainable ${String(trainable > 0).padEnd(5)} ${counts[0] ?? ''} train ${counts[1] ?? ''} frozen`;
    })
    .join('\n');
}
