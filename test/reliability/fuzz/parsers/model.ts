// Saved models: model.json with its shard, as a folder on disk.

import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { EffnetError } from '../../../../src/core/index.js';
import { batchNormalization } from '../../../../src/layers/index.js';
import { classNamesOf, planOf, setClassNames } from '../../../../src/models/index.js';
import { loadModel, readWeightFile, saveModel } from '../../../../src/node/weights/index.js';
import { expectRight, type Parser } from '../parser.js';
import { checkArrays } from './safetensors.js';

const folder = mkdtempSync(path.join(tmpdir(), 'fuzz-model-'));
writeFileSync(path.join(folder, 'secret.bin'), new Uint8Array(148));

/** What our own metadata says is believed no more than the rest. */
function inspect(model: tfl.LayersModel): void {
  const names: unknown = classNamesOf(model);
  expectRight(names === undefined || (Array.isArray(names) && names.every((name) => typeof name === 'string')), 'class names are text');
  try {
    expectRight(planOf(model).layers.length > 0, 'a plan has layers');
  } catch (error) {
    if (!(error instanceof EffnetError)) throw error;
  }
}

let shard: Uint8Array;
export const parser: Parser = {
  async files() {
    await tf.setBackend('cpu');
    const input = tfl.input({ shape: [4, 4, 3] });
    const layers = [
      tfl.layers.conv2d({ filters: 2, kernelSize: 3, name: 'stem_conv' }),
      batchNormalization({ name: 'stem_bn' }),
      tfl.layers.activation({ activation: 'relu', name: 'relu' }),
      tfl.layers.globalAveragePooling2d({ name: 'top_pool' }),
      tfl.layers.dense({ units: 3, name: 'predictions' }),
    ];
    const model = tfl.model({
      inputs: input,
      outputs: layers.reduce<tfl.SymbolicTensor>((x, layer) => layer.apply(x) as tfl.SymbolicTensor, input),
    });
    setClassNames(model, ['a', 'b', 'c']);
    await saveModel(model, path.join(folder, 'model'));
    model.dispose();
    shard = readFileSync(path.join(folder, 'model', 'weights.bin'));
    const text = readFileSync(path.join(folder, 'model', 'model.json'), 'utf8');
    const json = JSON.parse(text) as { userDefinedMetadata: { effnet: object } };
    const claimed = {
      ...json,
      userDefinedMetadata: { effnet: { ...json.userDefinedMetadata.effnet, variant: 'b0', options: { classes: 3 } } },
    };
    const foreign = { ...json, userDefinedMetadata: undefined };
    return [text, JSON.stringify(claimed), JSON.stringify(foreign)].map((each) => new Uint8Array(Buffer.from(each)));
  },
  inputs: fc
    .oneof(
      fc.record({
        modelTopology: fc.jsonValue(),
        weightsManifest: fc.array(
          fc.record({
            paths: fc.array(fc.oneof(fc.constantFrom('weights.bin', '../secret.bin', '/etc/passwd'), fc.jsonValue())),
            weights: fc.array(weight()),
          }),
        ),
      }),
      fc.jsonValue(),
    )
    .map((value) => new Uint8Array(Buffer.from(JSON.stringify(value)))),
  async read(bytes) {
    const file = path.join(folder, 'model', 'model.json');
    writeFileSync(file, bytes);
    writeFileSync(path.join(folder, 'model', 'weights.bin'), shard);
    try {
      checkArrays(await readWeightFile(file));
    } catch (error) {
      if (!(error instanceof EffnetError)) throw error;
    }
    const model = await loadModel(path.join(folder, 'model'));
    inspect(model);
    model.dispose();
  },
};

function weight(): fc.Arbitrary<unknown> {
  return fc.oneof(
    fc.record({
      name: fc.oneof(fc.string(), fc.constant('__proto__')),
      shape: fc.array(fc.oneof(fc.nat({ max: 5 }), fc.constantFrom(-1, 0.5, 1e300))),
      dtype: fc.constantFrom('float32', 'int32', 'bool', 'string', 'complex64', 'constructor'),
      quantization: fc.option(
        fc.record({ dtype: fc.constantFrom('uint8', 'uint16', 'float16', 'toString'), scale: fc.double(), min: fc.jsonValue() }),
        { nil: undefined },
      ),
    }),
    fc.jsonValue(),
  );
}
