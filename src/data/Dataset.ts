// The pipeline: a lazy recipe for a stream of items, read anew on every pass. What each step does is in operators.ts and combine.ts.

import {
  boolean,
  callable,
  check,
  checkOptions,
  deriveSeed,
  instanceOf,
  invalid,
  nonNegativeInteger,
  positiveInteger,
  rule,
} from '../core/internal.js';
import { OptionError } from '../core/index.js';
import { completePreprocessing } from '../image/internal.js';
import type { CompletePreprocessing, Preprocessing } from '../image/index.js';
import { cachedPass, memoryCache, type CacheStore } from './cache.js';
import { concatPasses, interleavePasses, repeatPasses, zipPasses } from './combine.js';
import type { BatchOptions, InterleaveOptions, MapOptions, ShuffleOptions, TfDataModule, TfDataset } from './datasetOptions.js';
import {
  asyncIterable,
  cacheStore,
  interleaveSettings,
  mapSettings,
  passRule,
  prefetchCount,
  shuffleSettings,
  sizeRule,
  tfDataModule,
} from './datasetRules.js';
import { finiteReader } from './finiteReader.js';
import { joinedFingerprint, partFingerprint, type DataFingerprint } from './fingerprint.js';
import { describeItem, releaseItem } from './items.js';
import type { LabeledImage } from './labeledImage.js';
import {
  batchItems,
  filterItems,
  mapItems,
  mapSound,
  shardItems,
  shuffleItems,
  skipItems,
  stopOn,
  takeItems,
  unbatchItems,
  type ItemFunction,
  type Pass,
} from './operators.js';
import { closeWhenForgotten, passReader } from './passReader.js';
import { runAhead } from './runAhead.js';
import { itemsSource, rangeSource, tfDataSource, type OpenableSource, type Source } from './sources.js';
import { agreed, type Traits } from './traits.js';

type DatasetTraits = Traits<Dataset<LabeledImage>>;

const dataset = /* @__PURE__ */ rule<Dataset<unknown>>('a Dataset', (value) => value instanceof Dataset);

/**
 * A lazy stream of items that can be read again and again; each method returns a new dataset and does no work.
 *
 * Work begins at the first `next()` and stops with the loop that reads it. It is an async iterable, and what `model.fitDataset` and
 * `model.evaluateDataset` take. Tensors in an item belong to whoever received it; items that the pipeline itself drops are disposed.
 *
 * @example
 * const squares = Dataset.range(10).map((n) => n * n, { concurrency: 4 }).batch(4);
 * for await (const batch of squares) console.log(batch); // [0, 1, 4, 9], [16, 25, 36, 49], [64, 81]
 * @see the tf.data guide, https://www.tensorflow.org/guide/data, whose names and semantics these are
 */
export class Dataset<T> implements AsyncIterable<T> {
  /** Number of items of a pass: Infinity when it never ends, NaN while unknown. */
  readonly size: number;
  /** @internal */
  readonly traits: DatasetTraits;
  readonly #open: (pass: Pass) => AsyncIterable<T>;
  readonly #parents: readonly Dataset<unknown>[];
  readonly #release: () => void;
  readonly #unfinished = new Set<AsyncIterator<unknown>>();
  #fingerprint: DataFingerprint | undefined;
  #epoch = 0;

  private constructor(
    open: (pass: Pass) => AsyncIterable<T>,
    size: number,
    parents: readonly Dataset<unknown>[] = [],
    traits: Partial<DatasetTraits> = {},
    release: () => void = () => undefined,
  ) {
    this.#open = open;
    this.size = size;
    this.#parents = parents;
    this.#release = release;
    this.traits = {
      varies: parents.some((parent) => parent.varies),
      prepared: undefined,
      fingerprint: () => joinedFingerprint(parents.map((parent) => parent.fingerprint)),
      isReaderOnlyOwner: false,
      readChanged: undefined,
      ...traits,
    };
  }

  /**
   * Makes a dataset from an array, another re-readable iterable, or a function that starts a new one for each pass.
   *
   * @throws {OptionError} for a generator object, which could be read once only: pass the generator function.
   * @example
   * Dataset.from(['a.jpg', 'b.jpg']);
   * Dataset.from(async function* () { yield (await fetch('labels.json')).json(); });
   */
  static from<T>(items: Source<T>): Dataset<T> {
    return Dataset.#ofSource(itemsSource(items));
  }

  /** Counts from 0, or from `start`, up to but without `end`. */
  static range(start: number, end?: number): Dataset<number> {
    return Dataset.#ofSource(end === undefined ? rangeSource(0, start) : rangeSource(start, end));
  }

  /** Reads datasets side by side; ends with the shortest. */
  static zip<const D extends readonly Dataset<unknown>[]>(
    ...datasets: D
  ): Dataset<{ -readonly [K in keyof D]: D[K] extends Dataset<infer T> ? T : never }> {
    if (datasets.length === 0) throw invalid('Dataset.zip', 'datasets', 'at least one Dataset', datasets);
    for (const each of datasets) check('Dataset.zip', 'datasets', each, dataset);
    type Items = { -readonly [K in keyof D]: D[K] extends Dataset<infer T> ? T : never };
    const open = (pass: Pass): AsyncIterable<Items> => zipPasses(datasets.map((each) => each.open(pass))) as AsyncIterable<Items>;
    return new Dataset(open, Math.min(...datasets.map((each) => each.size)), datasets, {
      // Labels and other company of the images have no preprocessing of their own.
      prepared: agreed(datasets.map((each) => each.traits.prepared).filter((each) => each !== undefined)),
    });
  }

  /** Reads a tfjs-data dataset, or anything else with its `iterator()`. */
  static fromTfData<T>(data: TfDataset<T>): Dataset<T> {
    return Dataset.#ofSource(tfDataSource(data));
  }

  /** Applies a function to each item, several at once if asked; results keep the order of the items. */
  map<R>(fn: ItemFunction<T, R>, options: MapOptions = {}): Dataset<R> {
    check('Dataset.map', 'fn', fn, callable);
    const { concurrency, errors, onSkipped, varies } = mapSettings(options);
    const traits = { varies: varies || this.varies, prepared: this.preprocessing };
    return errors === 'skip'
      ? this.#derive((items, pass) => mapSound(items, fn, concurrency, pass, onSkipped), NaN, traits)
      : this.#derive((items, pass) => mapItems(items, fn, concurrency, pass), this.size, traits);
  }

  /** Keeps the items for which the function says true. */
  filter(keep: ItemFunction<T, boolean>): Dataset<T> {
    check('Dataset.filter', 'keep', keep, callable);
    return this.#derive((items, pass) => filterItems(items, keep, pass), this.size === Infinity ? Infinity : NaN, this.#part('filter'));
  }

  /**
   * Shuffles through a buffer: each item read is a random one of the `bufferSize` that wait.
   *
   * Shuffle file names, not images: a buffer as large as the dataset then costs nothing and shuffles perfectly.
   */
  shuffle(bufferSize: number, options: ShuffleOptions = {}): Dataset<T> {
    check('Dataset.shuffle', 'bufferSize', bufferSize, positiveInteger);
    const { seed, reshuffleEachIteration } = shuffleSettings(options);
    return this.#derive(
      (items, { epoch }) => shuffleItems(items, bufferSize, deriveSeed(seed, reshuffleEachIteration ? epoch : 0)),
      this.size,
    );
  }

  /**
   * Groups items into arrays of `size`; for tensors see `imageBatches`.
   *
   * @throws {OptionError} when `dropRemainder` would leave no batch at all.
   */
  batch(size: number, options: BatchOptions = {}): Dataset<T[]> {
    check('Dataset.batch', 'size', size, positiveInteger);
    const { dropRemainder = false } = checkOptions('Dataset.batch', options, { dropRemainder: boolean });
    if (dropRemainder && this.size < size) {
      throw invalid(
        'Dataset.batch',
        'size',
        `at most the ${this.size} items there are`,
        size,
        'With dropRemainder no batch would be left.',
      );
    }
    const batches = this.size / size;
    return this.#derive((items) => batchItems(items, size, dropRemainder), dropRemainder ? Math.floor(batches) : Math.ceil(batches));
  }

  /**
   * Takes arrays (or other iterables) apart again.
   *
   * @throws {OptionError} while reading, when an item cannot be iterated.
   */
  unbatch<U>(this: Dataset<Iterable<U>>): Dataset<U> {
    return this.#derive(unbatchItems, NaN);
  }

  /** Makes up to `count` items before they are asked for; 'auto' is two. */
  prefetch(count: number | 'auto'): Dataset<T> {
    check('Dataset.prefetch', 'count', count, prefetchCount);
    return this.#derive((items) => runAhead(items, count === 'auto' ? 2 : count, (item) => item), this.size);
  }

  /**
   * Keeps the items of the first complete pass for all later ones: in memory, or in a store such as `folderCache` of the Node entry.
   *
   * Put random steps after it, or they are frozen too. `dispose()` frees what it holds.
   *
   * @throws {OptionError} when the dataset never ends: no pass of it would be complete.
   */
  cache(store: CacheStore<T> = memoryCache<T>()): Dataset<T> {
    check('Dataset.cache', 'store', store, cacheStore);
    this.#checkEnds('Dataset.cache', 'Repeat after it: `dataset.cache().repeat()`.');
    const { prepared } = this.traits;
    const open = (pass: Pass): AsyncIterable<T> => cachedPass(store, prepared, this.fingerprint, () => this.open(pass));
    return new Dataset(open, this.size, [this], { varies: false, prepared }, () => {
      store.release();
    });
  }

  /** Reads the dataset `count` times over, without end by default. */
  repeat(count = Infinity): Dataset<T> {
    if (count !== Infinity) check('Dataset.repeat', 'count', count, nonNegativeInteger);
    const size = this.size === 0 || count === 0 ? 0 : this.size * count;
    const open = (pass: Pass): AsyncIterable<T> => repeatPasses((epoch) => this.open({ ...pass, epoch }), count, pass.epoch);
    return new Dataset(open, size, [this], { prepared: this.traits.prepared });
  }

  /** Ends after `count` items. */
  take(count: number): Dataset<T> {
    check('Dataset.take', 'count', count, nonNegativeInteger);
    const size = Math.min(this.size, count);
    return this.#derive((items) => takeItems(items, count), size, this.#part(`take ${count}`, size));
  }

  /** Leaves out the first `count` items. */
  skip(count: number): Dataset<T> {
    check('Dataset.skip', 'count', count, nonNegativeInteger);
    const size = Math.max(0, this.size - count);
    return this.#derive((items) => skipItems(items, count), size, this.#part(`skip ${count}`, size));
  }

  /** Continues with another dataset. */
  concat(...others: readonly Dataset<T>[]): Dataset<T> {
    for (const other of others) check('Dataset.concat', 'others', other, dataset);
    const all = [this, ...others];
    const size = all.reduce((sum, each) => sum + each.size, 0);
    return new Dataset((pass) => concatPasses(all.map((each) => () => each.open(pass))), size, all, {
      prepared: agreed(all.map((each) => each.traits.prepared)),
    });
  }

  /** Opens a dataset for each item and reads several of them in turn, for example the shards of a record set. */
  interleave<R>(open: (item: T) => Dataset<R> | Promise<Dataset<R>>, options: InterleaveOptions = {}): Dataset<R> {
    check('Dataset.interleave', 'open', open, callable);
    const { cycleLength, blockLength } = interleaveSettings(options);
    const start = async (item: T, pass: Pass): Promise<AsyncIterable<R>> => {
      const opened = await open(item);
      check('Dataset.interleave', 'open(item)', opened, dataset);
      return opened.open(pass);
    };
    return this.#derive((items, pass) => interleavePasses(items, (item) => start(item, pass), cycleLength, blockLength), NaN, {
      prepared: undefined,
    });
  }

  /** Keeps every `shards`-th item, beginning with the one at `index`: the share of one of several workers. */
  shard(shards: number, index: number): Dataset<T> {
    check('Dataset.shard', 'shards', shards, positiveInteger);
    check(
      'Dataset.shard',
      'index',
      index,
      rule<number>(`an integer in [0, ${shards})`, (value) => nonNegativeInteger.accepts(value) && value < shards),
    );
    const size = Number.isFinite(this.size) ? Math.max(0, Math.ceil((this.size - index) / shards)) : this.size;
    return this.#derive((items) => shardItems(items, shards, index), size, this.#part(`shard ${index} of ${shards}`, size));
  }

  /** Ends every pass with the signal's reason as soon as it aborts. */
  withSignal(signal: AbortSignal): Dataset<T> {
    check('Dataset.withSignal', 'signal', signal, instanceOf(AbortSignal, 'an AbortSignal'));
    return new Dataset((pass) => stopOn(this.open({ ...pass, signal }), signal), this.size, [this], {
      prepared: this.traits.prepared,
    });
  }

  /** Adds a step of your own: an async generator over the items of one pass. `size` is that of the result, NaN when unknown. */
  transform<R>(step: (items: AsyncIterable<T>, pass: Pass) => AsyncIterable<R>, size = NaN): Dataset<R> {
    check('Dataset.transform', 'step', step, callable);
    check('Dataset.transform', 'size', size, sizeRule);
    return this.#derive(
      (items, pass) => {
        const made = step(items, pass);
        check('Dataset.transform', 'step(items)', made, asyncIterable, 'Write it as `async function*`.');
        return made;
      },
      size,
      { prepared: this.preprocessing },
    );
  }

  /**
   * States how the images of this dataset were made, where a function of yours made them.
   *
   * @param preprocessing - 'original' for images as decoded, each of its own size; `undefined` when nobody knows.
   * @throws {OptionError} when the preprocessing is impossible.
   * @example
   * const images = Dataset.from([{ pixels: photo, label: 0 }]).withPreprocessing({ inputSize: 224, fit: 'stretch' });
   */
  withPreprocessing(preprocessing: Preprocessing | 'original' | undefined): Dataset<T> {
    const prepared =
      preprocessing === 'original' || preprocessing === undefined
        ? preprocessing
        : completePreprocessing('Dataset.withPreprocessing', preprocessing);
    return this.withTraits({ prepared });
  }

  /** The same items with other traits. @internal */
  withTraits(traits: Partial<DatasetTraits>): Dataset<T> {
    return this.#derive((items) => items, this.size, traits);
  }

  /** Whether the items themselves differ from epoch to epoch, as `augment` makes them; their order does not count. */
  get varies(): boolean {
    return this.traits.varies;
  }

  /**
   * How the images were made; `undefined` when they have their original sizes, or nothing is known. `map` and `transform` keep it, as they
   * keep the size of the images; one that changes the size is followed by {@link withPreprocessing}.
   */
  get preprocessing(): CompletePreprocessing | undefined {
    const { prepared } = this.traits;
    return prepared === 'original' ? undefined : prepared;
  }

  /** Whether the images are as decoded, each of its own size. */
  get hasOriginalSizes(): boolean {
    return this.traits.prepared === 'original';
  }

  /**
   * What the dataset is made from: equal for the same items in the same order. Which items `take`, `skip`, `shard` or a `filter` leave
   * counts; functions of `map` and `filter`, batches and shuffling do not. Computed when first asked for.
   *
   * @returns `undefined` where a function or a stream makes the items.
   */
  get fingerprint(): DataFingerprint | undefined {
    return (this.#fingerprint ??= this.traits.fingerprint());
  }

  /** Number of items of a pass: Infinity when it never ends, 'unknown' where only reading would tell. */
  cardinality(): number | 'unknown' {
    return Number.isNaN(this.size) ? 'unknown' : this.size;
  }

  /** Reads one item and says what it is made of, for example `{ xs: float32 [8, 224, 224, 3], ys: float32 [8, 10] }`. */
  async elementSpec(): Promise<string> {
    for await (const item of this.open({ epoch: 0, signal: undefined })) {
      const spec = describeItem(item);
      releaseItem(item);
      return spec;
    }
    return 'nothing';
  }

  /**
   * Reads a whole pass into an array; its tensors are yours.
   *
   * @throws {OptionError} when the dataset never ends.
   */
  async toArray(): Promise<T[]> {
    this.#checkEnds('Dataset.toArray', 'Take a part of it: `dataset.take(n).toArray()`.');
    const items: T[] = [];
    for await (const item of this) items.push(item);
    return items;
  }

  /**
   * Hands the dataset to tfjs-data, given that module.
   *
   * @example
   * import * as tfData from '@tensorflow/tfjs-data';
   * const theirs = train.toTfData(tfData);
   */
  toTfData<D>(tfData: TfDataModule<D>): D {
    check('Dataset.toTfData', 'tfData', tfData, tfDataModule);
    // That module's own item type is narrower than what it takes; never fits it.
    return tfData.generator(() => this[Symbol.asyncIterator]() as AsyncIterator<never>);
  }

  /** Starts a pass when its first item is asked for. */
  [Symbol.asyncIterator](): AsyncIterator<T> {
    return passReader(() => this.open({ epoch: this.#epoch++, signal: undefined }), this.#unfinished);
  }

  /**
   * The protocol of tfjs-data, which `model.fitDataset` speaks; tensors that are not finite are refused with an error that names step and
   * epoch.
   *
   * That caller never closes an iterator it leaves early (`batchesPerEpoch`, early stopping); one that it forgets is closed when it is
   * garbage collected, or at once by `dispose()`.
   */
  // eslint-disable-next-line @typescript-eslint/require-await -- the protocol is a promise
  async iterator(): Promise<{ next(): Promise<IteratorResult<T>> }> {
    const reader = this[Symbol.asyncIterator]();
    const handle = finiteReader(reader, this.#epoch);
    closeWhenForgotten(handle, reader);
    return handle;
  }

  /** Starts a pass of a given epoch: what operators build on. */
  open(pass: Pass): AsyncIterable<T> {
    check('Dataset.open', 'pass', pass, passRule);
    return this.#open(pass);
  }

  /**
   * Closes passes that were left unfinished and frees what `cache()` holds, here and in the datasets this one is made from; it can be read
   * again.
   */
  async dispose(): Promise<void> {
    for (const reader of [...this.#unfinished]) await reader.return?.();
    this.#release();
    await Promise.all(this.#parents.map((parent) => parent.dispose()));
  }

  static #ofSource<T>({ open, size, fingerprint }: OpenableSource<T>): Dataset<T> {
    return new Dataset(open, size, [], fingerprint === undefined ? {} : { fingerprint });
  }

  #checkEnds(where: string, remedy: string): void {
    if (this.size === Infinity) throw new OptionError(`${where}: expected a dataset that ends, received an endless one. ${remedy}`);
  }

  /** A dataset made from this one, of the same preprocessing unless `traits` has another. */
  #derive<R>(
    step: (items: AsyncIterable<T>, pass: Pass) => AsyncIterable<R>,
    size: number,
    traits: Partial<DatasetTraits> = {},
  ): Dataset<R> {
    return new Dataset((pass) => step(this.open(pass), pass), size, [this], { prepared: this.traits.prepared, ...traits });
  }

  /** The fingerprint of a part of the items. */
  #part(part: string, size = NaN): Pick<DatasetTraits, 'fingerprint'> {
    return { fingerprint: () => partFingerprint(this.fingerprint, part, size) };
  }
}
