// Repositories of transformers and timm, with the answers that Python's networks gave (test/fixtures/weights/hub.py).

import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { classNamesOf } from '../../../src/models/index.js';
import { selectBackend } from '../../../src/node/backends/index.js';
import { hubModel, type HubFiles } from '../../../src/weights/internal.js';
import { readSafetensors, weightArray, weightsOf, writeSafetensors } from '../../../src/weights/index.js';
import { fillTorch, uniform } from '../../support/fill.js';

interface HubCase {
  readonly name: string;
  readonly files: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly tensors: readonly (readonly [name: string, shape: readonly number[]])[];
  readonly gain: number;
  readonly input: { readonly seed: string; readonly shape: readonly [number, number, number, number] };
  readonly output: readonly number[];
}

const cases = JSON.parse(readFileSync(new URL('../../fixtures/weights/hub.json', import.meta.url), 'utf8')) as readonly HubCase[];

beforeAll(() => selectBackend(['wasm']));

function weightsFile({ tensors, gain }: HubCase): Uint8Array {
  return writeSafetensors(new Map(tensors.map(([name, shape]) => [name, weightArray(shape, fillTorch(name, shape, gain))])));
}

function repository(name: string, files: Readonly<Record<string, object | Uint8Array>>): HubFiles {
  return {
    name,
    read: async (file) => {
      const content = await Promise.resolve(files[file]);
      return content === undefined || content instanceof Uint8Array ? content : new TextEncoder().encode(JSON.stringify(content));
    },
  };
}

/** 8-bit pixels, as of an image. */
function pixelsOf({ input: { seed, shape } }: HubCase): tf.Tensor4D {
  const values = uniform(
    seed,
    shape.reduce((product, length) => product * length, 1),
  );
  return tf.tensor4d(
    Float32Array.from(values, (u) => Math.floor(u * 255)),
    [...shape],
  );
}

test.each(cases.map((each) => [each.name, each] as const))('%s: answers like Python within 1e-5 of the range', async (name, golden) => {
  const bytes = weightsFile(golden);
  const model = await hubModel('pretrained', repository(name, { ...golden.files, 'model.safetensors': bytes }));
  const input = pixelsOf(golden);
  const output = model.predict(input) as tf.Tensor;
  const range = Math.max(...golden.output) - Math.min(...golden.output);
  expect([...(await output.data())]).toBeAllclose(golden.output, { tolerance: 1e-5 * range });
  expect(classNamesOf(model)).toMatchSnapshot('class names');
  expect((model.getUserDefinedMetadata() as { effnet: object }).effnet).toMatchSnapshot('metadata');

  // The weights have the same names and values when they are written.
  const layout = name.startsWith('timm') ? 'timm' : 'transformers';
  const back = readSafetensors(writeSafetensors(await weightsOf(model, { layout })));
  const weights = [...readSafetensors(bytes)].filter(([array]) => !array.endsWith('num_batches_tracked'));
  const named = (array: string): string => array.replace(/^timm_model\./, '');
  expect([...back.keys()].sort()).toEqual(weights.map(([array]) => named(array)).sort());
  for (const [array, weight] of weights) {
    expect(back.get(named(array))?.shape, array).toEqual(weight.shape);
    expect(Buffer.compare(bytesOf(back.get(named(array))?.values()), bytesOf(weight.values())), array).toBe(0);
  }
  tf.dispose([input, output]);
  model.dispose();
});

const bytesOf = (values: Float32Array | undefined): Uint8Array =>
  values === undefined ? new Uint8Array() : new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
