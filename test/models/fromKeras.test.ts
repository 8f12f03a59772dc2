// Models of every Keras, converted by the real converter: they answer as Keras did, and what TensorFlow.js lacks is named.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { foldBatchNorm, saveModel } from '../../src/models/index.js';
import { modelFromArtifacts } from '../../src/models/internal.js';
import { loadModel } from '../../src/node/weights/index.js';
import { selectBackend } from '../../src/node/backends/index.js';
import { answerOf, tfjsFolder, tfjsReference } from '../support/tfjsFixture.js';

beforeAll(async () => {
  await selectBackend(['wasm']);
});

// The tolerance is that of the stored numbers: 256 steps of a weight's range for uint8, 11 bits for float16.
const MODELS: readonly (readonly [name: string, keras: string, tolerance: number])[] = [
  ['keras3-tiny', '3.15', 1e-6],
  ['keras3-augmented', '3.15', 1e-6],
  ['keras3-augmented-h5', '3.15', 1e-6],
  ['keras3-nested', '3.15', 1e-6],
  ['keras3-siblings', '3.15', 1e-6],
  ['keras3-arithmetic', '3.15', 1e-6],
  ['keras3-half', '3.15', 5e-3],
  ['tf-keras-saved-model', '2.21', 1e-6],
  ['tf-keras-mixed', '2.21', 5e-3],
  ['keras2-nested', '2.15', 1e-6],
  ['keras2-augmented', '2.15', 1e-6],
  ['keras2-siblings', '2.15', 1e-6],
  ['keras2-arithmetic', '2.15', 1e-6],
  ['quantized-uint8', '3.15', 5e-2],
  ['quantized-uint16', '3.15', 5e-4],
  ['quantized-float16', '3.15', 5e-3],
  ['sharded', '3.15', 1e-6],
  ['split-by-layer', '2.15', 1e-6],
];

test.each(MODELS)('%s answers as Keras %s did, after saving too', async (name, keras, tolerance) => {
  const reference = tfjsReference(tfjsFolder(name));
  expect(reference.keras).toMatch(new RegExp(`^${keras}\\.`));
  const before = tf.memory().numTensors;
  const model = await loadModel(tfjsFolder(name));
  const answer = await answerOf(model, reference);
  expect(answer).toBeAllclose(reference.answer, { tolerance });
  // Answers that are all alike would agree with anything.
  expect(Math.max(...reference.answer) - Math.min(...reference.answer)).toBeGreaterThan(0.1);

  let saved: tf.io.ModelArtifacts | undefined;
  await saveModel(
    model,
    tf.io.withSaveHandler(async (artifacts) => {
      saved = artifacts;
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } });
    }),
  );
  const back = await modelFromArtifacts('loadModel', saved!);
  expect(await answerOf(back, reference)).toBeAllclose(answer, { tolerance: 1e-6 });
  model.dispose();
  back.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test('BatchNormalization of a converted model is the one that folds and freezes', async () => {
  const reference = tfjsReference(tfjsFolder('keras3-tiny'));
  const model = await loadModel(tfjsFolder('keras3-tiny'));
  const folded = await foldBatchNorm(model);
  expect(folded.layers.some(({ name }) => name === 'stem_bn')).toBe(false);
  expect(await answerOf(folded, reference)).toBeAllclose(reference.answer, { tolerance: 1e-5 });
});

test('a layer that TensorFlow.js does not have is named with its class and what to do', async () => {
  await expect(loadModel(tfjsFolder('keras3-unknown'))).rejects.toMatchObject({
    name: 'DataError',
    message:
      "loadModel: expected layers that TensorFlow.js has, received a 'GroupNormalization' named 'groups'. Register a class of that name with " +
      '`tf.serialization.registerClass`. Or: Replace it in Keras and convert again, or load only the weights with `loadWeights`.',
  });
});

interface Layer {
  class_name: string;
  config: Record<string, unknown>;
}

/** A converted model with one layer changed. */
async function changed(name: string, layer: string, change: (layer: Layer) => void): Promise<tf.io.ModelArtifacts> {
  const {
    modelTopology,
    weightsManifest: [
      {
        paths: [file],
        weights,
      },
    ],
  } = JSON.parse(await readFile(path.join(tfjsFolder(name), 'model.json'), 'utf8')) as {
    modelTopology: { model_config: { config: { layers: Layer[] } } };
    weightsManifest: [{ paths: [string]; weights: tf.io.WeightsManifestEntry[] }];
  };
  change(modelTopology.model_config.config.layers.find(({ config }) => config['name'] === layer)!);
  return { modelTopology, weightSpecs: weights, weightData: new Uint8Array(await readFile(path.join(tfjsFolder(name), file))).buffer };
}

// What TensorFlow.js 4.22 would compute otherwise without a word: it ignores the option, or samples at other places.
const DIFFERENT: readonly (readonly [what: string, layer: string, className: string, config: Record<string, unknown>, message: RegExp])[] =
  [
    [
      'resizing',
      'stem_activation',
      'Resizing',
      { height: 8, width: 8 },
      /received a 'Resizing' named 'stem_activation' with another sampling\. Resize images before predicting/,
    ],
    [
      'cropping to the center',
      'stem_activation',
      'CenterCrop',
      { height: 8, width: 8 },
      /received a 'CenterCrop' named 'stem_activation' .*Crop images before predicting/,
    ],
    [
      'groups',
      'project_conv',
      'Conv2D',
      { groups: 2 },
      /received a 'Conv2D' named 'project_conv' with groups\. Replace it in Keras and convert again/,
    ],
    [
      'a dilated depthwise convolution',
      'dwconv',
      'DepthwiseConv2D',
      { dilation_rate: [2, 2] },
      /received a 'DepthwiseConv2D' named 'dwconv' with a dilation rate\./,
    ],
    [
      'an output padding',
      'project_conv',
      'Conv2DTranspose',
      { output_padding: [1, 1] },
      /received a 'Conv2DTranspose' named 'project_conv' with an output padding\./,
    ],
    [
      'bilinear upsampling',
      'stem_activation',
      'UpSampling2D',
      { interpolation: 'bilinear' },
      /'UpSampling2D' named 'stem_activation' with the interpolation 'bilinear'\./,
    ],
    ['a threshold', 'stem_activation', 'ReLU', { threshold: 1 }, /received a 'ReLU' named 'stem_activation' with a threshold\./],
    [
      'an unknown activation',
      'stem_activation',
      'Activation',
      { activation: 'hard_silu' },
      /received a 'Activation' named 'stem_activation' with the activation "hard_silu"\./,
    ],
    [
      'statistics over several axes',
      'normalization',
      'Normalization',
      { axis: [1, 3] },
      /received a 'Normalization' named 'normalization' with axis \[1,3\]\./,
    ],
    [
      'Python code',
      'stem_activation',
      'Lambda',
      { function: 'gAAA' },
      /received a 'Lambda' named 'stem_activation'\. Its Python code is not in the file\./,
    ],
  ];

test.each(DIFFERENT)('%s is refused, because TensorFlow.js would answer otherwise', async (_what, layer, className, config, message) => {
  const artifacts = await changed('keras3-tiny', layer, (found) => {
    found.class_name = className;
    Object.assign(found.config, config);
  });
  await expect(modelFromArtifacts('loadModel', artifacts)).rejects.toThrow(message);
});

test('a function between layers is named', async () => {
  const artifacts = await changed('keras2-arithmetic', 'tf.math.truediv', ({ config }) => {
    config['function'] = 'math.cumsum';
  });
  await expect(modelFromArtifacts('loadModel', artifacts)).rejects.toThrow(
    /received the function 'math\.cumsum' as the layer 'tf\.math\.truediv'\. Replace it in Keras by layers, such as Rescaling/,
  );
});

test('a class of its own model is refused with the way out', async () => {
  const artifacts = { modelTopology: { keras_version: '3.15.1', model_config: { class_name: 'MyModel', config: { name: 'mine' } } } };
  await expect(modelFromArtifacts('loadModel', artifacts)).rejects.toThrow(
    /received the class 'MyModel' without layers\. Build the same network with Keras' functional API/,
  );
});
