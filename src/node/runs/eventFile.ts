// Writes TensorBoard's event files, which are TFRecords of protobuf messages. tensorBoard.ts decides what training writes to them.

import { appendFile, mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import {
  anyNumber,
  anyString,
  boolean,
  check,
  either,
  finite,
  instanceOf,
  invalid,
  nonNegativeInteger,
  record,
  rule,
  text,
} from '../../core/internal.js';
import { DataError } from '../../core/index.js';
import { frameTFRecord } from '../../data/index.js';
import { checkModel } from '../../models/internal.js';
import type * as messageModule from './eventMessages.js';
import type { EventSchema, GraphDefSchema, SummarySchema } from './proto/tensorboard_pb.js';
import { systemReason } from '../files/internal.js';

/** The event file of a run. Each method resolves when its event is written. */
export interface EventFile {
  readonly file: string;
  /** Writes one value of a curve. */
  readonly scalar: (tag: string, value: number, step: number) => Promise<void>;
  /** Writes a PNG, for example a confusion matrix: `renderChart(confusionChart(evaluation), { format: 'png' })`. */
  readonly image: (tag: string, png: Uint8Array, step: number) => Promise<void>;
  /** Writes the distribution of values, as a histogram of 30 buckets of equal width. */
  readonly histogram: (tag: string, values: ArrayLike<number>, step: number) => Promise<void>;
  /** Writes the graph of a model: its layers and their inputs. */
  readonly graph: (model: LayersModel) => Promise<void>;
  /** Writes the hyperparameters of the run, for the HParams tab. */
  readonly hyperParameters: (values: Readonly<Record<string, number | string | boolean>>) => Promise<void>;
}

type EventContent = NonNullable<MessageInitShape<typeof EventSchema>['what']>;
type SummaryValue = NonNullable<MessageInitShape<typeof SummarySchema>['value']>[number];

const BUCKETS = 30;
let files = 0;

const numberArray = rule<ArrayLike<number>>(
  'an array of finite numbers',
  (value) => Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView)),
);
const setting = either(either(finite, anyString), boolean);

/** The hyperparameters of a run. */
export const HYPER_PARAMETERS = rule<Readonly<Record<string, number | string | boolean>>>(
  'an object of finite numbers, strings and booleans',
  (value) => record.accepts(value) && Object.values(value).every(setting.accepts),
);

/**
 * Opens an event file in a folder that `tensorboard --logdir` reads. The folder is created with the first event.
 *
 * @throws {OptionError} when `folder` is empty. From any method, when an argument has a wrong value.
 * @throws {DataError} from any method, when the folder cannot be written.
 * @example
 * const events = eventFile('runs/clothes');
 * await events.scalar('loss', 0.25, 1);
 */
export function eventFile(folder: string): EventFile {
  check('eventFile', 'folder', folder, text);
  const events = openEvents('eventFile', folder);
  return {
    ...events,
    scalar: async (tag, value, step) => {
      check('eventFile.scalar', 'value', value, finite);
      await events.scalar(tag, value, step);
    },
  };
}

/** {@link eventFile} for another function, which errors name. Scalars may be NaN here, because TensorBoard marks such steps. */
export function openEvents(where: string, folder: string): EventFile {
  const seconds = Math.floor(Date.now() / 1000);
  const file = path.join(folder, `events.out.tfevents.${seconds}.${hostname()}.${process.pid}.${files++}`);
  let last: Promise<void> | undefined;

  // Events are written one after another. The first one is the version.
  const write = (what: EventContent, step: number): Promise<void> => {
    const previous = last ?? begin();
    last = previous.then(() => append({ step: BigInt(step), what }));
    return last;
  };
  const begin = async (): Promise<void> => {
    await guarded(mkdir(folder, { recursive: true }));
    await append({ what: { case: 'fileVersion', value: 'brain.Event:2' } });
  };
  const append = async (event: MessageInitShape<typeof EventSchema>): Promise<void> => {
    const { eventBytes } = await messages();
    await guarded(appendFile(file, frameTFRecord(eventBytes({ wallTime: Date.now() / 1000, ...event }))));
  };
  const guarded = async (work: Promise<unknown>): Promise<void> => {
    try {
      await work;
    } catch (cause) {
      throw new DataError(`${where}: expected a folder that can be written, received '${folder}': ${systemReason(cause)}.`, {
        cause,
        origin: file,
      });
    }
  };
  const summary = (step: number, value: SummaryValue): Promise<void> => write({ case: 'summary', value: { value: [value] } }, step);
  const checked = (method: string, tag: string, step: number): void => {
    check(`${where}.${method}`, 'tag', tag, text);
    check(`${where}.${method}`, 'step', step, nonNegativeInteger);
  };

  return {
    file,
    scalar: async (tag, value, step) => {
      checked('scalar', tag, step);
      check(`${where}.scalar`, 'value', value, anyNumber);
      await summary(step, { tag, value: { case: 'simpleValue', value } });
    },
    image: async (tag, png, step) => {
      checked('image', tag, step);
      check(`${where}.image`, 'png', png, instanceOf(Uint8Array, 'the bytes of a PNG'));
      const { width, height } = sizeOfPng(`${where}.image`, png);
      await summary(step, { tag, value: { case: 'image', value: { width, height, colorspace: 3, encodedImageString: png } } });
    },
    histogram: async (tag, values, step) => {
      checked('histogram', tag, step);
      check(`${where}.histogram`, 'values', values, numberArray);
      await summary(step, { tag, value: { case: 'histo', value: histogramOf(`${where}.histogram`, tag, values) } });
    },
    graph: async (model) => {
      checkModel(`${where}.graph`, model);
      const { graphBytes } = await messages();
      await write({ case: 'graphDef', value: graphBytes(graphOf(model)) }, 0);
    },
    hyperParameters: async (values) => {
      check(`${where}.hyperParameters`, 'values', values, HYPER_PARAMETERS);
      const { hyperParametersBytes } = await messages();
      const hparams = Object.entries(values).map(
        ([name, value]) =>
          [
            name,
            {
              kind:
                typeof value === 'number'
                  ? { case: 'numberValue' as const, value }
                  : typeof value === 'string'
                    ? { case: 'stringValue' as const, value }
                    : { case: 'boolValue' as const, value },
            },
          ] as const,
      );
      const content = hyperParametersBytes({
        data: { case: 'sessionStartInfo', value: { hparams: Object.fromEntries(hparams), startTimeSecs: seconds } },
      });
      await summary(0, {
        tag: '_hparams_/session_start_info',
        // The plugin requires a tensor but ignores its content.
        value: { case: 'tensor', value: { dtype: 1, floatVal: [0] } },
        metadata: { pluginData: { pluginName: 'hparams', content } },
      });
    },
  };
}

let loaded: Promise<typeof messageModule> | undefined;

/** Loads protobuf when it is first needed: it takes longer to load than the rest of this library, and few programs write events. */
function messages(): Promise<typeof messageModule> {
  return (loaded ??= import('./eventMessages.js'));
}

function sizeOfPng(where: string, png: Uint8Array): { width: number; height: number } {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  // A signature of eight bytes is followed by the header chunk, which contains width and height.
  if (png.byteLength < 24 || view.getUint32(0) !== 0x89504e47)
    throw new DataError(`${where}: expected the bytes of a PNG, received other bytes.`);
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

function histogramOf(where: string, tag: string, values: ArrayLike<number>) {
  let [min, max, sum, sumSquares] = [Infinity, -Infinity, 0, 0];
  const numbers = Array.from(values);
  for (const value of numbers) {
    if (!finite.accepts(value)) throw invalid(where, 'values', `finite numbers of '${tag}'`, value);
    [min, max, sum, sumSquares] = [Math.min(min, value), Math.max(max, value), sum + value, sumSquares + value * value];
  }
  if (values.length === 0) throw new DataError(`${where}: expected values for '${tag}', received none.`);
  const width = (max - min) / BUCKETS || 1;
  const bucket = new Array<number>(BUCKETS).fill(0);
  for (const value of numbers) {
    const place = Math.min(BUCKETS - 1, Math.floor((value - min) / width));
    bucket[place] = (bucket[place] as number) + 1;
  }
  return { min, max, num: values.length, sum, sumSquares, bucketLimit: bucket.map((_, i) => min + (i + 1) * width), bucket };
}

function graphOf(model: LayersModel): MessageInitShape<typeof GraphDefSchema> {
  const node = model.layers.map((layer) => {
    const inputs = layer.inboundNodes.flatMap(({ inboundLayers }) => inboundLayers.map(({ name }) => name));
    return { name: layer.name, op: layer.getClassName(), input: [...new Set(inputs)] };
  });
  return { node, versions: { producer: 22 } };
}
