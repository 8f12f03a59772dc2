// An index of images by their features: a classifier without training, and search for similar images. The features are computed once.

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import {
  callable,
  check,
  checkOptions,
  differentTexts,
  invalid,
  positiveInteger,
  rule,
  show,
  showShape,
  signal as signalRule,
  text,
} from '../../core/internal.js';
import { DataError, OptionError } from '../../core/index.js';
import { anotherCopy } from '../../backends/internal.js';
import { ensureBackend } from '../../backends/index.js';
import { checkEnds, imagesRemedy, readable } from '../../data/internal.js';
import { checkPixels } from '../../image/internal.js';
import type { CompletePreprocessing } from '../../image/index.js';
import { checkFiniteWeights, checkModel } from '../../models/internal.js';
import { replaceHead, setPreprocessing } from '../../models/index.js';
import { addSecondMoments, discriminant, featureStore as storeRule } from '../../training/internal.js';
import { namedArrays } from '../../weights/internal.js';
import { classOf } from './classOf.js';
import { featuresOfModel, featureWidth, openFeatureReader, type IndexableImage } from './indexFeatures.js';
import type { ImageIndex, ImageIndexOptions, IndexedImage } from './imageIndexOptions.js';
import { inputPreprocessing, preprocessingSource } from './modelInput.js';
import { mostSimilar } from './mostSimilar.js';
import { checkProbe, checkSameFeatures, probeImage } from './probeImage.js';
import { indexArrays, readIndexArrays, type IndexEntry } from './storedIndex.js';

const shrinkageRule = rule<number>('a number in (0, 1]', (value) => typeof value === 'number' && value > 0 && value <= 1);

/**
 * Creates an index of images by the features of a frozen backbone. It makes classifiers without training, also after images or classes are
 * added or removed, and finds similar images. The caller must dispose it.
 *
 * @param backbone - A network of this library, with or without top. It remains unchanged. The index uses a copy.
 * @throws {OptionError} when an option is unknown or invalid, or the preprocessing is unknown.
 * @throws {DataError} when `saved` is damaged, or contains the features of another backbone.
 * @throws {BackendError} when no backend is ready.
 * @example
 * const { images, classNames } = await imageFolder('photos', { preprocessing: backbone });
 * const index = await imageIndex(backbone);
 * await index.add(images, { classNames });
 * const { model } = await index.classifier(backbone);
 * const [best] = await index.search(photo); // { origin: 'hat/12.jpg', className: 'hat', similarity: 0.93, index: 11 }
 * @see Regularized discriminant analysis, Friedman 1989; `LinearDiscriminantAnalysis` of scikit-learn
 */
export async function imageIndex(backbone: tfl.LayersModel, options: ImageIndexOptions = {}): Promise<ImageIndex> {
  const where = 'imageIndex';
  checkModel(where, backbone, 'backbone');
  if (!(backbone instanceof tfl.LayersModel)) throw anotherCopy(where, 'a model');
  const {
    preprocessing: given,
    runtime,
    saved,
    featureStore: store,
  } = checkOptions(where, options, {
    preprocessing: preprocessingSource,
    runtime: callable,
    saved: namedArrays,
    featureStore: storeRule,
  });
  const stored = saved === undefined ? undefined : readIndexArrays(where, saved);
  const preprocessing = inputPreprocessing(where, backbone, given ?? stored?.preprocessing);
  const width = featureWidth(where, backbone);
  if (stored !== undefined) checkProbe(where, stored, width, preprocessing);
  await checkFiniteWeights(where, backbone, 'Load them again.');
  const reader = await openFeatureReader(where, backbone, preprocessing, runtime);
  let probe: Promise<Float32Array> | undefined;
  const readProbe = (): Promise<Float32Array> => (probe ??= reader.readOne(where, probeImage(preprocessing), preprocessing));
  try {
    if (stored !== undefined) checkProbe(where, stored, width, preprocessing, await readProbe());
  } catch (error) {
    await reader.dispose();
    throw error;
  }

  let entries: readonly IndexEntry[] = stored?.entries ?? [];
  let classNames: readonly string[] = stored?.classNames ?? [];
  // Computed by the first classifier and updated afterwards.
  let moments: Float64Array | undefined;
  let isDisposed = false;
  const placeOf = (method: string): string => {
    const place = `${where}.${method}`;
    if (isDisposed) throw new OptionError(`${place}: expected an index in use, received one that is disposed. Create it again.`);
    return place;
  };
  const listed = (): IndexedImage[] => entries.map(({ className, origin }, index) => ({ index, className, origin }));
  const keepUsedNames = (names: readonly string[]): void => {
    const used = new Set(entries.map(({ className }) => className));
    classNames = names.filter((name) => used.has(name));
  };

  return {
    get images() {
      return listed();
    },
    get classNames() {
      return classNames;
    },
    preprocessing,
    add: async (images, added) => {
      const place = placeOf('add');
      const rules = { className: text, classNames: differentTexts, batchSize: positiveInteger, onProgress: callable, signal: signalRule };
      const { className, classNames: names, batchSize = 32, onProgress, signal } = checkOptions(place, added, rules);
      if ((className === undefined) === (names === undefined)) {
        throw new OptionError(
          `${place}: expected exactly one of \`className\` and \`classNames\`, received ${className === undefined ? 'none' : 'both'}. ` +
            'Pass the class of all images as `className`, or those of the labels as `classNames`.',
        );
      }
      check(place, 'images', images, readable, imagesRemedy(images));
      checkEnds(place, 'images', images);
      const nameOf = (image: IndexableImage): string => className ?? classOf(place, image, names ?? []);
      const results = await reader.read(place, images, { batchSize, check: nameOf, onProgress, signal, store });
      placeOf('add');
      if (results.length === 0) throw new DataError(`${place}: expected at least one image, received none. The dataset is empty.`);
      const next = results.map(({ image, features }) => ({ className: nameOf(image), origin: image.origin, features }));
      entries = [...entries, ...next];
      keepUsedNames([...new Set([...classNames, ...(names ?? [className as string])])]);
      if (moments !== undefined) addSecondMoments(moments, width, featuresOf(next), 1);
    },
    remove: (shouldRemove) => {
      const place = placeOf('remove');
      check(place, 'shouldRemove', shouldRemove, callable);
      const images = listed();
      const isRemoved = images.map((image) => shouldRemove(image));
      const removed = entries.filter((_, i) => isRemoved[i]);
      entries = entries.filter((_, i) => !isRemoved[i]);
      keepUsedNames(classNames);
      if (moments !== undefined) addSecondMoments(moments, width, featuresOf(removed), -1);
      return removed.length;
    },
    search: async (image, searched = {}) => {
      const place = placeOf('search');
      checkPixels(place, image);
      const { topK = 5, className } = checkOptions(place, searched, { topK: positiveInteger, className: text });
      const unknown = className !== undefined && !classNames.includes(className);
      if (unknown) throw invalid(place, 'className', 'a class of the index', className);
      const query = await reader.readOne(place, image, preprocessing);
      const among = listed().filter((each) => className === undefined || each.className === className);
      return mostSimilar(
        query,
        among.map(({ index }) => (entries[index] as IndexEntry).features),
        topK,
      ).map(({ index, similarity }) => ({ ...(among[index] as IndexedImage), similarity }));
    },
    classifier: async (model, fitted = {}) => {
      const place = placeOf('classifier');
      checkModel(place, model);
      if (!(model instanceof tfl.LayersModel)) throw anotherCopy(place, 'a model');
      const { shrinkage = 0.9 } = checkOptions(place, fitted, { shrinkage: shrinkageRule });
      checkFits(place, model, width, preprocessing);
      if (classNames.length < 2) {
        throw new DataError(`${place}: expected at least two classes in the index, received ${show(classNames)}. Add images of others.`);
      }
      await ensureBackend();
      checkSameFeatures(place, await readProbe(), await featuresOfModel(place, model, probeImage(preprocessing)));
      moments ??= momentsOf(entries, width);
      const indices = new Map(classNames.map((name, i) => [name, i]));
      const rows = featuresOf(entries);
      const labels = entries.map(({ className }) => indices.get(className) as number);
      const { kernel, bias, leaveOneOut } = discriminant({ width, rows, labels, classes: classNames.length, moments }, shrinkage);
      const result = replaceHead(model, { classes: classNames.length, classNames });
      setPreprocessing(result, preprocessing);
      setDense(result, kernel, bias);
      return { model: result, leaveOneOut };
    },
    arrays: async () => {
      placeOf('arrays');
      return indexArrays({ entries, classNames, preprocessing, probe: await readProbe() });
    },
    dispose: async () => {
      if (isDisposed) return;
      isDisposed = true;
      await reader.dispose();
    },
  };
}

function featuresOf(entries: readonly IndexEntry[]): Float32Array[] {
  return entries.map(({ features }) => features);
}

function momentsOf(entries: readonly IndexEntry[], width: number): Float64Array {
  const moments = new Float64Array(width * width);
  addSecondMoments(moments, width, featuresOf(entries), 1);
  return moments;
}

/** @throws {OptionError} when the model does not have the features or the input size of the index. */
function checkFits(where: string, model: tfl.LayersModel, width: number, { inputSize }: CompletePreprocessing): void {
  const received = featureWidth(where, model);
  const [, height, columns] = model.inputs[0]?.shape ?? [];
  if (received === width && (height ?? inputSize[0]) === inputSize[0] && (columns ?? inputSize[1]) === inputSize[1]) return;
  throw new OptionError(
    `${where}: expected the backbone of the index for \`model\`, with ${width} features of images ${showShape(inputSize)}, ` +
      `received a model with ${received} features of images ${showShape([height ?? null, columns ?? null])}.`,
  );
}

/** Sets the weights of the classifier. */
function setDense(model: tfl.LayersModel, kernel: Float32Array, bias: Float32Array): void {
  tf.tidy(() => {
    model.getLayer('predictions').setWeights([tf.tensor2d(kernel, [kernel.length / bias.length, bias.length]), tf.tensor1d(bias)]);
  });
}
