// Names the metrics of a report, in the order of the page.

import type { Evaluation, MultiLabelEvaluation } from '../../evaluation/metrics/index.js';

type Metrics = Readonly<Record<string, number>>;

export function singleMetrics(
  { accuracy, topK, balancedAccuracy, macro, weighted, kappa, matthews, loss, calibration }: Evaluation,
  ranking: Metrics,
): Metrics {
  return {
    accuracy,
    ...Object.fromEntries(
      Object.entries(topK)
        .filter(([k]) => k !== '1')
        .map(([k, share]) => [`top-${k} accuracy`, share]),
    ),
    'balanced accuracy': balancedAccuracy,
    'macro F1': macro.f1,
    'macro precision': macro.precision,
    'macro recall': macro.recall,
    'weighted F1': weighted.f1,
    ...ranking,
    "Cohen's kappa": kappa,
    Matthews: matthews,
    loss,
    'calibration error': calibration.ece,
    'Brier score': calibration.brier,
  };
}

export function multiMetrics(
  { accuracy, hammingLoss, macro, micro, weighted, samples, loss }: MultiLabelEvaluation,
  ranking: Metrics,
): Metrics {
  return {
    'subset accuracy': accuracy,
    'Hamming loss': hammingLoss,
    'macro F1': macro.f1,
    'micro F1': micro.f1,
    'weighted F1': weighted.f1,
    'samples F1': samples.f1,
    'macro precision': macro.precision,
    'macro recall': macro.recall,
    ...ranking,
    loss,
  };
}
