// Opens a model by what a user writes on the command line: a folder, a file, or the name of published weights.

import { readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import {
  classNamesOf,
  defaultPretrained,
  ensureBackend,
  isEffnetError,
  loadModel,
  PRETRAINED,
  pretrained,
  setClassNames,
  VARIANTS,
  type Variant,
  WeightsError,
  type PretrainedOptions,
  type PretrainedWeights,
} from '../node.js';
import { createRuntime, type Runtime } from '../onnx.js';
import { IMAGENET_CLASS_NAMES } from '../imagenet.js';
import { didYouMean } from '../core/internal.js';
import type { CliContext } from './CliCommand.js';
import { UsageError } from './UsageError.js';

/** What computes where nothing is trained. */
export type RuntimeChoice = 'auto' | 'onnx' | 'tfjs';

/** Starts TensorFlow.js and returns the name of its backend. */
export async function startBackend(backend: string | undefined, { note }: Pick<CliContext, 'note'>): Promise<string> {
  return (await ensureBackend(backend === undefined ? undefined : [backend], { onWarning: note })).backend;
}

/** Whether a name is that of published weights, a variant, or a repository of the Hugging Face hub. */
export function isPublished(name: string): boolean {
  return Object.hasOwn(PRETRAINED, name) || Object.hasOwn(VARIANTS, name) || name.startsWith('hf:');
}

/** Returns whether a path is a file or a folder, or `undefined` if there is nothing. */
export async function kindOf(place: string): Promise<'file' | 'folder' | undefined> {
  const found = await stat(place).catch(() => undefined);
  return found === undefined ? undefined : found.isDirectory() ? 'folder' : 'file';
}

/**
 * Checks that there is a model, before a backend is started.
 *
 * @throws {UsageError} when the name is neither a path nor a published name.
 */
export async function requireModel(name: string): Promise<void> {
  if (!isPublished(name) && (await kindOf(name)) === undefined) throw unknownModel(name);
}

/** The error for a name that is neither a path nor a published name. */
export function unknownModel(name: string, also = ''): UsageError {
  const hint = didYouMean(name, [...Object.keys(VARIANTS), ...Object.keys(PRETRAINED)]);
  return new UsageError(
    `there is no model '${name}': expected the folder of a saved model, an .onnx file${also}, or a published name such as 'lite0', 'b0' or ` +
      `'hf:google/efficientnet-b0'.${hint === '' ? '' : ` ${hint}`}`,
  );
}

/**
 * Loads a saved model from its folder, or published weights by name. The caller must dispose the model.
 *
 * @throws {UsageError} when there is no such model. `.onnx` files cannot be trained or converted, so they are refused.
 */
export async function openLayersModel(name: string, context: CliContext, options: PretrainedOptions = {}): Promise<LayersModel> {
  const kind = await kindOf(name);
  if (kind === 'file' && name.toLowerCase().endsWith('.onnx')) {
    throw new UsageError(`'${name}' is an ONNX file, which can only be used and inspected. Give the folder of the saved model.`);
  }
  if (kind !== undefined) return loadModel(name);
  if (!isPublished(name)) throw unknownModel(name);
  return openPublished(name, context, options);
}

/** Opens a model for predictions. The caller must dispose it. */
export async function openPredictor(
  name: string,
  runtime: RuntimeChoice,
  context: CliContext,
): Promise<{ readonly predictor: LayersModel | Runtime; readonly model: LayersModel | undefined; readonly dispose: () => Promise<void> }> {
  if (name.toLowerCase().endsWith('.onnx') && (await kindOf(name)) === 'file') {
    if (runtime === 'tfjs') throw new UsageError(`--runtime tfjs cannot run '${name}': only ONNX Runtime reads ONNX files.`);
    const predictor = await createRuntime(await readFile(name));
    return { predictor, model: undefined, dispose: () => predictor.dispose() };
  }
  const model = await openLayersModel(name, context);
  const fast = (await usesOnnx(runtime, context)) ? await createRuntime(model) : undefined;
  return {
    predictor: fast ?? model,
    model,
    async dispose() {
      await fast?.dispose();
      model.dispose();
    },
  };
}

/** Whether ONNX Runtime computes what is not trained. */
export async function usesOnnx(runtime: RuntimeChoice, { note }: Pick<CliContext, 'note'>): Promise<boolean> {
  // createRuntime says how to install a package that is asked for by name.
  if (runtime !== 'auto') return runtime === 'onnx';
  try {
    await import('onnxruntime-node');
    return true;
  } catch {
    note('Several times as fast with ONNX Runtime: npm install onnxruntime-node');
    return false;
  }
}

async function openPublished(name: string, { onProgress, signal }: CliContext, options: PretrainedOptions): Promise<LayersModel> {
  const weights = options.weights ?? (name === 'lite0' ? installedLite0() : undefined);
  try {
    const model = await pretrained(name, { ...options, onProgress, signal, ...(weights === undefined ? {} : { weights }) });
    if (weightsNamed(name)?.classes === 1000 && outputsOf(model) === 1000 && classNamesOf(model) === undefined) {
      setClassNames(model, IMAGENET_CLASS_NAMES);
    }
    return model;
  } catch (error) {
    if (!isEffnetError(error) || !error.message.includes('cannot be reached')) throw error;
    throw new WeightsError(
      `the weights of '${name}' are not on this computer, and cannot be downloaded. Connect to the internet, or use 'lite0' after ` +
        `\`npm install effnet-ts-lite0\`.`,
      { cause: error },
    );
  }
}

/** The published weights with a name, or the default ones of a variant. */
export function weightsNamed(name: string): (PretrainedWeights & { readonly name: string }) | undefined {
  const full = Object.hasOwn(VARIANTS, name) ? defaultPretrained(name as Variant) : name;
  const weights = Object.hasOwn(PRETRAINED, full) ? PRETRAINED[full] : undefined;
  return weights === undefined ? undefined : { name: full, ...weights };
}

function outputsOf(model: LayersModel): number | null | undefined {
  return (model.outputs[0]?.shape ?? []).at(-1);
}

/** The weights of the package effnet-ts-lite0, if it is installed in the current project or beside this package. */
function installedLite0(): string | undefined {
  for (const from of [path.resolve('package.json'), import.meta.url]) {
    try {
      return createRequire(from).resolve('effnet-ts-lite0/model.safetensors');
    } catch {
      // It is not installed there.
    }
  }
  return undefined;
}
