// Rules for the options of writeReport.

import { anything, boolean, callable, nonNegativeInteger, positiveInteger, probability, rule, signal, text } from '../../core/internal.js';
import type { Evaluation, MultiLabelEvaluation } from '../../evaluation/metrics/index.js';
import { confidences, metricHistory, reportFindings, reportSchedule, reportSettings } from '../../plots/internal.js';

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const EVALUATION = rule<Evaluation | MultiLabelEvaluation>('an evaluation', isEvaluation);
const single = rule<Evaluation>(
  'an evaluation with one class per sample',
  (value) => isEvaluation(value) && !(value as Evaluation | MultiLabelEvaluation).multiLabel,
);

function isEvaluation(value: unknown): boolean {
  const { multiLabel, count, classNames, perClass, predictions } = (value ?? {}) as Partial<Evaluation | MultiLabelEvaluation>;
  return (
    boolean.accepts(multiLabel) &&
    nonNegativeInteger.accepts(count) &&
    Array.isArray(classNames) &&
    Array.isArray(perClass) &&
    isRecord(predictions)
  );
}

/** The rules for all options. */
export const REPORT_RULES = {
  title: text,
  evaluation: EVALUATION,
  before: single,
  history: metricHistory,
  schedule: reportSchedule,
  settings: reportSettings,
  model: anything,
  imageOf: callable,
  maxImages: nonNegativeInteger,
  heatMaps: boolean,
  batchSize: positiveInteger,
  preprocessing: rule(
    'a preprocessing, or a model, runtime or dataset that has one',
    (value) => typeof value === 'object' && value !== null,
  ),
  findings: reportFindings,
  unknownConfidences: confidences,
  unknownThreshold: probability,
  onProgress: callable,
  signal,
};
