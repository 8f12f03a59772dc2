// The metrics that training reports.

/** Losses and metrics by name: `loss`, `accuracy`, `val_loss`. */
export type MetricValues = Readonly<Record<string, number>>;

/** The metrics of one epoch, named as in Keras. Names of validation metrics start with `val_`. */
export interface EpochMetrics {
  /** Counts from 0 across all stages. */
  readonly epoch: number;
  /** Counts from 0. Always 0 for `trainHead`. */
  readonly stage: number;
  /** Mean loss over the training samples, with regularization such as dropout and label smoothing. */
  readonly loss: number;
  /** Fraction of training samples that were classified correctly, in [0, 1]. */
  readonly accuracy?: number | undefined;
  /** Mean loss over the validation samples. `undefined` without validation data. */
  readonly val_loss?: number | undefined;
  /** Fraction of validation samples that were classified correctly, in [0, 1]. `undefined` without validation data. */
  readonly val_accuracy?: number | undefined;
  /** The learning rate of the last step. */
  readonly learningRate: number;
  /** Other metrics, by name. */
  readonly [metric: string]: number | undefined;
}
