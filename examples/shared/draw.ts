// What the examples write at the end: grids of images, charts, and the trained model.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { Dataset, predictionsTable, saveModel, type Evaluation, type LabeledImage, type Pixels, type PredictionRow } from 'effnet-ts/node';
import { exportOnnx } from 'effnet-ts/onnx';
import { imageDataUrl, imageGrid, renderPng, type GridImage } from 'effnet-ts/plots';

/** Draws the first images of a shuffled dataset with their labels, as the network sees them: resized and augmented. */
export async function drawSamples(file: string, images: Dataset<LabeledImage>, classNames: readonly string[], count = 9): Promise<void> {
  const cells: GridImage[] = [];
  for await (const { pixels, label } of images.take(count)) {
    cells.push({ url: await imageDataUrl(pixels), title: classNames[indexOf(label)] ?? '' });
  }
  await writeFile(file, await renderPng(imageGrid(cells, { columns: 3 })));
}

/** Chooses predictions at random. The same seed chooses the same ones. */
export function randomPredictions(evaluation: Evaluation, count: number, seed: number): Promise<readonly PredictionRow[]> {
  return Dataset.from(predictionsTable(evaluation)).shuffle(evaluation.count, { seed }).take(count).toArray();
}

/** Draws predictions with the predicted class, its probability and the true class: green if they are correct, red if not. */
export async function drawPredictions(
  file: string,
  rows: readonly PredictionRow[],
  imageOf: (row: PredictionRow) => Promise<Pixels>,
): Promise<void> {
  if (rows.length === 0) return;
  const cells: GridImage[] = [];
  for (const row of rows) {
    cells.push({
      url: await imageDataUrl(await imageOf(row)),
      title: `${row.predicted} ${row.probability.toFixed(2)}\ntrue: ${row.label}`,
      correct: row.correct,
    });
  }
  await writeFile(file, await renderPng(imageGrid(cells, { size: 240 })));
}

/** Draws charts as NAME.png in a folder. */
export async function drawCharts(folder: string, charts: Readonly<Record<string, object>>): Promise<void> {
  for (const [name, chart] of Object.entries(charts)) await writeFile(path.join(folder, `${name}.png`), await renderPng(chart));
}

/** Saves the model for TensorFlow.js in the folder `NAME` and for ONNX Runtime as `NAME.onnx`. */
export async function saveResult(model: LayersModel, folder: string, name = 'model'): Promise<void> {
  await saveModel(model, path.join(folder, name));
  await writeFile(path.join(folder, `${name}.onnx`), await exportOnnx(model));
}

/** The class of a label: an index, one-hot, or the probability of the second of two classes. */
function indexOf(label: number | Float32Array): number {
  if (typeof label === 'number') return label;
  return label.length === 1 ? Math.round(label[0] ?? 0) : label.indexOf(Math.max(...label));
}
