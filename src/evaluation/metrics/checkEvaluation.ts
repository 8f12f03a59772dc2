// Checks evaluations that are passed as arguments.

import { check, invalid, rule } from '../../core/internal.js';
import type { Evaluation, MultiLabelEvaluation } from './evaluation.js';

const single = rule<Evaluation>(
  'an evaluation of one class per sample, such as evaluate() returns',
  (value) => isEvaluation(value) && !value.multiLabel,
);
const either = rule<Evaluation | MultiLabelEvaluation>('an evaluation, such as evaluate() returns', isEvaluation);

/** Throws unless the value is an evaluation of one class per sample. */
export function checkEvaluation(where: string, evaluation: unknown, option = 'evaluation'): asserts evaluation is Evaluation {
  check(where, option, evaluation, single);
  checkPredictions(where, evaluation, option);
}

/** Throws unless the value is an evaluation, of one class or of any number of classes per sample. */
export function checkAnyEvaluation(
  where: string,
  evaluation: unknown,
  option = 'evaluation',
): asserts evaluation is Evaluation | MultiLabelEvaluation {
  check(where, option, evaluation, either);
  checkPredictions(where, evaluation, option);
}

/** Throws for an evaluation whose predictions are no typed arrays any more, such as one that was read back from JSON. */
export function checkPredictions(where: string, { predictions }: Evaluation | MultiLabelEvaluation, option: string): void {
  const { labels, predicted, probabilities } = predictions as Partial<Evaluation['predictions']>;
  for (const [name, values] of Object.entries({ labels, predicted, probabilities })) {
    if (ArrayBuffer.isView(values)) continue;
    throw invalid(
      where,
      `${option}.predictions.${name}`,
      'a typed array',
      values,
      'JSON does not keep typed arrays: copy an evaluation with `structuredClone`, and save it with `serialize` of node:v8.',
    );
  }
}

function isEvaluation(value: unknown): value is Evaluation | MultiLabelEvaluation {
  const { multiLabel, classNames, perClass, predictions } = (value ?? {}) as Partial<Evaluation | MultiLabelEvaluation>;
  return (
    typeof multiLabel === 'boolean' &&
    Array.isArray(classNames) &&
    Array.isArray(perClass) &&
    typeof predictions === 'object' &&
    (predictions as unknown) !== null
  );
}
