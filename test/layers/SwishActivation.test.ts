import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import { SwishActivation } from '../../src/layers/internal.js';
import { efficientNet } from '../../src/models/index.js';
import { modelFromArtifacts } from '../../src/models/internal.js';
import { VARIANTS } from '../../src/scaling/index.js';
import { startWasm } from '../support/wasm.js';

beforeAll(startWasm);

const SPEC = { ...VARIANTS.b0, widthCoefficient: 0.1, depthCoefficient: 0.3, inputSize: 32 };

async function saved(): Promise<{ model: tfl.LayersModel; artifacts: tf.io.ModelArtifacts }> {
  const model = efficientNet(SPEC, { classes: 3, seed: 1 });
  let artifacts: tf.io.ModelArtifacts = {};
  await model.save(
    tf.io.withSaveHandler((given) => {
      artifacts = given;
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } });
    }),
  );
  return { model, artifacts };
}

async function outputs(model: tfl.LayersModel): Promise<ArrayLike<number>> {
  const y = tf.tidy(() => model.predict(tf.ones([1, 32, 32, 3])) as tf.Tensor);
  return y.data().finally(() => {
    y.dispose();
  });
}

test('a saved swish opens as the stock activation in plain TensorFlow.js, with the same outputs', async () => {
  const { model, artifacts } = await saved();
  expect(model.getLayer('stem_activation')).toBeInstanceOf(SwishActivation);
  const stock = await tfl.loadLayersModel(tf.io.fromMemory(artifacts));
  const layer = stock.getLayer('stem_activation');
  expect(layer).not.toBeInstanceOf(SwishActivation);
  expect(layer.getConfig()).toMatchObject({ activation: 'swish' });
  expect(await outputs(stock)).toBeAllclose(await outputs(model), { tolerance: 1e-6 });
});

test('this library gets its own swish back', async () => {
  const { model, artifacts } = await saved();
  const loaded = await modelFromArtifacts('test', artifacts);
  expect(loaded.getLayer('stem_activation')).toBeInstanceOf(SwishActivation);
  expect(await outputs(loaded)).toEqual(await outputs(model));
});
