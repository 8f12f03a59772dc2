// What the options of writeReport may be.

import { anything, boolean, callable, nonNegativeInteger, nullable, positiveInteger, rule, text } from '../core/index.js';
import type { Evaluation, MultiLabelEvaluation } from '../evaluation/index.js';
import type { ReportContents } from '../plots/index.js';

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);

export const EVALUATION = rule<Evaluation | MultiLabelEvaluation>('an evaluation', isEvaluation);
const single = rule<Evaluation>('an evaluation with one class per sample', (value) => isEvaluation(value) && !(value as Evaluation | MultiLabelEvaluation).multiLabel);

function isEvaluation(value: unknown): boolean {
  const { multiLabel, count, classNames, perClass, predictions } = (value ?? {}) as Partial<Evaluation | MultiLabelEvaluation>;
  return boolean.accepts(multiLabel) && nonNegativeInteger.accepts(count) && Array.isArray(classNames) && Array.isArray(perClass) && isRecord(predictions);
}

const history = rule<NonNullable<ReportContents['history']>>('a history { loss, ... }, an array of epochs or an array of { name, history }', (value) =>
  isHistory(value) || (Array.isArray(value) && value.every((phase: unknown) => isRecord(phase) && text.accepts(phase['name']) && isHistory(phase['history']))));

/** `null` stands for NaN in what was once JSON. */
const metric = nullable(rule<number>('a number', (value) => typeof value === 'number'));

function isHistory(value: unknown): boolean {
  if (Array.isArray(value)) return Array.from(value).every((epoch: unknown) => isRecord(epoch) && Object.values(epoch).every((each) => each === undefined || metric.accepts(each)));
  return isRecord(value) && Object.values(value).every((values) => Array.isArray(values) && values.every(metric.accepts));
}

const schedule = rule<NonNullable<ReportContents['schedule']>>('{ rate, steps }, a function and a positive integer,', (value) =>
  isRecord(value) && callable.accepts(value['rate']) && positiveInteger.accepts(value['steps']));

const settings = rule<NonNullable<ReportContents['settings']>>('an object of strings, numbers, booleans and null', (value) =>
  isRecord(value) && Object.values(value).every((each) => each === null || ['string', 'number', 'boolean'].includes(typeof each)));

/** The rules of all options. */
export const REPORT_RULES = {
  title: text, evaluation: EVALUATION, before: single, history, schedule, settings, model: anything, imageOf: callable, maxImages: nonNegativeInteger,
  heatMaps: boolean, batchSize: positiveInteger, preprocessing: rule('a preprocessing, or a model, runtime or dataset that has one', (value) => typeof value === 'object' && value !== null),
};
