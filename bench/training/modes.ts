// What the training benchmarks train, and the case that each of their processes receives as JSON.

/** Which layers train, and whether BatchNormalization is among them. */
export const MODES = {
  'all-trained': { title: 'everything trainable, BatchNormalization trained', unfreeze: 'all', batchNorm: 'trained' },
  all: { title: 'everything trainable, BatchNormalization frozen', unfreeze: 'all', batchNorm: 'frozen' },
  block4a: { title: 'trained from block4a, BatchNormalization frozen', unfreeze: { from: 'block4a' }, batchNorm: 'frozen' },
  block5a: { title: 'trained from block5a, BatchNormalization frozen', unfreeze: { from: 'block5a' }, batchNorm: 'frozen' },
  block6a: { title: 'trained from block6a, BatchNormalization frozen', unfreeze: { from: 'block6a' }, batchNorm: 'frozen' },
} as const;

export type Mode = keyof typeof MODES;

/** Returns whether layers below the trained ones are frozen. */
export const hasFrozenPart = (mode: Mode): boolean => MODES[mode].unfreeze !== 'all';

export interface StepCase {
  readonly mode: Mode;
  /** Height and width of the images in pixels. */
  readonly size: number;
  readonly batch: number;
  /** Steps before those that are measured. */
  readonly warmup: number;
  readonly steps: number;
  /**
   * Number of threads; `fineTune` has no workers with one. `'all'` is the default of `trainingWorkers`.
   * @defaultValue one for wasm, all cores for ONNX Runtime, Keras and PyTorch
   */
  readonly threads?: number | 'all' | undefined;
  /** Whether the activations below the trained layers are computed only once. */
  readonly cached?: boolean | undefined;
  /** Whether the threads take turns, and the times are those of separate cores. */
  readonly simulated?: boolean | undefined;
  /** Whether ONNX Runtime computes the frozen layers. */
  readonly runtime?: boolean | undefined;
  /** Backend of TensorFlow.js. @defaultValue 'wasm' */
  readonly backend?: 'wasm' | 'tensorflow' | undefined;
}

/** What a process prints as its last line. */
export interface StepOutcome {
  /** Wall time of each step. */
  readonly milliseconds: readonly number[];
  /** Processor time of each step, of all threads together. */
  readonly processor: readonly number[];
  readonly version: string;
  readonly peakMegabytes: number;
}
