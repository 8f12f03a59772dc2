// Writes a report: report.html to read, and report.json with the same values. plots/report decides on its content.

import { mkdir, rmdir } from 'node:fs/promises';
import path from 'node:path';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { check, checkOptions, invalid, show, text, trackProgress } from '../../core/internal.js';
import { DataError, OptionError, type ProgressListener } from '../../core/index.js';
import { checkPredictions, checkSameData } from '../../evaluation/metrics/internal.js';
import { checkEvaluatedModel } from '../../evaluation/predict/internal.js';
import { gradCam, overlayHeat } from '../../evaluation/explain/index.js';
import { mostWrong, type Evaluation, type MultiLabelEvaluation, type PredictionRow } from '../../evaluation/metrics/index.js';
import { modelSummary, unknownThresholdOf } from '../../models/index.js';
import { checkPixels, describePreprocessing, preprocessingFor } from '../../image/internal.js';
import { resize, type Pixels, type PreprocessingSource } from '../../image/index.js';
import { checkModel, reasonOf, variantPlanOf } from '../../models/internal.js';
import { imageDataUrl, type GalleryImage, type ReportContents } from '../../plots/index.js';
import { reportDataFor, reportPageFor } from '../../plots/internal.js';
import { EVALUATION, REPORT_RULES } from './reportRules.js';
import { makeWritableFolder, replaceFile, unwritable } from '../files/internal.js';

/** Options of {@link writeReport}. */
export interface WriteReportOptions extends Pick<
  ReportContents,
  'before' | 'findings' | 'history' | 'schedule' | 'settings' | 'unknownConfidences'
> {
  /** Title of the page. @defaultValue 'Evaluation' */
  readonly title?: string | undefined;
  readonly evaluation: Evaluation | MultiLabelEvaluation;
  /** The evaluated model. Adds its stages and plan to the report, and heat maps to the images. @defaultValue none */
  readonly model?: LayersModel | undefined;
  /** Loads the image of a prediction, for example `({ file }) => decodeImage(join(folder, file))`. @defaultValue no gallery */
  readonly imageOf?: ((row: PredictionRow) => Pixels | Promise<Pixels>) | undefined;
  /** Maximum number of mistakes with images, most confident first. The others are listed by name. @defaultValue 100 */
  readonly maxImages?: number | undefined;
  /**
   * Whether to add Grad-CAM heat maps of the predicted and of the true class to the images. Requires `model`.
   * @defaultValue true if `model` is set
   */
  readonly heatMaps?: boolean | undefined;
  /** The preprocessing of images, for the heat maps. @defaultValue the model's own, see `setPreprocessing` */
  readonly preprocessing?: PreprocessingSource | undefined;
  /** Batch size for the memory of activations in the model's table. @defaultValue 32 */
  readonly batchSize?: number | undefined;
  /**
   * The probability below which an answer counts as unknown, in [0, 1].
   * @defaultValue the threshold stored in the model, see `setUnknownThreshold`
   */
  readonly unknownThreshold?: number | undefined;
  /** Called after every image. @defaultValue none */
  readonly onProgress?: ProgressListener | undefined;
  /** Aborts the report between two images. Nothing is written then. @defaultValue never */
  readonly signal?: AbortSignal | undefined;
}

/** The paths of the files of a report. */
export interface WrittenReport {
  readonly html: string;
  readonly json: string;
}

// Pixels. The page shows an image at most 9rem (144 pixels) high. Twice that is sharp on high-density screens.
const SIDE = 288;

/**
 * Writes a self-contained HTML report, and its values as JSON, into a folder. Missing folders are created.
 *
 * With `imageOf`, the mistakes are shown with their images: as many as `maxImages`, each about 20 kB, or 60 kB with heat maps. The report
 * states how the model preprocesses images. Heat maps use the same preprocessing.
 *
 * Each file is replaced as a whole, so that it is never incomplete.
 *
 * @returns The paths of the two files.
 * @throws {OptionError} when an option is unknown, missing or has a wrong value, the model does not have the classes of the evaluation, or
 *   `before` or a threshold is combined with a multi-label evaluation.
 * @throws {DataError} when an image cannot be loaded, the folder cannot be written, or `before` is an evaluation of other data.
 * @throws {MissingPackageError} when `vega`, `vega-lite`, `vega-interpreter` or `sharp` is not installed.
 * @example
 * const folder = 'clothing/validation';
 * await writeReport('report', { evaluation, model, history, imageOf: ({ file }) => decodeImage(join(folder, file)) });
 */
export async function writeReport(folder: string, options: WriteReportOptions): Promise<WrittenReport> {
  const where = 'writeReport';
  check(where, 'folder', folder, text);
  const {
    title = 'Evaluation',
    evaluation,
    before,
    history,
    schedule,
    settings,
    model,
    imageOf,
    maxImages = 100,
    heatMaps = model !== undefined,
    batchSize = 32,
    preprocessing,
    findings,
    unknownConfidences,
    unknownThreshold: givenThreshold,
    onProgress,
    signal,
  } = checkOptions(where, options, REPORT_RULES);
  check(where, 'evaluation', evaluation, EVALUATION);
  checkPredictions(where, evaluation, 'evaluation');
  if (before !== undefined) checkPredictions(where, before, 'before');
  if (model !== undefined) {
    checkModel(where, model);
    checkEvaluatedModel(where, model, evaluation);
  }
  if (before !== undefined && evaluation.multiLabel)
    throw invalid(where, 'before', 'no value with a multi-label evaluation', before, 'Write a report for each, and compare their metrics.');
  for (const [option, value] of Object.entries({ unknownConfidences, unknownThreshold: givenThreshold })) {
    if (value !== undefined && evaluation.multiLabel)
      throw invalid(where, option, 'no value with a multi-label evaluation', value, 'Each label has its own threshold.');
  }
  if (before !== undefined && !evaluation.multiLabel) checkSameData(where, before, evaluation);
  if (heatMaps && model === undefined) throw invalid(where, 'heatMaps', 'nothing without `model`', heatMaps);
  const record =
    preprocessing === undefined && model === undefined ? undefined : preprocessingFor(where, preprocessing ?? (model as LayersModel));
  const explains = model !== undefined && heatMaps && imageOf !== undefined && maxImages > 0;
  if (explains && record === undefined) {
    throw new OptionError(
      `${where}: expected \`preprocessing\` for heat maps of a model that does not say how images become its input, ` +
        `received none. Pass it, state it with \`setPreprocessing\`, or pass \`heatMaps: false\`.`,
    );
  }
  signal?.throwIfAborted();
  const fail = unwritable(where, 'folder', folder);
  // Drawing a report takes minutes.
  const made = await mkdir(folder, { recursive: true }).catch(fail);
  try {
    await makeWritableFolder(folder).catch(fail);
    const plan = model === undefined ? undefined : variantPlanOf(model);
    const contents: ReportContents = {
      title,
      evaluation,
      before,
      history,
      schedule,
      settings: record === undefined ? settings : { preprocessing: describePreprocessing(record), ...settings },
      summary: model === undefined ? undefined : modelSummary(model, { batchSize }),
      plan,
      findings,
      unknownConfidences,
      unknownThreshold: givenThreshold ?? (model === undefined || evaluation.multiLabel ? undefined : unknownThresholdOf(model)),
      gallery:
        imageOf === undefined || maxImages === 0
          ? undefined
          : await gallery(evaluation, maxImages, imageOf, {
              explained: explains ? { model, preprocessing: record } : undefined,
              onProgress,
              signal,
            }),
    };
    const html = path.join(folder, 'report.html');
    const json = path.join(folder, 'report.json');
    const [page, data] = [await reportPageFor(where, contents), `${JSON.stringify(reportDataFor(where, contents), null, 2)}\n`];
    await replaceFile(json, data).catch(fail);
    await replaceFile(html, page).catch(fail);
    return { html, json };
  } catch (error) {
    await removeEmpty(folder, made);
    throw error;
  }
}

interface Explained {
  readonly model: LayersModel;
  readonly preprocessing: PreprocessingSource | undefined;
}

interface GalleryWork {
  readonly explained: Explained | undefined;
  readonly onProgress: ProgressListener | undefined;
  readonly signal: AbortSignal | undefined;
}

async function gallery(
  evaluation: Evaluation | MultiLabelEvaluation,
  limit: number,
  imageOf: NonNullable<WriteReportOptions['imageOf']>,
  { explained, onProgress, signal }: GalleryWork,
): Promise<GalleryImage[]> {
  const images: GalleryImage[] = [];
  const rows = mostWrong(evaluation, limit);
  const progress = trackProgress(onProgress, 'report', 'images', rows.length);
  for (const row of rows) {
    signal?.throwIfAborted();
    const image = await imageFor(imageOf, row);
    const scale = Math.min(1, SIDE / Math.max(image.width, image.height));
    const small = resize(image, [Math.max(1, Math.round(image.height * scale)), Math.max(1, Math.round(image.width * scale))], {
      antialias: true,
    });
    const heatUrlOf = async (target: number): Promise<string | undefined> => {
      if (explained === undefined) return undefined;
      const heat = await gradCam(explained.model, image, { target, preprocessing: explained.preprocessing });
      return imageDataUrl(overlayHeat(small, heat));
    };
    const isSame = row.labelIndex === row.predictedIndex;
    images.push({
      row,
      url: await imageDataUrl(small),
      heatUrl: await heatUrlOf(row.predictedIndex),
      labelHeatUrl: isSame ? undefined : await heatUrlOf(row.labelIndex),
    });
    progress(images.length);
  }
  progress.end(images.length);
  return images;
}

async function imageFor(imageOf: NonNullable<WriteReportOptions['imageOf']>, row: PredictionRow): Promise<Pixels> {
  const { file, index } = row;
  const name = file === '' ? `sample ${index}` : `'${file}'`;
  const origin = file === '' ? {} : { origin: file };
  let image: unknown;
  try {
    image = await imageOf(row);
  } catch (cause) {
    throw new DataError(`writeReport: \`imageOf\` cannot load ${name}: ${reasonOf(cause)}.`, { cause, ...origin });
  }
  try {
    checkPixels('writeReport', image);
    return image;
  } catch (cause) {
    throw new DataError(
      `writeReport: expected an image { width, height, channels, data } from \`imageOf\` for ${name}, received ${show(image)}.`,
      { cause, ...origin },
    );
  }
}

/** Removes the folders that were made for a report that failed, where nothing is in them. */
async function removeEmpty(folder: string, first: string | undefined): Promise<void> {
  if (first === undefined) return;
  const last = path.resolve(first);
  for (let at = path.resolve(folder); at.length >= last.length; at = path.dirname(at)) {
    const removed = await rmdir(at).then(
      () => true,
      () => false,
    );
    if (!removed) return;
  }
}
