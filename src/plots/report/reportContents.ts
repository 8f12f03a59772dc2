// Defines and checks the contents of a report.

import {
  arrayOf,
  callable,
  check,
  checkOptions,
  finite,
  invalid,
  nullable,
  positiveInteger,
  probability,
  record,
  rule,
  text,
  type Given,
  type Rules,
} from '../../core/internal.js';
import { checkAnyEvaluation, checkEvaluation, checkSameData } from '../../evaluation/metrics/internal.js';
import type { Evaluation, MultiLabelEvaluation, PredictionRow } from '../../evaluation/metrics/index.js';
import type { ModelSummary } from '../../models/index.js';
import type { ModelPlan } from '../../scaling/index.js';
import { modelPlan } from '../../scaling/internal.js';
import { checkEpochs, metricHistory, type MetricHistory, type TrainingPhase } from '../metricHistory.js';

/** An image of the gallery, as a `data:` URL. */
export interface GalleryImage {
  /** The prediction for the image. */
  readonly row: PredictionRow;
  readonly url: string;
  /** The same image with the heat map of the predicted class. */
  readonly heatUrl?: string | undefined;
  /** The same image with the heat map of the true class. */
  readonly labelHeatUrl?: string | undefined;
}

/** A problem of the data, with its images and what to do about it. */
export interface ReportFinding {
  /** Name of the problem, such as `duplicates`. */
  readonly kind: string;
  /** One sentence on what to do. */
  readonly advice: string;
  readonly images: readonly ReportFindingImage[];
}

/** An image of a finding. */
export interface ReportFindingImage {
  /** Path or name of the image. */
  readonly origin: string;
  readonly label?: string | undefined;
  /** The class that the image probably has. */
  readonly suggested?: string | undefined;
}

/** The contents of a report. */
export interface ReportContents {
  readonly title: string;
  readonly evaluation: Evaluation | MultiLabelEvaluation;
  /** An earlier evaluation of the same data to compare with, for example from before fine-tuning. Both must have one class per sample. */
  readonly before?: Evaluation | undefined;
  readonly history?: MetricHistory | readonly TrainingPhase[] | undefined;
  /** Learning rate by step, starting at step 0, and the number of steps to draw. */
  readonly schedule?: { readonly rate: (step: number) => number; readonly steps: number } | undefined;
  readonly plan?: ModelPlan | undefined;
  readonly summary?: ModelSummary | undefined;
  /** Any settings to list, such as training options. */
  readonly settings?: Readonly<Record<string, string | number | boolean | null>> | undefined;
  readonly gallery?: readonly GalleryImage[] | undefined;
  /**
   * Confidences of images that show none of the classes: the probability of the most probable class of each. With it, the report states how
   * well the confidence separates them from the evaluated images.
   */
  readonly unknownConfidences?: ArrayLike<number> | undefined;
  /** The probability below which an answer counts as unknown, in [0, 1]. */
  readonly unknownThreshold?: number | undefined;
  /** Problems of the data to list. */
  readonly findings?: readonly ReportFinding[] | undefined;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => record.accepts(value);

export const reportSchedule = rule<NonNullable<ReportContents['schedule']>>(
  '{ rate, steps }, a function and a positive integer,',
  (value) => isRecord(value) && callable.accepts(value['rate']) && positiveInteger.accepts(value['steps']),
);

const setting = nullable(
  rule<string | number | boolean>('a string, number or boolean', (value) => ['string', 'number', 'boolean'].includes(typeof value)),
);
export const reportSettings = rule<NonNullable<ReportContents['settings']>>(
  'an object of strings, numbers, booleans and null',
  (value) => isRecord(value) && Object.values(value).every(setting.accepts),
);

const stageTotals = (value: unknown): boolean =>
  isRecord(value) &&
  ['layers', 'parameters', 'trainable'].every((key) => finite.accepts(value[key])) &&
  ['multiplyAdds', 'activationBytes'].every((key) => nullable(finite).accepts(value[key]));
const summary = rule<ModelSummary>(
  'a summary, as `modelSummary` returns it,',
  (value) =>
    isRecord(value) &&
    text.accepts(value['name']) &&
    stageTotals(value['total']) &&
    Array.isArray(value['stages']) &&
    value['stages'].every(
      (stage: unknown) => stageTotals(stage) && Array.isArray((stage as Partial<ModelSummary['stages'][number]>).outputShape),
    ),
);

const row = rule<PredictionRow>('a row of `mostWrong`', (value) => {
  const { index, file, label, predicted, probability } = (value ?? {}) as Partial<PredictionRow>;
  return finite.accepts(index) && finite.accepts(probability) && [file, label, predicted].every((each) => typeof each === 'string');
});
const optionalText = (value: unknown): boolean => value === undefined || typeof value === 'string';
export const reportFindings = rule<readonly ReportFinding[]>(
  'a list of findings { kind, advice, images: [{ origin }] }',
  (value) =>
    Array.isArray(value) &&
    value.every(
      (finding: unknown) =>
        isRecord(finding) &&
        text.accepts(finding['kind']) &&
        text.accepts(finding['advice']) &&
        Array.isArray(finding['images']) &&
        finding['images'].every(
          (image: unknown) =>
            isRecord(image) && text.accepts(image['origin']) && optionalText(image['label']) && optionalText(image['suggested']),
        ),
    ),
);
export const confidences = rule<ArrayLike<number>>(
  'at least one number in [0, 1]',
  (value) =>
    (Array.isArray(value) || ArrayBuffer.isView(value)) &&
    (value as unknown as ArrayLike<unknown>).length > 0 &&
    Array.from(value as unknown as ArrayLike<unknown>).every(probability.accepts),
);
const dataUrl = rule<string>('a `data:` URL', (value) => typeof value === 'string' && value.startsWith('data:'));

const evaluation = record as Rules<ReportContents>['evaluation'];
const RULES: Rules<ReportContents> = {
  title: text,
  evaluation,
  before: record,
  history: metricHistory,
  schedule: reportSchedule,
  plan: modelPlan,
  summary,
  settings: reportSettings,
  gallery: arrayOf(record),
  unknownConfidences: confidences,
  unknownThreshold: probability,
  findings: reportFindings,
};
const IMAGE_RULES: Rules<GalleryImage> = { row, url: dataUrl, heatUrl: dataUrl, labelHeatUrl: dataUrl };
const SCHEDULE_RULES: Rules<NonNullable<ReportContents['schedule']>> = { rate: callable, steps: positiveInteger };

/**
 * Checks and returns the contents of a report.
 *
 * @throws {OptionError} when an entry is unknown, missing or of the wrong type, or `before` is combined with a multi-label evaluation.
 * @throws {DataError} when `before` is an evaluation of other data, or a history has no epoch.
 */
export function checkContents(where: string, contents: ReportContents): Given<ReportContents> {
  const given = checkOptions(where, contents, RULES);
  const { title, evaluation: after, before, history, schedule, gallery = [] } = given;
  check(where, 'title', title, text);
  checkAnyEvaluation(where, after);
  if (after.multiLabel && (given.unknownConfidences !== undefined || given.unknownThreshold !== undefined)) {
    const option = given.unknownThreshold === undefined ? 'unknownConfidences' : 'unknownThreshold';
    throw invalid(where, option, 'no value with a multi-label evaluation', given[option], 'Each label has its own threshold.');
  }
  if (before !== undefined) {
    checkEvaluation(where, before, 'before');
    if (after.multiLabel)
      throw invalid(
        where,
        'before',
        'no value with a multi-label evaluation',
        before,
        'Write a report for each, and compare their metrics.',
      );
    checkSameData(where, before, after);
  }
  if (history !== undefined) checkEpochs(where, history);
  if (schedule !== undefined) checkOptions(where, schedule, SCHEDULE_RULES, 'schedule');
  gallery.forEach((image, i) => {
    const name = `gallery[${i}]`;
    checkOptions(where, image, IMAGE_RULES, name);
    check(where, `${name}.row`, image.row, row);
    check(where, `${name}.url`, image.url, dataUrl);
  });
  return given;
}
