// The types of an audit: plain data, which can be stored as JSON.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { ProgressListener } from '../../core/index.js';
import type { Label } from '../../data/index.js';
import type { Pixels, PreprocessingSource } from '../../image/index.js';
import type { FeatureRuntime } from '../../training/index.js';

/** What an audit looks for. The guide docs/auditing.md describes each check. */
export type AuditCheck =
  | 'wrong-label'
  | 'leakage'
  | 'exact-duplicate'
  | 'near-duplicate'
  | 'broken'
  | 'outlier'
  | 'blurred'
  | 'dark'
  | 'overexposed'
  | 'tiny'
  | 'aspect-ratio'
  | 'color-mode'
  | 'orientation'
  | 'imbalance'
  | 'overlap';

/** An image that a finding is about. */
export interface AuditImage {
  /** The file or record that the image comes from. */
  readonly origin: string;
  /** Name of its class. */
  readonly label: string;
  /** Whether the image is for training or for validation. */
  readonly part: 'train' | 'validation';
  /** Name of the class that the image probably has. Only of `wrong-label` and `overlap`. */
  readonly suggested?: string | undefined;
  /**
   * How the image was judged: the probability of its label, the similarity to its duplicate, its sharpness and so on. The guide has the
   * unit for each check.
   */
  readonly score: number;
  /** Images with the same number are copies of each other. Only of duplicates and `leakage`. */
  readonly group?: number | undefined;
  /** More about this image, for example why it cannot be decoded. */
  readonly detail?: string | undefined;
}

/** A problem that an audit found. */
export interface AuditFinding {
  readonly kind: AuditCheck;
  /** `high` makes accuracies wrong or training fail, `medium` costs accuracy, `low` is worth a look. */
  readonly severity: 'high' | 'medium' | 'low';
  /** The images, the worst first; duplicates by group. Empty for findings about whole classes. */
  readonly images: readonly AuditImage[];
  /** One or two sentences: what was found and what to do. */
  readonly advice: string;
}

/** Accuracy for a number of training images. */
export interface LearningCurvePoint {
  /** Mean number of training images per class. */
  readonly imagesPerClass: number;
  readonly accuracy: number;
  /** Ends of the 95 % interval of the accuracy (Wilson). */
  readonly low: number;
  readonly high: number;
}

/** How accuracy grows with the number of images. */
export interface LearningCurve {
  readonly points: readonly LearningCurvePoint[];
  /** A power law through the points, at twice the number of images. `undefined` if accuracy does not grow or is 1. */
  readonly expected: { readonly imagesPerClass: number; readonly accuracy: number } | undefined;
}

/** The result of {@link auditDataset} and of `auditImages`. */
export interface Audit {
  /** Number of images, including broken ones. */
  readonly images: number;
  readonly classes: readonly { readonly name: string; readonly train: number; readonly validation: number }[];
  /** The problems, the most severe first. */
  readonly findings: readonly AuditFinding[];
  /**
   * Accuracy of a quickly computed classifier on images that it has not seen. `undefined` if there are fewer than two classes with two
   * images.
   */
  readonly accuracy: number | undefined;
  readonly learningCurve: LearningCurve | undefined;
}

/** An image to audit. */
export interface AuditableImage {
  /** RGB in [0, 255], of any size. `undefined` for an image that cannot be decoded. */
  readonly pixels: Pixels | undefined;
  /** A class index or one-hot vector. */
  readonly label: Label;
  readonly origin: string;
  /** @defaultValue 'train' */
  readonly part?: 'train' | 'validation' | undefined;
  /** Why the image cannot be decoded. Only without `pixels`. */
  readonly error?: string | undefined;
  /** A digest of the file, to find exact duplicates. Without it they are near duplicates. */
  readonly digest?: string | undefined;
  /** How the file stores colors. @defaultValue 'rgb', or 'gray' if all pixels are gray */
  readonly colorMode?: 'rgb' | 'gray' | 'cmyk' | undefined;
  /** EXIF orientation of the file, from 1 to 8. `pixels` are upright. @defaultValue 1 */
  readonly orientation?: number | undefined;
}

/** Options that all audits share. */
export interface AuditOptions {
  /**
   * The network whose features images are compared by, for example `await pretrained('lite0')`. It has the preprocessing, and remains
   * unchanged.
   */
  readonly features: LayersModel;
  /**
   * Computes the features with another runtime: `createRuntime` of `effnet-ts/onnx`.
   * @defaultValue TensorFlow.js
   */
  readonly runtime?: FeatureRuntime | undefined;
  /** How images are converted to the input of the network. @defaultValue that of `features` */
  readonly preprocessing?: PreprocessingSource | undefined;
  /** What to look for. @defaultValue everything */
  readonly checks?: readonly AuditCheck[] | undefined;
  /** Number of parts of the cross-validation that predicts labels, at least 2. @defaultValue 5 */
  readonly folds?: number | undefined;
  /** Seed of the folds. @defaultValue 0 */
  readonly seed?: number | undefined;
  /** Number of images whose features are computed at once. @defaultValue 32 */
  readonly batchSize?: number | undefined;
  readonly onProgress?: ProgressListener | undefined;
  /** Stops between batches. @defaultValue never */
  readonly signal?: AbortSignal | undefined;
}

/** Options of {@link auditDataset}. */
export interface AuditDatasetOptions extends AuditOptions {
  /** Class names in the order of the labels. */
  readonly classNames: readonly string[];
}
