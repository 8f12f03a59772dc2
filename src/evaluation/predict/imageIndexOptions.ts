// The types of an image index.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { ProgressListener } from '../../core/index.js';
import type { CompletePreprocessing, Pixels, PreprocessingSource } from '../../image/index.js';
import type { FeatureRuntime, FeatureStore, LeaveOneOut } from '../../training/index.js';
import type { NamedArrays } from '../../weights/index.js';
import type { IndexableImage } from './indexFeatures.js';

/** Options of `imageIndex`. */
export interface ImageIndexOptions {
  /** How images of any size are converted to the input of the backbone. @defaultValue that of `saved`, otherwise that of the backbone */
  readonly preprocessing?: PreprocessingSource | undefined;
  /**
   * Computes the backbone's features with another runtime: `createRuntime` of `effnet-ts/onnx`.
   * @defaultValue TensorFlow.js
   */
  readonly runtime?: FeatureRuntime | undefined;
  /**
   * Stores the features of images that are added: `featureFolder` of `effnet-ts/node`, or `featureDatabase` in browsers. After an
   * interruption, only features that are missing are computed. The images are read again, and recognized by their pixels.
   * @defaultValue none: features are in memory only
   */
  readonly featureStore?: FeatureStore | undefined;
  /** The images of an earlier index with the same backbone, as its `arrays` returns them. @defaultValue none: the index is empty */
  readonly saved?: NamedArrays | undefined;
}

/** Options of {@link ImageIndex.add}. Exactly one of `className` and `classNames` is required. */
export interface AddImagesOptions {
  /** The class of all images, whatever their labels. */
  readonly className?: string | undefined;
  /** Class names in the order of the labels. */
  readonly classNames?: readonly string[] | undefined;
  /** Number of images whose features are computed at once. @defaultValue 32 */
  readonly batchSize?: number | undefined;
  readonly onProgress?: ProgressListener | undefined;
  /** Stops between batches. The index remains unchanged. @defaultValue never */
  readonly signal?: AbortSignal | undefined;
}

/** Options of {@link ImageIndex.search}. */
export interface SearchOptions {
  /** Maximum number of images. @defaultValue 5 */
  readonly topK?: number | undefined;
  /** Searches among the images of this class. @defaultValue all classes */
  readonly className?: string | undefined;
}

/** Options of {@link ImageIndex.classifier}. */
export interface IndexClassifierOptions {
  /**
   * Shrinkage of the covariance of the features, in (0, 1]: the weight of a multiple of the identity. With 1, the class with the nearest
   * mean wins among classes of one size.
   * @defaultValue 0.9
   */
  readonly shrinkage?: number | undefined;
}

/** An image of an index. */
export interface IndexedImage {
  /** Its position in `index.images`. */
  readonly index: number;
  readonly className: string;
  /** The file or record that the image comes from. */
  readonly origin: string | undefined;
}

/** An image that {@link ImageIndex.search} found. */
export interface SimilarImage extends IndexedImage {
  /** Cosine similarity of the features, at most 1. */
  readonly similarity: number;
}

/** The result of {@link ImageIndex.classifier}. */
export interface IndexClassifier {
  /** The model with the new head. The caller must dispose it. */
  readonly model: LayersModel;
  /**
   * How well the head predicts up to 256 images of the index as if each were not part of it; `undefined` if every class has one image.
   */
  readonly leaveOneOut: LeaveOneOut | undefined;
}

/** Images by their features, as `imageIndex` creates it. */
export interface ImageIndex {
  /** All images, in the order in which they were added. */
  readonly images: readonly IndexedImage[];
  /** Names of the classes that have images, in the order in which they were added. */
  readonly classNames: readonly string[];
  /** How images are converted to the input of the backbone. */
  readonly preprocessing: CompletePreprocessing;
  /**
   * Computes the features of images and adds them. If an error is thrown, the index remains unchanged.
   *
   * @param images - Images of any size with pixels in [0, 255], or a dataset that states the preprocessing of the index.
   * @throws {OptionError} when an option is unknown or invalid, the dataset never ends or is preprocessed differently, an item is not an
   *   image, or the index is disposed.
   * @throws {DataError} when there are no images, a label is not one of `classNames`, or pixels or features are not finite.
   * @throws {ShapeError} when an image does not have the channels or the size that the backbone takes.
   */
  add(images: AsyncIterable<IndexableImage> | Iterable<IndexableImage>, options: AddImagesOptions): Promise<void>;
  /**
   * Removes the images for which the function returns true, and returns their number. A class without images is removed, too.
   *
   * @throws {OptionError} when the argument is not a function, or the index is disposed.
   */
  remove(shouldRemove: (image: IndexedImage) => boolean): number;
  /**
   * Returns the images whose features are most similar to those of the given image, the most similar first.
   *
   * @param image - RGB in [0, 255], of any size.
   * @throws {OptionError} when an option is unknown or invalid, no image has the class, the value is not an image, or the index is
   *   disposed.
   * @throws {DataError} when a pixel is not finite.
   */
  search(image: Pixels, options?: SearchOptions): Promise<SimilarImage[]>;
  /**
   * Replaces the head of a model with a classifier that is computed from the images of the index. Nothing is trained.
   *
   * The head is linear discriminant analysis with equal priors: one dense layer with softmax, which every file format can store. Its
   * scale is chosen so that probabilities are right for images that are left out. The layers before the head are shared with the result.
   * The old head is disposed and the given model must not be used afterwards: the caller disposes only the result.
   *
   * @param model - The backbone of the index, or the model that an earlier call returned. If an error is thrown, it remains unchanged.
   * @throws {OptionError} when an option is unknown or invalid, the model is another one than the backbone of the index or was
   *   fine-tuned, or the index is disposed.
   * @throws {DataError} when the index has fewer than two classes.
   */
  classifier(model: LayersModel, options?: IndexClassifierOptions): Promise<IndexClassifier>;
  /**
   * Returns all images as arrays for `writeSafetensors`. The option `saved` of `imageIndex` reads them.
   *
   * @throws {OptionError} when the index is disposed.
   */
  arrays(): Promise<NamedArrays>;
  /** Frees the copy of the backbone. The backbone and its classifiers remain usable. */
  dispose(): Promise<void>;
}
