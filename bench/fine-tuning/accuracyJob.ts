// Trains a head on the frozen Lite0, then fine-tunes the network from it. Prints the accuracy on the validation images after every epoch as
// JSON. Arguments: FOLDER WEIGHTS KIND SEED, where KIND is 'recipe' (fineTuningRecipe) or 'constant' (the same at a constant rate).

import path from 'node:path';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import {
  augment,
  efficientNet,
  evaluate,
  fineTune,
  fineTuningRecipe,
  imageBatches,
  imageFolder,
  loadWeights,
  selectBackend,
  trainAugmentation,
  trainHead,
  trainingWorkers,
} from 'effnet-ts/node';
import { createRuntime } from 'effnet-ts/onnx';

const [folder = '', weights = '', kind = '', seedText = ''] = process.argv.slice(2);
const seed = Number(seedText);
const begun = performance.now();
const decimals = (value = NaN): number => Math.round(value * 1e4) / 1e4;

await selectBackend(['wasm'], { gradients: true });
const augmentation = trainAugmentation('default', 224);
// That of the augmentation.
const whole = { preprocessing: { inputSize: 224, fit: 'stretch', antialias: true } } as const;
const train = await imageFolder(path.join(folder, 'train'), { ...whole, seed });
const varying = await imageFolder(path.join(folder, 'train'), { seed });
const validation = await imageFolder(path.join(folder, 'validation'), { ...whole, shuffle: false });
const network = efficientNet('lite0', { seed });
await loadWeights(network, weights);
const { model } = await trainHead(network, {
  classNames: train.classNames,
  train: imageBatches(train.images),
  seed,
  runtime: createRuntime,
});
const measure = async (): Promise<number> => {
  const runtime = await createRuntime(model);
  const { accuracy } = await evaluate(runtime, validation.images);
  await runtime.dispose();
  return decimals(accuracy);
};
const headAccuracy = await measure();
console.error(`head: ${headAccuracy}`);
const frozen = await statistics(model);

const recipe = fineTuningRecipe({ images: train.files.length });
const workers = trainingWorkers();
const history = await fineTune(model, {
  ...recipe,
  ...(kind === 'constant' ? { stages: recipe.stages.map((stage) => ({ ...stage, learningRate: 3e-4 })) } : {}),
  train: imageBatches(augment(varying.images, augmentation, { seed }), { batchSize: 16 }).prefetch(2),
  validation: imageBatches(validation.images),
  runtime: createRuntime,
  workers,
});
await workers.dispose();
const after = await statistics(model);
console.log(
  JSON.stringify({
    seed,
    headAccuracy,
    epochs: history.map(({ val_accuracy }) => decimals(val_accuracy)),
    losses: history.map(({ val_loss }) => decimals(val_loss)),
    accuracy: await measure(),
    statisticsUnchanged: frozen.every((value, i) => Object.is(value, after[i])),
    seconds: Math.round((performance.now() - begun) / 1000),
  }),
);

/** Means and variances of every BatchNormalization, joined. */
async function statistics(network: LayersModel): Promise<Float32Array> {
  const moving = network.weights.filter(({ name }) => /moving_(mean|variance)/.test(name));
  const values = await Promise.all(moving.map((weight) => weight.read().data<'float32'>()));
  return Float32Array.from(values.flatMap((one) => [...one]));
}
