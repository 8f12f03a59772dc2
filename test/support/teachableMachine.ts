// Creates an export of Teachable Machine, with the code paths of its library: `loadTruncatedMobileNet` (version 2) and
// `TeachableMobileNet.train` of googlecreativelab/teachablemachine-community, libraries/image/src, on a MobileNet of any size.

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { uniform } from './fill.js';

/** The files of an export by their names. */
export type TeachableExport = Readonly<Record<'model.json' | 'metadata.json' | 'weights.bin', string | Uint8Array>>;

/**
 * @param mobilenet - With a layer `out_relu`; it takes pixels in [-1, 1].
 * @returns The export, and the model of TensorFlow.js that was exported.
 */
export async function teachableMachine(
  mobilenet: tfl.LayersModel,
  labels: readonly string[],
): Promise<{ model: tfl.LayersModel; files: TeachableExport }> {
  const truncatedModel = tfl.model({ inputs: mobilenet.inputs, outputs: mobilenet.getLayer('out_relu').output });
  const features = tfl.sequential();
  features.add(truncatedModel);
  features.add(tfl.layers.globalAveragePooling2d({}));
  const inputSize = tf.util.sizeFromShape(features.outputs[0]!.shape.slice(1) as number[]);
  const varianceScaling = tfl.initializers.varianceScaling({ seed: 3.14 });
  const trainingModel = tfl.sequential({
    layers: [
      tfl.layers.dense({ inputShape: [inputSize], units: 100, activation: 'relu', kernelInitializer: varianceScaling, useBias: true }),
      tfl.layers.dense({ kernelInitializer: varianceScaling, useBias: false, activation: 'softmax', units: labels.length }),
    ],
  });
  const jointModel = tfl.sequential();
  jointModel.add(features);
  jointModel.add(trainingModel);
  const last = trainingModel.layers[1]!;
  const [units, classes] = last.getWeights()[0]!.shape as [number, number];
  last.setWeights([
    tf.tensor2d(
      Float32Array.from(uniform('teachable', units * classes), (u) => 2 * u - 1),
      [units, classes],
    ),
  ]);

  let files: TeachableExport | undefined;
  await jointModel.save(
    tf.io.withSaveHandler(async ({ weightSpecs, weightData, ...rest }) => {
      files = {
        'model.json': JSON.stringify({ ...rest, weightsManifest: [{ paths: ['weights.bin'], weights: weightSpecs }] }),
        'weights.bin': new Uint8Array(weightData as ArrayBuffer),
        'metadata.json': JSON.stringify({
          tfjsVersion: '1.3.1',
          tmVersion: '2.4.5',
          packageVersion: '0.8.4-alpha2',
          packageName: '@teachablemachine/image',
          timeStamp: '2024-01-01T00:00:00.000Z',
          userMetadata: {},
          modelName: 'tm-my-image-model',
          labels,
          inputSize: 224,
        }),
      };
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } });
    }),
  );
  return { model: jointModel, files: files! };
}
