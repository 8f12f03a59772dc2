// What training reports: metrics by name, and one record per epoch.

/** Losses and metrics by name: `loss`, `accuracy`, `val_loss`. */
export type MetricValues = Readonly<Record<string, number>>;

/** The metrics of one epoch, under Keras' names: those of the validation data begin with `val_`. */
export interface EpochMetrics {
  /** From 0, over all stages. */
  readonly epoch: number;
  /** From 0; always 0 for `trainHead`. */
  readonly stage: number;
  /** Mean over the training samples, regularization such as dropout and label smoothing included. */
  readonly loss: number;
  /** Share of the training samples that were classified correctly, in [0, 1]. */
  readonly accuracy?: number | undefined;
  /** Mean over the validation samples; `undefined` without validation data. */
  readonly val_loss?: number | undefined;
  /** In [0, 1]; `undefined` without validation data. */
  readonly val_accuracy?: number | undefined;
  /** The learning rate of the last step. */
  readonly learningRate: number;
  /** Other metrics, by name. */
  readonly [metric: string]: number | undefined;
}
