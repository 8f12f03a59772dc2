// Reads a model.json and its weight files from any source.

import type { io } from '@tensorflow/tfjs-core';
import { DataError, isEffnetError, WeightsError } from '../core/index.js';
import { show, strayFile } from '../core/internal.js';
import { storedPreprocessing } from '../image/internal.js';
import type { ModelMetadata } from './metadata.js';
import { describeOtherJson } from './otherModels.js';
import { reasonOf } from './reasonOf.js';

/** A `model.json`. */
export interface ModelFile extends Omit<io.ModelArtifacts, 'weightSpecs' | 'weightData'> {
  readonly weightsManifest?: io.WeightsManifestConfig | undefined;
}

/** Access to the files of one folder or base URL. */
export interface ModelFiles {
  /** Name of the model in error messages. */
  readonly origin: string;
  /** Returns the text of the model.json. */
  readonly json: () => Promise<string>;
  /** Returns the bytes of a weight file in the same folder. */
  readonly shard: (name: string) => Promise<ArrayBuffer>;
  /** Returns the text of the metadata.json in the same folder, or `undefined` if there is none. */
  readonly metadata: () => Promise<string | undefined>;
}

/**
 * Reads a model.json, the weight files it lists, and the class names in the metadata.json of Teachable Machine.
 *
 * @throws {DataError} when there is no model.json, when it is another kind of JSON file, or when its preprocessing is damaged. {@link
 *   WeightsError} when it lists no weights, when its manifest is damaged, or when weights are missing.
 */
export async function readModelFiles(where: string, { origin, json, shard, metadata }: ModelFiles): Promise<io.ModelArtifacts> {
  const text = await json().catch((cause: unknown) => {
    if (isEffnetError(cause)) throw cause;
    throw new DataError(`${where}: expected a saved model at '${origin}', received nothing: ${reasonOf(cause)}.`, { cause, origin });
  });
  const file = parsed(where, origin, text);
  const other = describeOtherJson(file);
  if (other !== undefined) throw new DataError(`${where}: expected a saved model at '${origin}', received ${other}.`, { origin });
  const { weightsManifest, ...model } = file as ModelFile;
  const { effnet, ...others } = (model.userDefinedMetadata ?? {}) as { readonly effnet?: Partial<ModelMetadata> | undefined };
  if (effnet?.preprocessing !== undefined) storedPreprocessing(where, `'${origin}'`, effnet.preprocessing);
  const classNames = effnet === undefined ? labelsIn(await metadata()) : undefined;
  const artifacts = classNames === undefined ? model : { ...model, userDefinedMetadata: { ...others, effnet: { format: 1, classNames } } };
  if (weightsManifest === undefined || (weightsManifest as unknown[]).length === 0) {
    throw new WeightsError(
      `${where}: expected a list of weight files in '${origin}', received none. ` +
        `The file describes the layers of a model without its weights.`,
    );
  }
  if (!isManifest(weightsManifest))
    throw new WeightsError(
      `${where}: expected a list of weight files in '${origin}', received ${show(weightsManifest)}. The file is damaged.`,
    );
  const names = weightsManifest.flatMap(({ paths }) => paths);
  for (const name of names) checkShardName(where, origin, name);
  const weightData = await Promise.all(
    names.map(async (name) => {
      const bytes = await shard(name).catch((cause: unknown) => {
        throw new WeightsError(`${where}: expected the weight file '${name}' beside '${origin}', received nothing: ${reasonOf(cause)}.`, {
          cause,
        });
      });
      // An empty file is an error only if the weights need more bytes.
      const [what, remedy] =
        bytes.byteLength === 0 ? [] : (strayFile(String.fromCharCode(...new Uint8Array(bytes, 0, Math.min(bytes.byteLength, 64)))) ?? []);
      if (what !== undefined)
        throw new WeightsError(`${where}: expected the weight file '${name}' beside '${origin}', received ${what}. ${remedy}`);
      return bytes;
    }),
  );
  return { ...artifacts, weightSpecs: weightsManifest.flatMap(({ weights }) => weights), weightData };
}

function parsed(where: string, origin: string, text: string): unknown {
  const [what, remedy] = strayFile(text.slice(0, 64)) ?? [];
  if (what !== undefined) throw new DataError(`${where}: expected a saved model at '${origin}', received ${what}. ${remedy}`, { origin });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DataError(
      `${where}: expected a saved model at '${origin}', received a file that is not JSON: ${reasonOf(cause)}. ` +
        `The file is damaged, or of another kind.`,
      { cause, origin },
    );
  }
}

/** Whether a value is a weights manifest. */
export function isManifest(value: unknown): value is io.WeightsManifestConfig {
  return (
    Array.isArray(value) &&
    value.every((group: Partial<io.WeightsManifestConfig[number]> | null) => Array.isArray(group?.paths) && Array.isArray(group.weights))
  );
}

/**
 * Refuses a weight file outside the folder of its model.json. A downloaded file must not be able to read other files.
 *
 * @throws {WeightsError} when the name points outside the folder.
 */
export function checkShardName(where: string, origin: string, name: unknown): asserts name is string {
  if (typeof name !== 'string' || name === '' || /(^|[/\\])\.\.([/\\]|$)|^[/\\]|^[A-Za-z][A-Za-z\d+.-]*:|\0/.test(name)) {
    throw new WeightsError(`${where}: '${origin}' names a file outside its folder: ${show(name)}.`);
  }
}

/** Returns the class names in a Teachable Machine metadata.json, or `undefined` for any other JSON file. */
function labelsIn(json = ''): readonly string[] | undefined {
  try {
    const { labels } = JSON.parse(json) as { readonly labels?: unknown };
    return Array.isArray(labels) && labels.length > 0 && labels.every((label) => typeof label === 'string') ? labels : undefined;
  } catch {
    return undefined;
  }
}
