// The pipeline: a lazy description of a stream of items. Every pass reads it from the start. The steps are in steps.ts.

import { callable, check, invalid, rule } from '../core/internal.js';
import type { CompletePreprocessing, Preprocessing } from '../image/index.js';
import { memoryCache, type CacheStore } from './cache.js';
import type { BatchOptions, InterleaveOptions, MapOptions, ShuffleOptions, TfDataModule, TfDataset } from './datasetOptions.js';
import { passRule, tfDataModule } from './datasetRules.js';
import type { DataFingerprint } from './fingerprint.js';
import { describeFirst } from './items.js';
import type { LabeledImage } from './labeledImage.js';
import type { ItemFunction, Pass } from './operators.js';
import { createPasses } from './passes.js';
import { itemsSource, rangeSource, tfDataSource, type Source } from './sources.js';
import * as steps from './steps.js';
import { declaredPreprocessing, inheritedTraits, knownPreprocessing, type Traits } from './traits.js';

type DatasetTraits = Traits<Dataset<LabeledImage>>;

const dataset = /* @__PURE__ */ rule<Dataset<unknown>>('a Dataset', (value) => value instanceof Dataset);

/**
 * A lazy stream of items that can be read any number of times. Each method returns a new dataset without doing any work.
 *
 * Work begins at the first `next()` and stops when the loop that reads the dataset stops. A dataset is an async iterable, and
 * `model.fitDataset` and `model.evaluateDataset` accept it. The consumer must dispose the tensors in the items that it receives. The
 * pipeline disposes the tensors in items that it drops.
 *
 * @example
 * const squares = Dataset.range(10).map((n) => n * n, { concurrency: 4 }).batch(4);
 * for await (const batch of squares) console.log(batch); // [0, 1, 4, 9], [16, 25, 36, 49], [64, 81]
 * @see the tf.data guide, https://www.tensorflow.org/guide/data. Names and behavior follow it.
 */
export class Dataset<T> implements AsyncIterable<T> {
  /** Number of items per pass: Infinity for a dataset that never ends, NaN while unknown. */
  readonly size: number;
  /** @internal */
  readonly traits: DatasetTraits;
  readonly #open: (pass: Pass) => AsyncIterable<T>;
  readonly #parents: readonly Dataset<unknown>[];
  readonly #release: (() => void) | undefined;
  readonly #passes = createPasses((pass) => this.open(pass));
  #fingerprint: DataFingerprint | undefined;

  private constructor({ open, size, traits, release }: steps.Step<T, DatasetTraits>, parents: readonly Dataset<unknown>[] = []) {
    this.#open = open;
    this.size = size;
    this.#parents = parents;
    this.#release = release;
    this.traits = { ...inheritedTraits(parents), ...traits };
  }

  /**
   * Creates a dataset from an array, another iterable that can be read again, or a function that returns a new iterable for each pass.
   *
   * @throws {OptionError} for a generator object, which can be read only once. Pass the generator function instead.
   * @example
   * Dataset.from(['a.jpg', 'b.jpg']);
   * Dataset.from(async function* () { yield (await fetch('labels.json')).json(); });
   */
  static from<T>(items: Source<T>): Dataset<T> {
    return new Dataset(itemsSource(items));
  }

  /** Counts from `start` up to, but not including, `end`. With one argument, counts from 0 up to that number. */
  static range(start: number, end?: number): Dataset<number> {
    return new Dataset(end === undefined ? rangeSource(0, start) : rangeSource(start, end));
  }

  /** Reads several datasets in parallel and yields arrays with one item of each. Ends with the shortest. */
  static zip<const D extends readonly Dataset<unknown>[]>(
    ...datasets: D
  ): Dataset<{ -readonly [K in keyof D]: D[K] extends Dataset<infer T> ? T : never }> {
    if (datasets.length === 0) throw invalid('Dataset.zip', 'datasets', 'at least one Dataset', datasets);
    for (const each of datasets) check('Dataset.zip', 'datasets', each, dataset);
    return new Dataset(steps.zipStep(datasets) as steps.Step<never>, datasets);
  }

  /** Reads a dataset of tfjs-data, or any other object with its `iterator()` method. */
  static fromTfData<T>(data: TfDataset<T>): Dataset<T> {
    return new Dataset(tfDataSource(data));
  }

  /** Applies a function to each item, optionally to several at once. Results keep the order of the items. */
  map<R>(fn: ItemFunction<T, R>, options: MapOptions = {}): Dataset<R> {
    return this.#then(steps.mapStep(this, fn, options));
  }

  /** Keeps the items for which the function returns true. */
  filter(keep: ItemFunction<T, boolean>): Dataset<T> {
    return this.#then(steps.filterStep(this, keep));
  }

  /**
   * Shuffles the items through a buffer: each item is drawn at random from the next `bufferSize` items.
   *
   * Shuffle file names rather than decoded images. A buffer for the whole dataset then takes little memory and shuffles perfectly.
   */
  shuffle(bufferSize: number, options: ShuffleOptions = {}): Dataset<T> {
    return this.#then(steps.shuffleStep(this, bufferSize, options));
  }

  /**
   * Groups items into arrays of `size` items. To get batches of tensors, use `imageBatches`.
   *
   * @throws {OptionError} when `dropRemainder` would leave no batch at all.
   */
  batch(size: number, options: BatchOptions = {}): Dataset<T[]> {
    return this.#then(steps.batchStep(this, size, options));
  }

  /**
   * Splits items that are arrays or other iterables into their elements.
   *
   * @throws {OptionError} while reading, when an item is not iterable.
   */
  unbatch<U>(this: Dataset<Iterable<U>>): Dataset<U> {
    return this.#then(steps.unbatchStep(this));
  }

  /** Computes up to `count` items before they are requested. 'auto' means two. */
  prefetch(count: number | 'auto'): Dataset<T> {
    return this.#then(steps.prefetchStep(this, count));
  }

  /**
   * Stores the items of the first complete pass for later passes, in memory or in a store such as `folderCache` of `effnet-ts/node`.
   *
   * Random steps belong after it. Before it, they would give the same result in every epoch. `dispose()` frees the stored items.
   *
   * @throws {OptionError} for a dataset that never ends, because no pass would be complete.
   */
  cache(store: CacheStore<T> = memoryCache<T>()): Dataset<T> {
    return this.#then(steps.cacheStep(this, store));
  }

  /** Reads the dataset `count` times in a row, by default without end. */
  repeat(count = Infinity): Dataset<T> {
    return this.#then(steps.repeatStep(this, count));
  }

  /** Ends after `count` items. */
  take(count: number): Dataset<T> {
    return this.#then(steps.takeStep(this, count));
  }

  /** Leaves out the first `count` items. */
  skip(count: number): Dataset<T> {
    return this.#then(steps.skipStep(this, count));
  }

  /** Appends the items of other datasets. */
  concat(...others: readonly Dataset<T>[]): Dataset<T> {
    for (const other of others) check('Dataset.concat', 'others', other, dataset);
    const all = [this, ...others];
    return new Dataset(steps.concatStep(all), all);
  }

  /** Opens a dataset for each item and reads several of them in turn, for example the shards of a record set. */
  interleave<R>(open: (item: T) => Dataset<R> | Promise<Dataset<R>>, options: InterleaveOptions = {}): Dataset<R> {
    check('Dataset.interleave', 'open', open, callable);
    const opened = async (item: T): Promise<Dataset<R>> => {
      const result = await open(item);
      check('Dataset.interleave', 'open(item)', result, dataset);
      return result;
    };
    return this.#then(steps.interleaveStep(this, opened, options));
  }

  /** Keeps every `shards`-th item, starting with the one at `index`. Each of several workers reads one shard. */
  shard(shards: number, index: number): Dataset<T> {
    return this.#then(steps.shardStep(this, shards, index));
  }

  /** Stops every pass as soon as the signal aborts, with an error that is the signal's reason. */
  withSignal(signal: AbortSignal): Dataset<T> {
    return this.#then(steps.signalStep(this, signal));
  }

  /** Adds a step of your own: an async generator over the items of one pass. `size` is the number of items it yields, NaN if unknown. */
  transform<R>(step: (items: AsyncIterable<T>, pass: Pass) => AsyncIterable<R>, size = NaN): Dataset<R> {
    return this.#then(steps.transformStep(this, step, size));
  }

  /**
   * Declares how the images of this dataset were preprocessed. Use it where your own code produced them.
   *
   * @param preprocessing - 'original' for decoded images that keep their sizes, `undefined` when it is unknown.
   * @throws {OptionError} when the preprocessing is invalid.
   * @example
   * const images = Dataset.from([{ pixels: photo, label: 0 }]).withPreprocessing({ inputSize: 224, fit: 'stretch' });
   */
  withPreprocessing(preprocessing: Preprocessing | 'original' | undefined): Dataset<T> {
    return this.withTraits({ prepared: declaredPreprocessing('Dataset.withPreprocessing', preprocessing) });
  }

  /** Returns a dataset of the same items with other traits. @internal */
  withTraits(traits: Partial<DatasetTraits>): Dataset<T> {
    return this.#then({ open: (pass) => this.open(pass), size: this.size, traits: { lazy: this.traits.lazy, ...traits } });
  }

  /** Whether the items themselves differ from epoch to epoch, for example after `augment`. A different order does not count. */
  get varies(): boolean {
    return this.traits.varies;
  }

  /**
   * How the images were preprocessed. `undefined` when they have their original sizes or nothing is known.
   *
   * `map` and `transform` keep the preprocessing, because they usually keep the size of the images. After one that changes the size, call
   * {@link withPreprocessing}.
   */
  get preprocessing(): CompletePreprocessing | undefined {
    return knownPreprocessing(this.traits);
  }

  /** Whether the images are decoded but not resized, so that each has its own size. */
  get hasOriginalSizes(): boolean {
    return this.traits.prepared === 'original';
  }

  /**
   * Identifies the items that the dataset is made from. The same items in the same order give the same fingerprint.
   *
   * `take`, `skip`, `shard` and `filter` change it. The functions given to `map` and `filter`, batching and shuffling do not.
   *
   * @returns `undefined` when a function or stream produces the items.
   */
  get fingerprint(): DataFingerprint | undefined {
    return (this.#fingerprint ??= this.traits.fingerprint());
  }

  /** Returns the number of items per pass: Infinity for a dataset that never ends, 'unknown' when it can only be found by reading. */
  cardinality(): number | 'unknown' {
    return Number.isNaN(this.size) ? 'unknown' : this.size;
  }

  /** Reads one item and describes its structure, for example `{ xs: float32 [8, 224, 224, 3], ys: float32 [8, 10] }`. */
  elementSpec(): Promise<string> {
    return describeFirst(this.open({ epoch: 0, signal: undefined }));
  }

  /**
   * Reads a whole pass into an array. The caller disposes its tensors.
   *
   * @throws {OptionError} for a dataset that never ends.
   */
  async toArray(): Promise<T[]> {
    steps.checkFinite('Dataset.toArray', this, 'Take a part of it: `dataset.take(n).toArray()`.');
    const items: T[] = [];
    for await (const item of this) items.push(item);
    return items;
  }

  /**
   * Converts the dataset to one of tfjs-data, given that module.
   *
   * @example
   * import * as tfData from '@tensorflow/tfjs-data';
   * const theirs = train.toTfData(tfData);
   */
  toTfData<D>(tfData: TfDataModule<D>): D {
    check('Dataset.toTfData', 'tfData', tfData, tfDataModule);
    // `never` fits the item type of tfjs-data, which is narrower than what it accepts.
    return tfData.generator(() => this[Symbol.asyncIterator]() as AsyncIterator<never>);
  }

  /** Starts a new pass when its first item is requested. */
  [Symbol.asyncIterator](): AsyncIterator<T> {
    return this.#passes.next();
  }

  /**
   * Implements the protocol of tfjs-data for `model.fitDataset`. A tensor with NaN or Infinity throws a DataError with the step and epoch.
   *
   * `fitDataset` does not close an iterator that it leaves early, as with `batchesPerEpoch` or early stopping. Such an iterator is closed
   * when it is garbage collected, or at once by `dispose()`.
   */
  iterator(): Promise<{ next(): Promise<IteratorResult<T>> }> {
    return Promise.resolve(this.#passes.nextFinite());
  }

  /** Starts a pass of the given epoch. Use it in your own steps and sources. */
  open(pass: Pass): AsyncIterable<T> {
    check('Dataset.open', 'pass', pass, passRule);
    return this.#open(pass);
  }

  /** Closes unfinished passes and frees what `cache()` stores, here and in the datasets this one is made from. It can be read again. */
  async dispose(): Promise<void> {
    await this.#passes.close();
    this.#release?.();
    await Promise.all(this.#parents.map((parent) => parent.dispose()));
  }

  #then<R>(step: steps.Step<R, DatasetTraits>): Dataset<R> {
    return new Dataset(step, [this]);
  }
}
