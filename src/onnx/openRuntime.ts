// Opens an ONNX file in ONNX Runtime and provides the `predict` method that evaluation functions use.

import { fromBinary } from '@bufbuild/protobuf';
import * as tf from '@tensorflow/tfjs-core';
import { allFinite, arrayOf, check, instanceOf, nonNegativeInteger, rule, showShape, strayFile } from '../core/internal.js';
import { BackendError, DataError, ShapeError } from '../core/index.js';
import type { CompletePreprocessing } from '../image/index.js';
import { reasonOf } from '../models/internal.js';
import { readNotes } from '../weights/internal.js';
import type { ModelNotes } from '../weights/index.js';
import { loadOnnxRuntime, type OnnxRuntimeModule, type OnnxSession, type OnnxSessionOptions, type OnnxTensor } from './loadOnnxRuntime.js';
import { ModelProtoSchema, type ModelProto } from './proto/onnx_pb.js';

/** Execution device of ONNX Runtime. The available devices depend on the package and the machine. */
export type OnnxDevice = 'cpu' | 'wasm' | 'webgpu' | 'webgl' | 'webnn' | 'cuda' | 'dml' | 'coreml';

/** Options of {@link createRuntime}. */
export interface CreateRuntimeOptions {
  /** Number of threads per operator. @defaultValue the number of physical cores, as ONNX Runtime chooses */
  readonly threads?: number | undefined;
  /**
   * Whether threads that wait for the next operator keep their core busy. It shortens the time for single images a little. With `false`,
   * other threads get the core, for example those that decode images or train.
   * @defaultValue true
   */
  readonly spinning?: boolean | undefined;
  /** Device that runs the model. @defaultValue 'cpu' */
  readonly device?: OnnxDevice | undefined;
  /** The package to use instead of `onnxruntime-node`, for example `await import('onnxruntime-web')`. @defaultValue onnxruntime-node */
  readonly onnxruntime?: OnnxRuntimeModule | undefined;
}

/** One output of a run. */
export interface RuntimeOutput {
  readonly shape: readonly number[];
  /** Values in row-major order. */
  readonly values: Float32Array;
}

/** A model in ONNX Runtime. */
export interface Runtime {
  /** Shape of the input, with `null` for variable sizes: `[null, 224, 224, 3]`. */
  readonly inputShape: readonly (number | null)[];
  readonly outputNames: readonly string[];
  /** Names of the classes in the order of the output; `undefined` if the file contains none. */
  readonly classNames: readonly string[] | undefined;
  /** The probability below which the best answer counts as unknown; `undefined` if the file contains none. */
  readonly unknownThreshold: number | undefined;
  /** How images are turned into the input; `undefined` if the file does not contain it. */
  readonly preprocessing: CompletePreprocessing | undefined;
  /**
   * Runs the model on a batch. Returns one tensor if the model has one output, otherwise one per output. The caller must dispose the
   * input and the result.
   *
   * @param images - float32 RGB in [0, 255], `[batch, height, width, 3]`.
   * @throws {OptionError} when the images are not a numeric tensor. {@link ShapeError} when the shape does not fit the model.
   * @throws {DataError} when a pixel is not finite. {@link BackendError} when the runtime was disposed, or ONNX Runtime fails.
   */
  predict(images: tf.Tensor): Promise<tf.Tensor | tf.Tensor[]>;
  /**
   * Runs the model on a batch without TensorFlow.js. Takes a typed array and returns typed arrays by output name.
   *
   * @throws {OptionError} when the values are not a `Float32Array`, or the shape is invalid. {@link ShapeError} when the shape does not
   *   fit the model or the values.
   * @throws {DataError} when a value is not finite. {@link BackendError} when the runtime was disposed, or ONNX Runtime fails.
   */
  run(values: Float32Array, shape: readonly number[]): Promise<Readonly<Record<string, RuntimeOutput>>>;
  /** Whether the runtime was disposed. */
  readonly isDisposed: boolean;
  /** Frees the memory of the session. The runtime cannot be used afterwards. Calling it again has no effect. */
  dispose(): Promise<void>;
}

/** Opens the bytes of an ONNX file with one image input, for the function that the user called. */
export async function openRuntime(
  where: string,
  bytes: Uint8Array,
  { threads, spinning = true, device = 'cpu', onnxruntime }: CreateRuntimeOptions,
): Promise<Runtime> {
  const file = readModel(where, bytes);
  const inputShape = inputShapeOf(where, file);
  const { preprocessing, classNames, unknownThreshold } = notesIn(where, file, inputShape);
  const ort = onnxruntime ?? (await loadOnnxRuntime(where));
  const session = await createSession(where, ort, bytes, { device, threads, spinning });
  return runtimeOf(ort, session, { inputShape, classNames, preprocessing, unknownThreshold });
}

/** Checks for methods instead of using `instanceof`, because an application may have two copies of TensorFlow.js. */
const numbers = rule<tf.Tensor>('a tensor of numbers that is not disposed', (value) => {
  const { shape, dtype, isDisposed, data } = (value ?? {}) as Partial<tf.Tensor>;
  return (
    Array.isArray(shape) &&
    (dtype === 'float32' || dtype === 'int32' || dtype === 'bool') &&
    isDisposed === false &&
    typeof data === 'function'
  );
});

function runtimeOf(
  ort: OnnxRuntimeModule,
  session: OnnxSession,
  told: Pick<Runtime, 'inputShape' | 'classNames' | 'preprocessing' | 'unknownThreshold'>,
): Runtime {
  const { inputShape } = told;
  const [inputName = ''] = session.inputNames;
  const { outputNames } = session;
  let isDisposed = false;
  const refuseDisposed = (where: string): void => {
    if (isDisposed)
      throw new BackendError(`${where}: expected a runtime in use, received one that was disposed. Create another with \`createRuntime\`.`);
  };
  const compute = async (where: string, values: Float32Array, shape: readonly number[]): Promise<Record<string, RuntimeOutput>> => {
    checkShape(where, inputShape, shape, values.length);
    // Some operators turn NaN into a number, so NaN must be found before the run.
    if (!allFinite(values)) {
      throw new DataError(`${where}: expected images of finite pixels, received ${values.find((value) => !Number.isFinite(value))}.`);
    }
    refuseDisposed(where);
    const outputs = await session.run({ [inputName]: new ort.Tensor('float32', values, shape) as OnnxTensor }).catch((cause: unknown) => {
      throw new BackendError(`${where}: ONNX Runtime failed on a batch ${showShape(shape)}: ${reasonOf(cause)}.`, { cause });
    });
    return Object.fromEntries(
      outputNames.map((name) => {
        const { dims, data } = outputs[name] as OnnxTensor;
        return [name, { shape: dims, values: data as Float32Array }];
      }),
    );
  };
  return {
    ...told,
    outputNames,
    get isDisposed() {
      return isDisposed;
    },
    async run(values, shape) {
      check('run', 'values', values, instanceOf(Float32Array, 'a Float32Array'));
      check('run', 'shape', shape, arrayOf(nonNegativeInteger));
      return compute('run', values, shape);
    },
    async predict(images) {
      check('predict', 'images', images, numbers);
      checkShape('predict', inputShape, images.shape, images.size);
      const values = await images.data();
      const outputs = await compute('predict', values instanceof Float32Array ? values : new Float32Array(values), images.shape);
      const tensors = outputNames.map((name) => {
        const { shape, values } = outputs[name] as RuntimeOutput;
        return tf.tensor(values, [...shape], 'float32');
      });
      return tensors.length === 1 ? (tensors[0] as tf.Tensor) : tensors;
    },
    async dispose() {
      if (isDisposed) return;
      isDisposed = true;
      await session.release();
    },
  };
}

function readModel(where: string, bytes: Uint8Array): ModelProto {
  try {
    const file = fromBinary(ModelProtoSchema, bytes);
    if (file.graph === undefined) throw new Error('it has no graph');
    return file;
  } catch (cause) {
    const [what, remedy] = strayFile(String.fromCharCode(...bytes.subarray(0, 64))) ?? [
      `${bytes.byteLength} other bytes`,
      'The file is damaged or no ONNX file.',
    ];
    throw new DataError(`${where}: expected the bytes of an ONNX file for \`model\`, received ${what}. ${remedy}`, { cause });
  }
}

/** What ONNX Runtime says where a device has no support in the package, no library or no hardware. */
const DEVICE_FAILED = /backend|execution ?provider|shared library|(?:GPU|WebGPU) adapter/i;

async function createSession(
  where: string,
  ort: OnnxRuntimeModule,
  bytes: Uint8Array,
  { device, threads, spinning }: { readonly device: OnnxDevice; readonly threads: number | undefined; readonly spinning: boolean },
): Promise<OnnxSession> {
  const options: OnnxSessionOptions = {
    executionProviders: [device],
    graphOptimizationLevel: 'all',
    // Without this option, int8 sums overflow on x86 CPUs that have no VNNI instructions.
    extra: { session: { x64quantprecision: '1', ...(spinning ? {} : { intra_op: { allow_spinning: '0' } }) } },
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
  };
  try {
    return (await ort.InferenceSession.create(bytes, options as never)) as OnnxSession;
  } catch (cause) {
    if (DEVICE_FAILED.test(String(cause))) {
      throw new BackendError(
        `${where}: expected a device ONNX Runtime has here for \`device\`, received '${device}': ${reasonOf(cause)}.`,
        {
          cause,
        },
      );
    }
    throw new DataError(
      `${where}: expected a model that ONNX Runtime supports for \`model\`, received one that it refuses: ${reasonOf(cause)}.`,
      {
        cause,
      },
    );
  }
}

/** Returns the shape of the only input that is not a constant. */
function inputShapeOf(where: string, { graph }: ModelProto): readonly (number | null)[] {
  const constants = new Set(graph?.initializer.map(({ name }) => name));
  const [input, ...others] = graph?.input.filter(({ name }) => !constants.has(name)) ?? [];
  if (input === undefined || others.length > 0) {
    throw new DataError(
      `${where}: expected a model of one input for \`model\`, received one of ${others.length + (input === undefined ? 0 : 1)}.`,
    );
  }
  const dims = input.type?.value.value?.shape?.dim ?? [];
  return dims.map(({ value }) => (value.case === 'dimValue' ? Number(value.value) : null));
}

/** Reads the preprocessing and class names in the file. The preprocessing must fit the input. */
function notesIn(where: string, { metadataProps }: ModelProto, inputShape: readonly (number | null)[]): ModelNotes {
  const notes = readNotes(where, 'the ONNX file', Object.fromEntries(metadataProps.map(({ key, value }) => [key, value])));
  const { preprocessing } = notes;
  if (preprocessing === undefined) return notes;
  const [, height, width] = inputShape;
  const [rows, columns] = preprocessing.inputSize;
  if ((height ?? rows) !== rows || (width ?? columns) !== columns) {
    throw new DataError(
      `${where}: expected the input size of the ONNX file's \`preprocessing\` for its input ${showShape(inputShape)}, ` +
        `received ${showShape(preprocessing.inputSize)}. Correct the metadata.`,
    );
  }
  return notes;
}

function checkShape(where: string, expected: readonly (number | null)[], shape: readonly number[], size: number): void {
  const fits = shape.length === expected.length && expected.every((length, axis) => length === null || length === shape[axis]);
  if (!fits)
    throw new ShapeError(
      `${where}: expected images ${showShape(expected)}, received ${showShape(shape)}. Resize them to the model's input.`,
    );
  if (shape.reduce((product, length) => product * length, 1) !== size) {
    throw new ShapeError(`${where}: expected values for shape ${showShape(shape)}, received ${size}.`);
  }
}
