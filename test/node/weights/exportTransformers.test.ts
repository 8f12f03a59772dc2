// Folders for transformers.js and transformers: refused before anything is written, replaced whole, and opened by transformers.js itself.

import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { env, pipeline } from '@huggingface/transformers';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { preprocessingOf } from '../../../src/image/index.js';
import { mbConv } from '../../../src/layers/index.js';
import { classNamesOf, efficientNet, foldBatchNorm, replaceHead, setPreprocessing } from '../../../src/models/index.js';
import { folderFiles } from '../../../src/node/weights/folderFiles.js';
import { exportTransformers, readWeightFile } from '../../../src/node/weights/index.js';
import { VARIANTS, type Variant, type VariantSpec } from '../../../src/scaling/index.js';
import { weightsOf } from '../../../src/weights/index.js';
import { hubModel } from '../../../src/weights/internal.js';
import {
  best,
  CLASS_NAMES,
  clothesClassifier,
  clothesPhotos,
  farthest,
  sizedPhotos,
  SMALL,
  taughtClassifier,
} from '../../support/transformersExport.js';
import { startWasm } from '../../support/wasm.js';

let folder: string;
beforeAll(async () => {
  await startWasm();
  env.allowRemoteModels = false;
});
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'effnet-'));
});
afterEach(() => rm(folder, { recursive: true }));

const all = async (): Promise<string[]> => (await readdir(folder, { recursive: true })).sort();
const config = async (name = 'clothes'): Promise<Record<string, unknown>> =>
  JSON.parse(await readFile(path.join(folder, name, 'config.json'), 'utf8')) as Record<string, unknown>;

/** The probabilities of transformers.js, in the order of the classes. */
async function inTransformersJs(source: string, files: readonly string[], dtype?: 'fp16' | 'q8'): Promise<number[][]> {
  const classify = await pipeline('image-classification', source, dtype === undefined ? {} : { dtype });
  const answers: number[][] = [];
  for (const file of files) {
    const scores = new Map((await classify(file, { top_k: 10 })).map(({ label, score }) => [label, score]));
    answers.push(CLASS_NAMES.map((name) => scores.get(name) ?? NaN));
  }
  await classify.dispose();
  return answers;
}

test('transformers.js opens the folder and gives the same probabilities for the same pixels', async () => {
  const model = await taughtClassifier();
  const target = path.join(folder, 'clothes');
  expect(await exportTransformers(model, target, { dtypes: ['float32', 'float16', 'int8'] })).toEqual({ differences: [] });
  const photos = await sizedPhotos(model, clothesPhotos(2), folder);
  const [files, expected] = [photos.map(({ file }) => file), photos.map(({ probabilities }) => probabilities)];
  expect(new Set(expected.map(best)).size).toBeGreaterThan(4);
  const answers = await inTransformersJs(target, files);
  expect(answers.map(best)).toEqual(expected.map(best));
  expect(farthest(answers, expected)).toBeLessThan(1e-4);
  const [half, quarter] = [await inTransformersJs(target, files, 'fp16'), await inTransformersJs(target, files, 'q8')];
  expect(farthest(half, expected)).toBeLessThan(0.02);
  expect(farthest(quarter, expected)).toBeLessThan(0.2);
  expect(farthest(quarter, answers)).toBeGreaterThan(0);
});

test('the folder opens here as the same model', async () => {
  const model = clothesClassifier();
  await exportTransformers(model, folder);
  const back = await hubModel('pretrained', folderFiles('pretrained', folder));
  const x = tf.randomUniform([2, 64, 64, 3], 0, 255, 'float32', 'pixels');
  const [expected, received] = [model, back].map((each) => each.predict(x) as tf.Tensor);
  expect(await received!.data()).toBeAllclose(await expected!.data(), { tolerance: 1e-6 });
  expect(classNamesOf(back)).toEqual(CLASS_NAMES);
  expect(preprocessingOf(back)).toEqual(preprocessingOf(model));
});

test('the folder has the files of its data types, and config.json names the one to open', async () => {
  const model = clothesClassifier();
  for (const [dtypes, files, dtype] of [
    [undefined, ['model.onnx', 'model_fp16.onnx'], { dtype: 'fp32' }],
    [['float32', 'int8'], ['model.onnx', 'model_quantized.onnx'], undefined],
    [['int8', 'float16'], ['model_fp16.onnx', 'model_quantized.onnx'], { dtype: 'q8' }],
    [['float16'], ['model_fp16.onnx'], { dtype: 'fp16' }],
  ] as const) {
    await exportTransformers(model, path.join(folder, 'clothes'), { dtypes });
    expect(await all()).toEqual([
      'clothes',
      'clothes/config.json',
      'clothes/model.safetensors',
      'clothes/onnx',
      ...files.map((file) => `clothes/onnx/${file}`),
      'clothes/preprocessor_config.json',
    ]);
    expect((await config())['transformers.js_config']).toEqual(dtype);
  }
  expect(await config()).toMatchObject({ model_type: 'efficientnet', id2label: { 0: 'dress', 9: 't-shirt' } });
  const [arrays, expected] = [
    await readWeightFile(path.join(folder, 'clothes/model.safetensors')),
    await weightsOf(model, { layout: 'transformers' }),
  ];
  expect([...arrays.keys()].filter((name) => !name.endsWith('.num_batches_tracked'))).toEqual([...expected.keys()]);
  expect(arrays.get('classifier.weight')!.values()).toEqual(expected.get('classifier.weight')!.values());
});

test('what transformers does differently is reported', async () => {
  const model = clothesClassifier();
  setPreprocessing(model, { inputSize: 64, fit: 'crop', interpolation: 'bilinear' });
  const { differences } = await exportTransformers(model, folder);
  expect(differences).toMatchInlineSnapshot(`
    [
      "resizes with Pillow's bilinear method in place of TensorFlow's, which does not antialias",
      "crops after resizing, not before",
    ]
  `);
});

test('an earlier export is replaced, and other files beside it stay', async () => {
  await exportTransformers(clothesClassifier(), folder, { dtypes: ['float32', 'int8'] });
  await writeFile(path.join(folder, 'README.md'), 'a model card');
  const other = clothesClassifier(SMALL, { classes: 10, activation: 'relu' });
  await exportTransformers(other, folder, { dtypes: ['float32'] });
  expect(await all()).toEqual(['README.md', 'config.json', 'model.safetensors', 'onnx', 'onnx/model.onnx', 'preprocessor_config.json']);
  expect(await config('.')).toMatchObject({ hidden_act: 'relu' });
});

test('an export that fails keeps the earlier one', async () => {
  await exportTransformers(clothesClassifier(), folder, { dtypes: ['float32'] });
  const before = await readFile(path.join(folder, 'config.json'));
  const broken = clothesClassifier(SMALL, { activation: 'relu' });
  const [kernel, bias] = broken.getLayer('predictions').getWeights();
  broken.getLayer('predictions').setWeights([tf.fill(kernel!.shape, 65520), bias!]);
  await expect(exportTransformers(broken, folder)).rejects.toThrow('expected numbers that float16 can store');
  expect(await readFile(path.join(folder, 'config.json'))).toEqual(before);
  expect(await all()).toEqual(['config.json', 'model.safetensors', 'onnx', 'onnx/model.onnx', 'preprocessor_config.json']);
});

test('a folder with other files and no earlier export is refused', async () => {
  const model = clothesClassifier();
  await mkdir(path.join(folder, 'vit'));
  await writeFile(path.join(folder, 'vit', 'config.json'), '{ "model_type": "vit" }');
  await writeFile(path.join(folder, 'vit', 'model.safetensors'), '');
  await expect(exportTransformers(model, path.join(folder, 'vit'))).rejects.toThrow(
    `exportTransformers: expected an empty folder or an earlier export at '${path.join(folder, 'vit')}', received one with 'config.json' that this library did not write. Choose another.`,
  );
  expect(await readdir(path.join(folder, 'vit'))).toEqual(['config.json', 'model.safetensors']);
  await expect(exportTransformers(model, path.join(folder, 'vit', 'config.json', 'x'))).rejects.toThrow(
    'there is a file of that name, or on the way to it',
  );
  // What an export leaves behind that was killed while it moved its files.
  await mkdir(path.join(folder, 'killed', 'onnx'), { recursive: true });
  await writeFile(path.join(folder, 'killed', 'onnx', 'model.onnx'), '');
  await writeFile(path.join(folder, 'killed', 'model.safetensors'), '');
  await exportTransformers(model, path.join(folder, 'killed'));
});

test('a network that transformers does not have is refused before anything is written', async () => {
  const target = path.join(folder, 'never');
  const messageFor = async (model: tfl.LayersModel): Promise<string> =>
    exportTransformers(model, target).then(
      () => 'no error',
      (error: unknown) => String(error),
    );
  const small = (variant: Variant): VariantSpec => ({ ...VARIANTS[variant], widthCoefficient: 0.25, depthCoefficient: 0.5, inputSize: 64 });
  const input = tfl.input({ shape: [64, 64, 3] });
  const messages = {
    lite: await messageFor(clothesClassifier(small('lite0'))),
    v2: await messageFor(clothesClassifier(small('v2-s'))),
    edgeTpu: await messageFor(clothesClassifier(small('edgetpu-s'))),
    activation: await messageFor(
      clothesClassifier(SMALL, { activation: (x, { name }) => tfl.layers.reLU({ name }).apply(x) as tfl.SymbolicTensor }),
    ),
    attention: await messageFor(clothesClassifier(SMALL, { attention: (x) => x })),
    wiring: await messageFor(clothesClassifier(SMALL, { block: (x, spec, parts) => mbConv(x, { ...spec, skip: false }, parts) })),
    hand: await messageFor(tfl.model({ inputs: input, outputs: tfl.layers.flatten().apply(input) as tfl.SymbolicTensor, name: 'mine' })),
    folded: await messageFor(await foldBatchNorm(clothesClassifier())),
    hidden: await messageFor(replaceHead(clothesClassifier(), { classes: 3, hidden: [4] })),
    features: await messageFor(efficientNet(SMALL, { includeTop: false, pooling: 'avg' })),
    sigmoid: await messageFor(clothesClassifier(SMALL, { classifierActivation: 'sigmoid' })),
    one: await messageFor(replaceHead(clothesClassifier(), { classes: 1, classifierActivation: 'linear' })),
    gray: await messageFor(clothesClassifier(SMALL, { inputChannels: 1, normalization: 'none' })),
    anySize: await messageFor(clothesClassifier(SMALL, { inputSize: null })),
  };
  expect(messages).toMatchInlineSnapshot(`
    {
      "activation": "OptionError: exportTransformers: expected a network that transformers has, received 'efficientnet', which has the custom layer 'stem_activation'. transformers has the first generation of EfficientNet, B0 to B8 and L2.",
      "anySize": "OptionError: exportTransformers: expected a softmax or linear classifier of RGB images of one size for \`model\`, received 'efficientnet', which takes images of any size. Build it with an \`inputSize\`: transformers pads its convolutions for one size.",
      "attention": "OptionError: exportTransformers: expected a network that transformers has, received 'efficientnet', which has blocks without squeeze-and-excitation. transformers has the first generation of EfficientNet, B0 to B8 and L2.",
      "edgeTpu": "OptionError: exportTransformers: expected a network that transformers has, received 'efficientnet', which has fused blocks. transformers has the first generation of EfficientNet, B0 to B8 and L2.",
      "features": "OptionError: exportTransformers: expected a softmax or linear classifier of RGB images of one size for \`model\`, received 'efficientnet', which has no classifier. Add one with \`replaceHead\`.",
      "folded": "OptionError: exportTransformers: expected a network that transformers has, received 'efficientnet', which has its BatchNormalization folded. transformers has the first generation of EfficientNet, B0 to B8 and L2.",
      "gray": "OptionError: exportTransformers: expected a softmax or linear classifier of RGB images of one size for \`model\`, received 'efficientnet', which takes images of 1 channels. transformers.js converts images to RGB.",
      "hand": "OptionError: exportTransformers: expected a network that transformers has, received 'mine', which was composed by hand. transformers has the first generation of EfficientNet, B0 to B8 and L2.",
      "hidden": "OptionError: exportTransformers: expected a network that transformers has, received 'efficientnet', which has custom layers. transformers has the first generation of EfficientNet, B0 to B8 and L2.",
      "lite": "OptionError: exportTransformers: expected a network that transformers has, received 'efficientnet', which has blocks without squeeze-and-excitation. transformers has the first generation of EfficientNet, B0 to B8 and L2.",
      "one": "OptionError: exportTransformers: expected a softmax or linear classifier of RGB images of one size for \`model\`, received 'efficientnet', which has one output. transformers.js applies softmax to the logits, so its probability is always 1.",
      "sigmoid": "OptionError: exportTransformers: expected a softmax or linear classifier of RGB images of one size for \`model\`, received 'efficientnet', which has a sigmoid classifier. transformers.js applies softmax to the logits.",
      "v2": "OptionError: exportTransformers: expected a network that transformers has, received 'efficientnet', which has fused blocks. transformers has the first generation of EfficientNet, B0 to B8 and L2.",
      "wiring": "OptionError: exportTransformers: expected a network that transformers has, received 'efficientnet', which differs from its plan at 'block5a_expand_conv'. transformers has the first generation of EfficientNet, B0 to B8 and L2, without custom parts.",
    }
  `);
  expect(await all()).toEqual([]);
});

test('a preprocessing that pads is refused before anything is written', async () => {
  const model = clothesClassifier();
  setPreprocessing(model, { inputSize: 64, fit: 'pad' });
  await expect(exportTransformers(model, path.join(folder, 'never'))).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: exportTransformers: expected 'stretch', 'resizeCrop' or 'crop' for \`preprocessing.fit\`, received 'pad'. transformers' EfficientNetImageProcessor cannot pad images.]`,
  );
  expect(await all()).toEqual([]);
});

test('wrong options and names of files are refused', async () => {
  const model = clothesClassifier();
  const attempt = (options: object, target = folder): Promise<unknown> => exportTransformers(model, target, options);
  await expect(attempt({ dtypes: [] })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: exportTransformers: expected one or more of 'float32', 'float16' and 'int8', each once, for \`dtypes\`, received [].]`,
  );
  await expect(attempt({ dtypes: ['float16', 'float16'] })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: exportTransformers: expected one or more of 'float32', 'float16' and 'int8', each once, for \`dtypes\`, received ['float16', 'float16'].]`,
  );
  await expect(attempt({ dtypes: ['float'] })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: exportTransformers: expected one or more of 'float32', 'float16' and 'int8', each once, for \`dtypes\`, received ['float'].]`,
  );
  await expect(attempt({ dtype: 'float16' })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: exportTransformers: expected the option \`dtypes\`, received \`dtype\`. Did you mean \`dtypes\`?]`,
  );
  await expect(attempt({}, 'clothes.onnx')).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: exportTransformers: expected the path of a folder, not of a file for \`folder\`, received 'clothes.onnx'. Write the bytes of \`exportOnnx\` of effnet-ts/onnx.]`,
  );
  expect(await all()).toEqual([]);
});
