// Turns labeled files into labeled images. Shared by imageFolder, imagesFromCsv, imageFiles and recordImages.

import { anything, callable, either, invalid, oneOf, positiveInteger, rule, text, type Rules } from '../../core/internal.js';
import type { ChangeOf } from '../../data/internal.js';
import type { Dataset, Label, LabeledImage, MapOptions } from '../../data/index.js';
import { completePreprocessing, FITS, requirePreprocessing, RESIZE_RULES, size as sizeRule } from '../../image/internal.js';
import type { CompletePreprocessing, Fit, Interpolation, PreprocessingSource, Size } from '../../image/index.js';
import { DCT_METHODS, type DecodeImageOptions } from './decodeImage.js';
import type { ImageWorkers } from './imageWorkers.js';
import { readImage, type ImageSource } from './readImage.js';

/** How images are decoded and preprocessed. */
export interface ReadImagesOptions
  extends Pick<MapOptions, 'concurrency' | 'errors' | 'onSkipped'>, Pick<DecodeImageOptions, 'background' | 'maxPixels' | 'dctMethod'> {
  /**
   * The preprocessing, or a model, runtime or dataset that has one. It replaces `inputSize`, `fit`, `interpolation` and `antialias`.
   * @defaultValue the preprocessing that these options describe
   */
  readonly preprocessing?: PreprocessingSource | undefined;
  /** The size to resize images to. @defaultValue each image keeps its own size */
  readonly inputSize?: Size | undefined;
  /**
   * How images of other proportions are resized to `inputSize`. 'stretch' changes their proportions. Before resizing, 'crop' cuts the
   * longer side and 'pad' adds black to the shorter one. 'resizeCrop' and 'resizePad' do so after resizing. @defaultValue 'stretch'
   * @see {@link resizeTo}
   */
  readonly fit?: Fit | undefined;
  /**
   * 'exact' resizes as TensorFlow does. 'fast' lets sharp shrink JPEGs while it decodes them, with its own kernel. The dataset's
   * `preprocessing` then says bilinear with antialiasing, which is an approximation. @defaultValue 'exact'
   */
  readonly resize?: 'exact' | 'fast' | undefined;
  /** Interpolation of exact resizing. @defaultValue 'bilinear' */
  readonly interpolation?: Interpolation | undefined;
  /** Whether to antialias when shrinking, as `tf.image.resize` does with `antialias`. @defaultValue false */
  readonly antialias?: boolean | undefined;
  /** Worker threads that decode and resize. @defaultValue none: sharp decodes on its own threads, and this thread resizes */
  readonly workers?: ImageWorkers | undefined;
}

export const READ_IMAGES_RULES: Rules<ReadImagesOptions> = {
  preprocessing: anything,
  inputSize: sizeRule,
  fit: FITS,
  resize: oneOf('exact', 'fast'),
  interpolation: RESIZE_RULES.interpolation,
  antialias: RESIZE_RULES.antialias,
  background: text,
  maxPixels: positiveInteger,
  dctMethod: DCT_METHODS,
  concurrency: either(positiveInteger, oneOf('auto')),
  errors: oneOf('throw', 'skip'),
  onSkipped: callable,
  workers: rule<ImageWorkers>('what imageWorkers() returns', (value) => typeof (value as ImageWorkers | null)?.read === 'function'),
};

/** An encoded image with its label. */
export interface EncodedImage extends ImageSource {
  readonly origin: string;
  readonly label: Label;
}

const here: Pick<ImageWorkers, 'read'> = { read: readImage };

/**
 * The preprocessing that the options describe. `undefined` when images keep their sizes.
 *
 * @throws {OptionError} when options cannot be combined, or `preprocessing` is a model, runtime or dataset without one.
 */
export function preprocessingOfOptions(where: string, options: ReadImagesOptions): CompletePreprocessing | undefined {
  const { preprocessing, inputSize, fit = 'stretch', resize = 'exact', interpolation = 'bilinear', antialias = false, dctMethod } = options;
  const fast = resize === 'fast';
  if (preprocessing !== undefined) {
    const other = (['inputSize', 'fit', 'interpolation', 'antialias'] as const).find((option) => options[option] !== undefined);
    if (other !== undefined) throw invalid(where, other, 'nothing beside `preprocessing`', options[other]);
    if (fast) throw invalid(where, 'resize', "'exact' beside `preprocessing`", resize, 'sharp cannot resize exactly as it says.');
    const complete = requirePreprocessing(where, preprocessing);
    if (typeof complete.fillValue !== 'number' && complete.fillValue.length !== 3) {
      throw invalid(where, 'fillValue', 'one value or 3, since images are decoded to RGB,', complete.fillValue);
    }
    return complete;
  }
  if (inputSize === undefined) {
    const used = Object.entries({ fit: fit !== 'stretch', resize: fast, interpolation: interpolation !== 'bilinear', antialias }).find(
      ([, isUsed]) => isUsed,
    )?.[0];
    if (used === undefined) return undefined;
    throw invalid(
      where,
      used,
      'nothing without `inputSize`',
      options[used as keyof ReadImagesOptions],
      'Images keep their own sizes without it.',
    );
  }
  if (!fast) return completePreprocessing(where, { inputSize, fit, interpolation, antialias });
  if (options.interpolation !== undefined || options.antialias !== undefined || dctMethod === 'fast') {
    throw invalid(where, 'resize', "'exact' with interpolation, antialias or dctMethod 'fast'", resize);
  }
  if (fit === 'resizeCrop' || fit === 'resizePad') throw invalid(where, 'resize', `'exact' with fit '${fit}'`, resize);
  return completePreprocessing(where, { inputSize, fit, interpolation: 'bilinear', antialias: true });
}

/** Decodes and preprocesses several images at once. They keep their order. */
export function readImages(where: string, files: Dataset<EncodedImage>, options: ReadImagesOptions): Dataset<LabeledImage> {
  const {
    background,
    maxPixels,
    dctMethod,
    workers,
    concurrency = workers === undefined ? 'auto' : 4 * workers.threads,
    errors = 'throw',
    onSkipped,
  } = options;
  const preprocessing = preprocessingOfOptions(where, options);
  const byDecoder = options.resize === 'fast' && preprocessing !== undefined;
  const settings = {
    decoding: {
      ...(byDecoder ? { size: preprocessing.inputSize, fit: preprocessing.fit as DecodeImageOptions['fit'] } : {}),
      background,
      maxPixels,
      dctMethod,
    },
    preprocessing: byDecoder ? undefined : preprocessing,
  };
  const read = (changeOf?: ChangeOf): Dataset<LabeledImage> =>
    files
      .map(
        async ({ label, ...source }, { epoch }) => ({
          pixels: await (workers ?? here).read(source, settings, changeOf?.(source.origin, epoch)),
          label,
          origin: source.origin,
        }),
        { concurrency, errors, onSkipped, varies: changeOf !== undefined },
      )
      .withTraits({
        prepared: preprocessing ?? 'original',
        isReaderOnlyOwner: true,
        readChanged: changeOf === undefined ? (threads, change) => (threads === workers ? read(change) : undefined) : undefined,
      });
  return read();
}
