// What a report says, as data: the page shows it, report.json holds it.

import type {
  ConfidenceInterval, ConfusedPair, Evaluation, EvaluationComparison, ModelSummary, PredictionRow,
} from '../../evaluation/index.js';
import { averagePrecision, compareEvaluations, confidenceInterval, confusedPairs, mostWrong, rocAuc } from '../../evaluation/index.js';
import type { ModelPlan } from '../../scaling/index.js';
import { phasesOf, type MetricHistory, type TrainingPhase } from '../trainingChart.js';

/** A picture of the gallery, as a `data:` URL. */
export interface GalleryImage {
  /** What was predicted for it. */
  readonly row: PredictionRow;
  readonly url: string;
  /** The same picture with the heat map of the predicted class over it. */
  readonly heatUrl?: string;
}

/** What a report is made of. */
export interface ReportContents {
  readonly title: string;
  readonly evaluation: Evaluation;
  /** An earlier evaluation of the same data to compare with, for example from before fine-tuning. */
  readonly before?: Evaluation;
  readonly history?: MetricHistory | readonly TrainingPhase[];
  /** The learning rate by step, from step 0, and how many steps of it are drawn. */
  readonly schedule?: { readonly rate: (step: number) => number; readonly steps: number };
  readonly plan?: ModelPlan;
  readonly summary?: ModelSummary;
  /** Whatever should be known of how the model came about. */
  readonly settings?: Readonly<Record<string, string | number | boolean | null>>;
  readonly gallery?: readonly GalleryImage[];
}

/** A report as plain data. */
export interface ReportData {
  readonly title: string;
  readonly samples: number;
  readonly classes: number;
  readonly figures: Readonly<Record<string, number>>;
  readonly accuracyInterval: ConfidenceInterval;
  readonly perClass: readonly ReportClass[];
  readonly confusions: readonly ConfusedPair[];
  readonly reliability: Evaluation['calibration']['bins'];
  readonly mostWrong: readonly PredictionRow[];
  readonly comparison: Omit<EvaluationComparison, 'fixed' | 'broken'> & { readonly fixed: number; readonly broken: number } | null;
  readonly history: readonly TrainingPhase[];
  readonly model: ModelSummary | null;
  readonly settings: NonNullable<ReportContents['settings']>;
}

/** The scores of a class with the areas under its curves. */
export interface ReportClass {
  readonly name: string;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  readonly auc: number;
  readonly averagePrecision: number;
  readonly support: number;
}

/** Works out what a report says. */
export function reportData({ title, evaluation, before, history, summary, settings = {} }: ReportContents): ReportData {
  const auc = rocAuc(evaluation);
  const precision = averagePrecision(evaluation);
  const { calibration, macro, weighted, topK } = evaluation;
  const comparison = before === undefined ? null : compareEvaluations(before, evaluation);
  return {
    title,
    samples: evaluation.count,
    classes: evaluation.classNames.length,
    figures: {
      accuracy: evaluation.accuracy,
      ...Object.fromEntries(Object.entries(topK).filter(([k]) => k !== '1').map(([k, share]) => [`top-${k} accuracy`, share])),
      'balanced accuracy': evaluation.balancedAccuracy,
      'macro F1': macro.f1,
      'macro precision': macro.precision,
      'macro recall': macro.recall,
      'weighted F1': weighted.f1,
      'macro ROC AUC': auc.macro,
      'macro average precision': precision.macro,
      "Cohen's kappa": evaluation.kappa,
      Matthews: evaluation.matthews,
      loss: evaluation.loss,
      'calibration error': calibration.ece,
      'Brier score': calibration.brier,
    },
    accuracyInterval: confidenceInterval(evaluation, 'accuracy'),
    perClass: evaluation.perClass.map(({ name, precision: own, recall, f1, support }, i) => ({
      name, precision: own, recall, f1, auc: auc.perClass[i] as number, averagePrecision: precision.perClass[i] as number, support,
    })),
    confusions: confusedPairs(evaluation, Number.MAX_SAFE_INTEGER),
    reliability: calibration.bins,
    mostWrong: mostWrong(evaluation, 100),
    comparison: comparison === null ? null : { ...comparison, fixed: comparison.fixed.length, broken: comparison.broken.length },
    history: history === undefined ? [] : phasesOf(history),
    model: summary ?? null,
    settings,
  };
}
