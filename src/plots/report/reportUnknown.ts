// Computes what a threshold on the confidence does: to the answers of a report, and to images of other things.

import { confidencesOf, coverageCurve, evaluateUnknown, type Evaluation, type UnknownEvaluation } from '../../evaluation/metrics/index.js';
import type { ReportContents } from './reportContents.js';

/** What a threshold on the confidence does. */
export interface ReportUnknown {
  /** Fraction of the images that can be answered with at most 5 % of wrong answers. 0 if there is none. */
  readonly coverage: number;
  /** The threshold below which an answer counts as unknown. Null if none was given. */
  readonly threshold: number | null;
  /** How well the confidence separates images of other things. Null if none were given. */
  readonly separation: UnknownEvaluation | null;
  /** Fraction of the images of other things whose confidence reaches the threshold. Null without either. */
  readonly accepted: number | null;
}

const MAX_ERROR = 0.05;

export function unknownOf(evaluation: Evaluation, { unknownConfidences, unknownThreshold }: ReportContents): ReportUnknown {
  const { coverage, accuracy } = coverageCurve(evaluation);
  const reached = coverage.filter((_, i) => (1 - (accuracy[i] as number) - MAX_ERROR) * (coverage[i] as number) * evaluation.count < 1e-6);
  const others = unknownConfidences === undefined ? undefined : Array.from(unknownConfidences);
  return {
    coverage: reached.at(-1) ?? 0,
    threshold: unknownThreshold ?? null,
    separation: others === undefined ? null : evaluateUnknown(confidencesOf(evaluation), others),
    accepted:
      others === undefined || unknownThreshold === undefined
        ? null
        : others.filter((confidence) => confidence >= unknownThreshold).length / others.length,
  };
}
