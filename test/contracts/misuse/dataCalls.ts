import { Dataset, encodeExample, feature, frameTFRecord, randomFlip, RECORD_SCHEMAS, type LabeledImage } from '../../../src/index.js';
import type { BaseCall, BaseCalls } from './baseCall.js';

const image: LabeledImage = { pixels: { width: 2, height: 2, channels: 3, data: new Uint8Array(12) }, label: 0, origin: 'a.png' };
const images = (): Dataset<LabeledImage> => Dataset.from([image, { ...image, label: 1 }]);
const classOf = (item: unknown): number => (item as LabeledImage).label as number;
const many = [image, image, image, image].map((each, i) => ({ ...each, label: i % 2 }));
const split = { seed: 1, stratifyBy: classOf, groupBy: (item: unknown) => many.indexOf(item as (typeof many)[number]) };
const record = { image: new Uint8Array(1), label: 1 };
const schema = { image: RECORD_SCHEMAS.flat.image, label: RECORD_SCHEMAS.flat.label };
const example = { image: feature.bytes(record.image), label: feature.int64(1) };
const workers = { threads: 1, transform: (pixels: unknown) => Promise.resolve(pixels) };

const on = (): Dataset<unknown> => Dataset.range(4);

/** A method of Dataset, called on the numbers 0 to 3. */
function method(...args: readonly unknown[]): BaseCall {
  return { args: () => args, on };
}

/** Stands in for the canvas of a browser. */
function drawn(): readonly unknown[] {
  const context = {
    fillStyle: '',
    fillRect: () => undefined,
    drawImage: () => undefined,
    getImageData: () => ({ data: new Uint8ClampedArray(4) }),
  };
  Object.assign(globalThis, {
    createImageBitmap: () => Promise.resolve({ width: 1, height: 1, close: () => undefined }),
    OffscreenCanvas: class {
      getContext = (): unknown => context;
    },
  });
  return [new Blob(['image']), { background: 'white' }];
}

export const dataCalls: BaseCalls = {
  augment: { args: () => [images(), randomFlip(), { seed: 1, concurrency: 1, workers }] },
  browserPixels: { args: drawn },
  classWeights: { args: () => [[0, 1], 2] },
  collate: { args: () => [[image]] },
  countClasses: { args: () => [[0, 1], 2] },
  cutMix: { args: () => [{ alpha: 1, probability: 1, seed: 1 }] },
  mixUp: { args: () => [{ alpha: 1, probability: 1, seed: 1 }] },
  encodeExample: { args: () => [example] },
  decodeExample: { args: async () => [await encodeExample(example), 'a.tfrecord'] },
  formatExample: { args: () => [record, schema] },
  parseExample: { args: () => [example, schema, 'a.tfrecord'] },
  frameTFRecord: { args: () => [new Uint8Array(1)] },
  readTFRecords: { args: () => [[frameTFRecord(new Uint8Array(1))], { origin: 'a.tfrecord', verify: true, maxRecordBytes: 100 }] },
  imageBatches: { args: () => [images(), { batchSize: 1, dropRemainder: true }] },
  kFold: { args: () => [many, 2, split] },
  trainValidationSplit: { args: () => [many, 0.5, split] },
  oneHot: { args: () => [[1], 2] },
  oversample: { args: () => [many, classOf, { seed: 1 }] },

  'Dataset.from': { args: () => [[1, 2]] },
  'Dataset.range': { args: () => [1, 3] },
  'Dataset.zip': { args: () => [on(), on()] },
  'Dataset.fromTfData': { args: () => [on()] },
  'Dataset.map': method((item: unknown) => item, { concurrency: 1, errors: 'skip', onSkipped: () => undefined, varies: true }),
  'Dataset.filter': method(() => true),
  'Dataset.shuffle': method(2, { seed: 1, reshuffleEachIteration: true }),
  'Dataset.batch': method(2, { dropRemainder: true }),
  'Dataset.unbatch': { args: () => [], on: () => Dataset.from([[1, 2]]) },
  'Dataset.prefetch': method(1),
  'Dataset.cache': method({
    read: () => undefined,
    write: () => ({ add: () => undefined, commit: () => undefined, discard: () => undefined }),
    release: () => undefined,
  }),
  'Dataset.repeat': method(2),
  'Dataset.take': method(2),
  'Dataset.skip': method(2),
  'Dataset.concat': method(on()),
  'Dataset.interleave': method(on, { cycleLength: 2, blockLength: 2 }),
  'Dataset.shard': method(2, 0),
  'Dataset.withSignal': method(new AbortController().signal),
  'Dataset.transform': { ...method((items: unknown) => items, 4), right: ['size = NaN'] },
  'Dataset.withPreprocessing': { args: () => [{ inputSize: 2, fit: 'stretch', interpolation: 'bilinear' }], on: images },
  'Dataset.cardinality': method(),
  'Dataset.elementSpec': method(),
  'Dataset.toArray': method(),
  'Dataset.toTfData': method({ generator: () => undefined }),
  'Dataset.iterator': method(),
  'Dataset.open': method({ epoch: 0, signal: undefined }),
  'Dataset.dispose': method(),
};
