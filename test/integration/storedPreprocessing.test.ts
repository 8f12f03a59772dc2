// Every model stores the preprocessing of its input.

import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { preprocessingOf, type CompletePreprocessing, type Preprocessing } from '../../src/image/index.js';
import {
  classNamesOf,
  efficientNet,
  featureExtractor,
  foldBatchNorm,
  replaceHead,
  setClassNames,
  setPreprocessing,
} from '../../src/models/index.js';
import { loadModel, pretrained, saveModel } from '../../src/node/weights/index.js';
import { createRuntime, exportOnnx } from '../../src/onnx/index.js';
import { planModel, VARIANTS, type Variant } from '../../src/scaling/index.js';
import { loadWeights, readSafetensors, weightArray, weightsOf, writeSafetensors, type NamedArrays } from '../../src/weights/index.js';
import { startWasm } from '../support/wasm.js';

const SPEC = { ...VARIANTS.b0, widthCoefficient: 0.25, depthCoefficient: 0.5, inputSize: 64 };
const OWN: CompletePreprocessing = {
  inputSize: [64, 64],
  fit: 'resizePad',
  cropFraction: 0.9,
  margins: 'even',
  fillValue: [1, 2, 3],
  interpolation: 'area',
  antialias: false,
  resampler: 'pillow',
};
const DEFAULTS = {
  cropFraction: 1,
  margins: 'floor',
  fillValue: 0,
  interpolation: 'bilinear',
  antialias: false,
  resampler: 'tensorflow',
} as const;

beforeAll(startWasm);

describe('a new network', () => {
  test.each<[Variant, object]>([
    ['b0', { inputSize: [64, 64], fit: 'crop', cropFraction: 224 / 256, margins: 'ceil', interpolation: 'bicubic' }],
    ['b3', { inputSize: [64, 64], fit: 'crop', cropFraction: 300 / 332, margins: 'ceil', interpolation: 'bicubic' }],
    ['lite0', { inputSize: [64, 64], fit: 'crop', cropFraction: 224 / 256, margins: 'ceil' }],
    ['edgetpu-s', { inputSize: [64, 64], fit: 'crop', cropFraction: 224 / 256, margins: 'ceil' }],
    ['v2-b0', { inputSize: [64, 64], fit: 'crop', cropFraction: 224 / 256 }],
    ['v2-s', { inputSize: [64, 64], fit: 'stretch' }],
  ])("%s has its authors' evaluation at the size it was built for", (variant, expected) => {
    const model = efficientNet(variant, { inputSize: 64, classes: 2 });
    expect(preprocessingOf(model)).toEqual({ ...DEFAULTS, ...expected });
    model.dispose();
  });

  test('the size defaults to that of the variant, rectangles are kept, and a custom spec is evaluated like the first generation', () => {
    const sizeOf = (options: object): readonly number[] | undefined => {
      const model = efficientNet(SPEC, { classes: 2, ...options });
      const { inputSize, interpolation, fit } = preprocessingOf(model)!;
      expect({ interpolation, fit }).toEqual({ interpolation: 'bicubic', fit: 'crop' });
      model.dispose();
      return inputSize;
    };
    expect(sizeOf({})).toEqual([64, 64]);
    expect(sizeOf({ inputSize: null })).toEqual([64, 64]);
    expect(sizeOf({ inputSize: [64, 96] })).toEqual([64, 96]);
  });

  test("pretrained has the checkpoint's preprocessing, at the size of the model", async () => {
    const plan = planModel('b0', { classes: 1000 });
    const arrays: NamedArrays = new Map(
      plan.layers.flatMap(({ weights }) =>
        weights.map(
          ({ name, shape }) => [name, weightArray(shape, new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.01))] as const,
        ),
      ),
    );
    const torch = {
      fit: 'resizeCrop',
      cropFraction: 0.875,
      margins: 'even',
      interpolation: 'bicubic',
      antialias: true,
      resampler: 'pillow',
      fillValue: 0,
    };
    for (const [inputSize, expected] of [
      [undefined, [224, 224]],
      [96, [96, 96]],
      [null, [224, 224]],
    ] as const) {
      const model = await pretrained('torchvision/b0', {
        weights: arrays,
        layout: 'keras',
        ...(inputSize === undefined ? {} : { inputSize }),
      });
      expect(preprocessingOf(model)).toEqual({ ...torch, inputSize: expected });
      model.dispose();
    }
  });
});

/** A model in memory, as its file would be. */
function memory(): tf.io.IOHandler & { kept: tf.io.ModelArtifacts | undefined } {
  const handler: ReturnType<typeof memory> = {
    kept: undefined,
    save: (artifacts) => {
      handler.kept = JSON.parse(JSON.stringify({ ...artifacts, weightData: undefined })) as tf.io.ModelArtifacts;
      handler.kept.weightData = artifacts.weightData!;
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } });
    },
    load: () => Promise.resolve(handler.kept!),
  };
  return handler;
}

const folder = async (): Promise<string> => path.join(await mkdtemp(path.join(tmpdir(), 'effnet-')), 'model');

describe('what was set', () => {
  test.each<[string, (model: tfl.LayersModel) => Promise<Parameters<typeof preprocessingOf>[0]> | tfl.LayersModel]>([
    ['replaceHead', (model) => replaceHead(model, { classes: 5, classNames: ['a', 'b', 'c', 'd', 'e'] })],
    ['foldBatchNorm', (model) => foldBatchNorm(model)],
    ['featureExtractor', (model) => featureExtractor(model, ['reduction_3', 'reduction_5'])],
    [
      'setClassNames',
      (model) => {
        setClassNames(model, ['a', 'b']);
        return model;
      },
    ],
    [
      'a folder',
      async (model) => {
        const place = await folder();
        await saveModel(model, place);
        return loadModel(place);
      },
    ],
    [
      'a handler',
      async (model) => {
        const place = memory();
        await saveModel(model, place);
        return loadModel(place);
      },
    ],
    [
      'a folder of a folded model',
      async (model) => {
        const place = await folder();
        await saveModel(await foldBatchNorm(model), place);
        return loadModel(place);
      },
    ],
    ['createRuntime', (model) => createRuntime(model)],
    ['an ONNX file', async (model) => createRuntime(await exportOnnx(model))],
    [
      'weights in memory',
      async (model) => {
        const other = efficientNet(SPEC, { classes: 2 });
        await loadWeights(other, await weightsOf(model));
        return other;
      },
    ],
    [
      'a safetensors file',
      async (model) => {
        const other = efficientNet(SPEC, { classes: 2 });
        await loadWeights(other, writeSafetensors(await weightsOf(model, { layout: 'timm' })));
        return other;
      },
    ],
    [
      'a safetensors file that becomes an ONNX file',
      async (model) =>
        createRuntime(
          await exportOnnx({ plan: planModel(SPEC, { classes: 2 }), arrays: readSafetensors(writeSafetensors(await weightsOf(model))) }),
        ),
    ],
    ['an ONNX file of a folded model', async (model) => createRuntime(await exportOnnx(await foldBatchNorm(model), { dtype: 'float16' }))],
  ])('is kept by %s', async (_, act) => {
    const model = efficientNet(SPEC, { classes: 2 });
    setPreprocessing(model, OWN);
    expect(preprocessingOf(await act(model))).toEqual(OWN);
  });

  test('a safetensors file stores it as JSON, and another network uses it at its own size', async () => {
    const model = efficientNet(SPEC, { classes: 2 });
    setPreprocessing(model, OWN);
    setClassNames(model, ['a', 'b']);
    const bytes = writeSafetensors(await weightsOf(model), { dtype: 'float16', metadata: { note: 'mine' } });
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const { __metadata__: strings } = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as {
      __metadata__: Record<string, string>;
    };
    expect(strings).toEqual({ preprocessing: JSON.stringify(OWN), classes: '["a","b"]', note: 'mine' });
    const larger = efficientNet({ ...SPEC, inputSize: 96 }, { classes: 2 });
    await loadWeights(larger, bytes);
    expect(preprocessingOf(larger)).toEqual({ ...OWN, inputSize: [96, 96] });
    expect(classNamesOf(larger)).toEqual(['a', 'b']);
    const runtime = await createRuntime(await exportOnnx({ plan: planModel(SPEC, { classes: 2 }), arrays: readSafetensors(bytes) }));
    expect(runtime.classNames).toEqual(['a', 'b']);
  });

  test('entries of other tools with these names are ignored, and a damaged one of this library is an error', () => {
    const of = (metadata: Record<string, string>): NamedArrays => readSafetensors(writeSafetensors(new Map(), { metadata }));
    for (const text of ['resize', '{', '[]', '5', '{"size":224}']) {
      expect(of({ preprocessing: text, classes: text }).preprocessing).toBeUndefined();
      expect(of({ preprocessing: text, classes: text === '[]' ? '{}' : text }).classNames).toBeUndefined();
    }
    expect(() => of({ preprocessing: JSON.stringify({ ...OWN, margins: 'round' }) })).toThrowErrorMatchingInlineSnapshot(
      `[DataError: readSafetensors: the preprocessing in the metadata of the safetensors file is damaged: expected one of 'floor', 'ceil', 'even' for \`margins\`, received 'round'. Write the file again, or correct its metadata.]`,
    );
  });

  test('an ONNX file exported from a plan has the evaluation of its authors, or the given one', async () => {
    const plan = planModel(SPEC, { classes: 2 });
    const model = efficientNet(SPEC, { classes: 2 });
    const arrays = new Map(await weightsOf(model, { layout: 'keras' }));
    expect(preprocessingOf(await createRuntime(await exportOnnx({ plan, arrays })))).toEqual(preprocessingOf(model));
    expect(preprocessingOf(await createRuntime(await exportOnnx({ plan, arrays, preprocessing: OWN })))).toEqual(OWN);
  });
});

describe('a damaged file', () => {
  test.each<[string, (record: Record<string, unknown>) => unknown, string]>([
    [
      'an unknown fit',
      (record) => ({ ...record, fit: 'squash' }),
      "expected one of 'stretch', 'crop', 'pad', 'resizeCrop', 'resizePad' for `fit`, received 'squash'",
    ],
    [
      'no size',
      ({ inputSize: _, ...record }) => record,
      'expected a positive integer or [height, width] for `inputSize`, received undefined',
    ],
    ['an unknown field', (record) => ({ ...record, crop: 1 }), 'received `crop`'],
    ['a share above one', (record) => ({ ...record, cropFraction: 2 }), 'expected a number in (0, 1] for `cropFraction`, received 2'],
  ])('%s is an error that names file and field', async (_, damage, problem) => {
    const model = efficientNet(SPEC, { classes: 2 });
    const place = await folder();
    await saveModel(model, place);
    const file = path.join(place, 'model.json');
    const json = JSON.parse(await readFile(file, 'utf8')) as {
      userDefinedMetadata: { effnet: { preprocessing: Record<string, unknown> } };
    };
    const { effnet } = json.userDefinedMetadata;
    await writeFile(
      file,
      JSON.stringify({ ...json, userDefinedMetadata: { effnet: { ...effnet, preprocessing: damage(effnet.preprocessing) } } }),
    );
    await expect(loadModel(place)).rejects.toThrow(`loadModel: the preprocessing in the metadata of '${file}' is damaged: `);
    await expect(loadModel(place)).rejects.toThrow(problem);

    const inMemory = memory();
    await saveModel(model, inMemory);
    const kept = inMemory.kept!.userDefinedMetadata as { effnet: { preprocessing: unknown } };
    kept.effnet.preprocessing = damage(kept.effnet.preprocessing as Record<string, unknown>);
    await expect(loadModel(inMemory)).rejects.toThrow('loadModel: the preprocessing in the metadata of the model is damaged: ');
  });

  test('the input size of another model is an error', async () => {
    const model = efficientNet(SPEC, { classes: 2 });
    const inMemory = memory();
    await saveModel(model, inMemory);
    const kept = inMemory.kept!.userDefinedMetadata as unknown as { effnet: { preprocessing: { inputSize: number[] } } };
    kept.effnet.preprocessing.inputSize = [96, 96];
    await expect(loadModel(inMemory)).rejects.toThrow(
      "loadModel: expected the input size of the model's own preprocessing for an input [null, 64, 64, 3], received [96, 96]. The metadata belongs to another model.",
    );
  });
});

test("a size that differs from the model's is rejected", () => {
  const model = efficientNet(SPEC, { classes: 2 });
  const record: Preprocessing = { inputSize: 96, fit: 'stretch' };
  expect(() => {
    setPreprocessing(model, record);
  }).toThrow("setPreprocessing: expected the model's input size [64, 64] for `inputSize`, received [96, 96].");
});
