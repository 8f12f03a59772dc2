// Weight files on disk, of every format: what readWeights is for bytes, with Keras' files and TensorFlow.js' folders.

import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { io } from '@tensorflow/tfjs-core';
import { WeightsError } from '../core/index.js';
import { readTfjs, readWeights, weightFormat, type NamedArrays } from '../weights/index.js';
import { shardPaths } from './shardPaths.js';

/**
 * Reads a weight file: safetensors, PyTorch, Keras 2 and 3, or the folder (or `model.json`) of a TensorFlow.js layers model.
 *
 * @param source - A path, or the bytes of a file.
 * @throws {WeightsError} when there is no such file, its format is none of these, or it is damaged.
 * @example
 * const arrays = await readWeightFile('efficientnetb0.h5');
 */
export async function readWeightFile(source: string | Uint8Array): Promise<NamedArrays> {
  if (typeof source !== 'string') return readBytes(source);
  const path = (await isFolder(source)) ? join(source, 'model.json') : source;
  return path.endsWith('.json') ? readTfjsFolder(path) : readBytes(await read(path));
}

async function readBytes(bytes: Uint8Array): Promise<NamedArrays> {
  if (weightFormat(bytes) !== 'keras') return readWeights(bytes);
  // The HDF5 library is large; it is loaded when a file needs it.
  const { readKeras } = await import('../hdf5/index.js');
  return readKeras(bytes);
}

async function readTfjsFolder(path: string): Promise<NamedArrays> {
  const text = new TextDecoder().decode(await read(path));
  let manifest: io.WeightsManifestConfig | undefined;
  try {
    manifest = (JSON.parse(text) as { weightsManifest?: io.WeightsManifestConfig } | null)?.weightsManifest;
  } catch (cause) {
    throw new WeightsError(`readWeightFile: '${path}' is no valid JSON.`, { cause });
  }
  const data = await Promise.all(shardPaths('readWeightFile', path, manifest).map(read));
  return readTfjs({ weightSpecs: (manifest ?? []).flatMap(({ weights }) => weights), weightData: data.map(({ buffer, byteOffset, byteLength }) => buffer.slice(byteOffset, byteOffset + byteLength)) });
}

async function read(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await readFile(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new WeightsError(`readWeightFile: expected a weight file, received '${path}', which ${code === 'ENOENT' ? 'does not exist' : `cannot be read (${String(code)})`}.`, { cause });
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then((found) => found.isDirectory(), () => false);
}
