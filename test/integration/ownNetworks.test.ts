// Networks with custom parts: building, planning, training, saving, loading and exporting.

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { Dataset } from '../../src/data/index.js';
import { head, mbConv, stage, stem, convNormAct, type BlockParts } from '../../src/layers/index.js';
import { efficientNet, featureExtractor, foldBatchNorm, loadModel, planOf, replaceHead, saveModel } from '../../src/models/index.js';
import { loadWeights } from '../../src/node/weights/index.js';
import { createRuntime, exportOnnx } from '../../src/onnx/index.js';
import { describePlan, planModel, VARIANTS, type VariantSpec } from '../../src/scaling/index.js';
import { fineTune, freeze, sgd, unfreeze } from '../../src/training/index.js';
import { readSafetensors, weightsOf, writeSafetensors, type LayoutName, type NamedArrays } from '../../src/weights/index.js';
import { registerWasmTraining } from '../../src/wasm/index.js';
import { convertGate, Gate } from '../support/gate.js';
import { expectNoLeak } from '../support/leaks.js';
import { startWasm } from '../support/wasm.js';

const LITE0 = new URL('../../examples/data/weights/efficientnet-lite0.safetensors', import.meta.url).pathname;
const SMALL: VariantSpec = { ...VARIANTS.b0, widthCoefficient: 0.25, depthCoefficient: 0.5, inputSize: 32 };
const gate: NonNullable<BlockParts['attention']> = (x, { name }) => new Gate({ name: `${name}_gate` }).apply(x) as tfl.SymbolicTensor;
const gated = (): tfl.LayersModel => efficientNet(SMALL, { classes: 5, attention: gate, seed: 1 });

/** A network put together by hand, with the blocks of Lite0 up to the third stage under their names, then a stage of its own. */
function handMade(): tfl.LayersModel {
  const input = tfl.input({ shape: [64, 64, 3], name: 'input_layer' });
  const lite = { activation: 'relu6', seRatio: 0 } as const;
  let x = tfl.layers.rescaling({ scale: 1 / 128, offset: -127 / 128, name: 'rescaling' }).apply(input) as tfl.SymbolicTensor;
  x = stem(x, { activation: 'relu6' });
  x = stage(x, { name: 'block1', repeats: 1, filters: 16, expandRatio: 1, ...lite });
  x = stage(x, { name: 'block2', repeats: 2, filters: 24, strides: 2, ...lite });
  x = stage(x, { name: 'block3', repeats: 2, filters: 40, kernelSize: 5, strides: 2, ...lite });
  x = new Gate({ name: 'own_gate' }).apply(x) as tfl.SymbolicTensor;
  x = stage(x, { name: 'own', repeats: 1, filters: 48, strides: 2, ...lite });
  return tfl.model({ inputs: input, outputs: head(x, { classes: 5 }, { seed: 1 }), name: 'hand-made' });
}

async function values(model: tfl.LayersModel, x: tf.Tensor): Promise<Float32Array> {
  const y = model.predict(x) as tf.Tensor;
  const data = (await y.data()) as Float32Array;
  y.dispose();
  return data.slice();
}

const pixels = (size: number): tf.Tensor => tf.randomUniform([2, size, size, 3], 0, 255, 'float32', 3);

function batches(size: number): Dataset<{ xs: tf.Tensor; ys: tf.Tensor }> {
  return Dataset.from([0, 1]).map((i) => ({
    xs: tf.randomUniform([4, size, size, 3], 0, 255, 'float32', i),
    ys: tf.oneHot(tf.tensor1d([0, 1, 2, 3], 'int32'), 5),
  }));
}

beforeAll(async () => {
  await startWasm();
  await registerWasmTraining();
});

describe('parts of the blocks', () => {
  test('custom activation, normalization and attention are called with a name and replace the standard parts', () => {
    const seen: string[] = [];
    const prelu = (x: tfl.SymbolicTensor, { name, activation }: { name: string; activation: string }): tfl.SymbolicTensor => {
      seen.push(`${name} ${activation}`);
      return tfl.layers.prelu({ name, sharedAxes: [1, 2] }).apply(x) as tfl.SymbolicTensor;
    };
    const norm = (
      x: tfl.SymbolicTensor,
      { name, epsilon, momentum }: { name: string; epsilon: number; momentum: number },
    ): tfl.SymbolicTensor => {
      seen.push(`${name} ${epsilon} ${momentum}`);
      return tfl.layers.layerNormalization({ name, epsilon }).apply(x) as tfl.SymbolicTensor;
    };
    const model = efficientNet(SMALL, { classes: 5, activation: prelu, normalization: norm, attention: gate });
    expect(seen.slice(0, 4)).toEqual(['stem_bn 0.001 0.99', 'stem_activation swish', 'block1a_bn 0.001 0.99', 'block1a_activation swish']);
    expect(new Set(model.layers.map((layer) => layer.getClassName())).has('BatchNormalization')).toBe(false);
    expect(planOf(model).parameters.total).toBe(model.countParams());
    expect(planOf(model).parameters.nonTrainable).toBe(0);
    model.dispose();
  });

  test('a custom block receives spec, parts and type, and may use mbConv', () => {
    const seen: string[] = [];
    const model = efficientNet(
      { ...VARIANTS['v2-s'], widthCoefficient: 0.25, depthCoefficient: 0.2, inputSize: 64 },
      {
        classes: 5,
        attention: gate,
        block: (x, spec, parts, type) => {
          seen.push(`${spec.name} ${type} ${String(Object.keys(parts))}`);
          return new Gate({ name: `${spec.name}_own` }).apply(mbConv(x, spec, parts)) as tfl.SymbolicTensor;
        },
      },
    );
    expect(seen.slice(0, 3)).toEqual(['block1a fusedMBConv attention', 'block2a fusedMBConv attention', 'block3a fusedMBConv attention']);
    // The halved maps are taken after the blocks' own layers.
    expect(
      planOf(model)
        .reductions!.map(({ layer }) => layer)
        .slice(1, 3),
    ).toEqual(['block2a_own', 'block3a_own']);
    expect(featureExtractor(model, ['reduction_3']).outputs[0]!.shape).toEqual([null, 8, 8, 16]);
    model.dispose();
  });

  test('the return value of a part is checked, under the name of the block', () => {
    const x = (): tfl.SymbolicTensor => tfl.input({ shape: [8, 8, 8] });
    expect(() => mbConv(x(), { name: 'a', filters: 8 }, { attention: () => 5 as never })).toThrowErrorMatchingInlineSnapshot(
      `[OptionError: mbConv: expected \`attention\` to return a symbolic tensor for 'a', received 5. Return what the last layer's \`apply\` returned.]`,
    );
    expect(() => stage(x(), { name: 'b', filters: 8, repeats: 1, strides: 2 }, { block: (y) => y })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: stage: expected \`block\` to return [null, 4, 4, 8] for 'ba', received [null, 8, 8, 8].]`,
    );
    expect(() => convNormAct(x(), { name: 'c', filters: 8 }, { normalization: 'none' as never })).toThrow(
      /^convNormAct: expected a function for `normalization`/,
    );
  });

  test('parts in place of the spec are rejected with the right place', () => {
    const x = tfl.input({ shape: [8, 8, 8] });
    expect(() => stage(x, { name: 'b', filters: 8, repeats: 1, attention: gate } as never)).toThrowErrorMatchingInlineSnapshot(
      `[OptionError: stage: expected \`attention\` in the third argument, received it in the second one. Write stage(x, spec, { attention }).]`,
    );
    expect(() => stage(x, { attention: gate } as never)).toThrow('Write stage(x, spec, { attention }).');
    expect(() => mbConv(x, { name: 'b', filters: 8, activation: gate } as never)).toThrow('Write mbConv(x, spec, { activation }).');
    expect(() => head(x, { classes: 3, seed: 1 } as never)).toThrow('Write head(x, spec, { seed }).');
  });
});

describe('plans', () => {
  test('with custom attention have the parameters of the model', () => {
    // B0 without squeeze-and-excitation: 4,053,407 - 636,540.
    const model = efficientNet('b0', { classes: 3, inputSize: 32, attention: (x) => x });
    expect([model.countParams(), planOf(model).parameters.total]).toEqual([3416867, 3416867]);
    expect(planOf(model).layers.some(({ name }) => name.includes('_se_'))).toBe(false);
    model.dispose();
  });

  test('of a network built by hand list its layers and multiply-adds', () => {
    const model = handMade();
    const plan = planOf(model);
    expect(plan.parameters.total).toBe(model.countParams());
    expect(plan).toMatchObject({ name: 'hand-made', inputShape: [64, 64, 3] });
    expect(plan.layers.find(({ name }) => name === 'own_gate')).toMatchObject({
      role: 'own',
      kind: 'other',
      weights: [{ name: 'own_gate/scale', shape: [40], trainable: true }],
      multiplyAdds: 0,
    });
    // 32 x 32 places of 3 x 3 x 3 x 32.
    expect(plan.layers[0]).toMatchObject({ name: 'stem_conv', kernelSize: 3, strides: 2, multiplyAdds: 884736 });
    expect(describePlan(plan)).toContain('own_gate');
    freeze(model);
    expect(planOf(model).parameters).toEqual(plan.parameters);
    model.dispose();
  });
});

describe('weights', () => {
  test.each<LayoutName>(['keras', 'timm', 'torchvision', 'lukemelas', 'tf1'])(
    'of own attention go out and come back under the names of %s',
    async (layout) => {
      const [model, other] = [gated(), efficientNet(SMALL, { classes: 5, attention: gate, seed: 2 })];
      const arrays = readSafetensors(writeSafetensors(await weightsOf(model, { layout })));
      expect(arrays.has('block1a_gate/scale')).toBe(true);
      const report = await loadWeights(other, arrays);
      expect(report).toMatchObject({ layout, missing: [], unexpected: [], misshapen: [] });
      expect(report.loaded).toHaveLength(planOf(model).layers.flatMap(({ weights }) => weights).length);
      const x = pixels(32);
      expect(await values(other, x)).toEqual(await values(model, x));
      tf.dispose(x);
      model.dispose();
      other.dispose();
    },
  );

  test('of a published network are loaded into one with custom attention by name and shape, and the report lists the rest', async () => {
    const b0 = efficientNet('b0', { classes: 5, inputSize: 32 });
    const arrays = await weightsOf(b0, { layout: 'timm' });
    b0.dispose();
    const model = efficientNet('b0', { classes: 5, inputSize: 32, attention: gate });
    await expect(loadWeights(model, arrays)).rejects.toThrowErrorMatchingInlineSnapshot(
      `[WeightsError: loadWeights: the file lacks 16 of 263 weights: 'block1a_gate/scale'; 'block2a_gate/scale'; 'block2b_gate/scale' and 13 more; 64 of the file's arrays have no place in the model: 'blocks.0.0.se.conv_reduce.weight'; 'blocks.0.0.se.conv_reduce.bias'; 'blocks.0.0.se.conv_expand.weight' and 61 more. Pass \`strict: false\` to load what fits by name and shape. 16 of 115 layers then keep the weights they have, and need training: 'block1a_gate'; 'block2a_gate'; 'block2b_gate' and 13 more.]`,
    );
    const report = await loadWeights(model, arrays, { strict: false });
    expect([report.layout, report.loaded.length, report.missing.length, report.unexpected.length]).toEqual(['timm', 311 - 64, 16, 64]);
    expect(report.missing[0]).toBe('block1a_gate/scale');
    expect(report.unexpected[0]).toBe('blocks.0.0.se.conv_reduce.weight');
    model.dispose();
  });

  test('of the real Lite0 are loaded into a network built by hand, which then gives the same features', async () => {
    const [model, lite0] = [handMade(), efficientNet('lite0', { inputSize: 64 })];
    await loadWeights(lite0, LITE0);
    await expect(loadWeights(model, LITE0)).rejects.toThrow(
      /Pass `strict: false` to load what fits by name and shape\. \d+ of \d+ layers then keep the weights they have/,
    );
    const report = await loadWeights(model, LITE0, { strict: false });
    expect(report.layout).toBe('lukemelas');
    expect(report.missing).toContain('own_gate/scale');
    expect(report.misshapen.map(({ weight }) => weight)).toEqual(['predictions/kernel', 'predictions/bias']);
    expect(report.loaded.length).toBe(
      planOf(model)
        .layers.filter(({ name }) => /^(stem|block)/.test(name))
        .flatMap(({ weights }) => weights).length,
    );
    const x = pixels(64);
    const [ours, theirs] = [featureExtractor(model, ['block3b_add']), featureExtractor(lite0, ['block3b_add'])];
    expect(await values(ours, x)).toEqual(await values(theirs, x));
    tf.dispose(x);
    model.dispose();
    lite0.dispose();
  });

  test('of a file without any fitting array are rejected, even with strict: false', async () => {
    const model = handMade();
    const arrays: NamedArrays = readSafetensors(
      writeSafetensors(new Map([...(await weightsOf(gated()))].filter(([name]) => name.startsWith('top_')))),
    );
    await expect(loadWeights(model, arrays, { strict: false })).rejects.toThrow(/^loadWeights: expected an EfficientNet with the names of/);
    await expect(weightsOf(model, { layout: 'timm' })).rejects.toThrow(
      "weightsOf: expected 'keras' for 'hand-made', which was composed by hand for `layout`, received 'timm'.",
    );
    model.dispose();
  });

  test("of a head with hidden layers are saved, and head: 'skip' loads a backbone below it", async () => {
    const backbone = efficientNet(SMALL, { classes: 5 });
    const file = await weightsOf(backbone, { layout: 'timm' });
    backbone.dispose();
    const model = replaceHead(efficientNet(SMALL, { classes: 5 }), { classes: 3, hidden: [8] });
    const arrays = await weightsOf(model, { layout: 'timm' });
    expect([arrays.get('hidden1/kernel')?.shape, arrays.get('classifier.weight')?.shape]).toEqual([
      [320, 8],
      [3, 8],
    ]);
    expect((await loadWeights(model, arrays)).missing).toEqual([]);
    await expect(loadWeights(model, file)).rejects.toThrow("Pass `head: 'skip'` to keep the model's own head.");
    expect((await loadWeights(model, file, { head: 'skip' })).kept).toEqual([
      'hidden1/kernel',
      'hidden1/bias',
      'predictions/kernel',
      'predictions/bias',
    ]);
    model.dispose();
  });

  test('of a folded network can be neither loaded nor saved', async () => {
    const model = gated();
    const folded = await foldBatchNorm(model);
    await expect(weightsOf(folded)).rejects.toThrow('Call it before `foldBatchNorm`.');
    await expect(loadWeights(folded, await weightsOf(model))).rejects.toThrow('Load weights before `foldBatchNorm`.');
    model.dispose();
    folded.dispose();
  });
});

describe('files of another variant', () => {
  let lite0: NamedArrays;
  beforeAll(async () => {
    const model = efficientNet('lite0', { inputSize: 32 });
    lite0 = await weightsOf(model, { layout: 'timm' });
    model.dispose();
  });

  test('are described in the error, which never advises strict: false', async () => {
    const model = efficientNet('b0', { inputSize: 32 });
    const refusal = async (arrays: NamedArrays): Promise<string> =>
      loadWeights(model, arrays).then(
        () => 'loaded',
        (error: unknown) => (error as Error).message,
      );
    expect(await refusal(lite0)).toBe(
      "loadWeights: the file contains 'lite0', which is another network than 'efficientnet-b0'. Build that network, or find the file of this one.",
    );
    const incomplete = new Map([...lite0].filter(([name]) => !name.startsWith('blocks.1.0.bn2')));
    expect(await refusal(incomplete)).toBe(
      "loadWeights: the file looks like 'lite0', of which it has 241 of 245 weights up to the classifier, which is another network than 'efficientnet-b0'. Build that network, or find the file of this one.",
    );
    const backbone = new Map([...lite0].filter(([name]) => !name.startsWith('classifier')));
    expect(await refusal(backbone)).toContain("the file contains 'lite0'");
    await expect(exportOnnx({ plan: planModel('b0', { inputSize: 32 }), arrays: lite0 })).rejects.toThrow(
      "The file contains 'lite0': plan that network.",
    );
    model.dispose();
  });
});

describe('a custom layer class', () => {
  test.each([
    ['efficientNet', gated, 32],
    ['a network put together by hand', handMade, 64],
  ] as const)('in %s is saved, loaded, frozen, trained and exported', async (_, build, size) => {
    const model = build();
    const file: { artifacts?: tf.io.ModelArtifacts } = {};
    const x = pixels(size);
    const handler = tf.io.withSaveHandler((artifacts) => {
      file.artifacts = artifacts;
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } });
    });
    const scaleOf = async (of: tfl.LayersModel): Promise<number[]> => [
      ...(await of.layers
        .find((layer) => layer instanceof Gate)!
        .getWeights()[0]!
        .data()),
    ];
    const before = await scaleOf(model);
    freeze(model, (layer) => layer instanceof Gate);
    await fineTune(model, {
      train: batches(size),
      stages: [{ unfreeze: ['predictions'], epochs: 1, learningRate: 0.1 }],
      optimizer: () => sgd(),
      preprocessing: { inputSize: size, fit: 'stretch' },
    });
    expect(await scaleOf(model)).toEqual(before);
    unfreeze(model);
    await fineTune(model, {
      train: batches(size),
      stages: [{ unfreeze: 'all', epochs: 1, learningRate: 0.1 }],
      optimizer: () => sgd(),
      preprocessing: { inputSize: size, fit: 'stretch' },
    });
    expect(await scaleOf(model)).not.toEqual(before);

    await saveModel(model, handler);
    const back = await loadModel(tf.io.fromMemory(file.artifacts!));
    expect(back.layers.some((layer) => layer instanceof Gate)).toBe(true);
    const expected = await values(model, x);
    expect(await values(back, x)).toEqual(expected);
    expect(planOf(back)).toEqual(planOf(model));
    expect([...(await weightsOf(back)).keys()]).toEqual([...(await weightsOf(model)).keys()]);

    await expect(exportOnnx(back)).rejects.toThrow(/received '\w+' of class Gate\. Pass a converter of your own in `converters`/);
    const runtime = await createRuntime(await exportOnnx(back, { converters: { Gate: convertGate } }), { threads: 1 });
    const [output] = [await runtime.predict(x)].flat();
    expect([...(await output!.data())]).toBeAllclose([...expected], { tolerance: 1e-5 });
    await runtime.dispose();
    tf.dispose([x, output!]);
    back.dispose();
    model.dispose();
  });

  test('is not needed to export PReLU as activation and LayerNormalization as normalization', async () => {
    const model = efficientNet(SMALL, {
      classes: 5,
      seed: 1,
      // Slopes for every place in the one, for every channel in the other.
      activation: (x, { name }) =>
        tfl.layers
          .prelu({
            name,
            alphaInitializer: tfl.initializers.randomUniform({ minval: 0, maxval: 1, seed: 3 }),
            ...(name.startsWith('stem') ? {} : { sharedAxes: [1, 2] }),
          })
          .apply(x) as tfl.SymbolicTensor,
      normalization: (x, { name, epsilon }) =>
        tfl.layers
          .layerNormalization({ name, epsilon, gammaInitializer: tfl.initializers.randomUniform({ minval: 0.5, maxval: 2, seed: 4 }) })
          .apply(x) as tfl.SymbolicTensor,
    });
    const x = pixels(32);
    const expected = await values(model, x);
    const runtime = await createRuntime(await exportOnnx(model), { threads: 1 });
    const [output] = [await runtime.predict(x)].flat();
    expect([...(await output!.data())]).toBeAllclose([...expected], { tolerance: 1e-5 });
    await runtime.dispose();
    tf.dispose([x, output!]);
    model.dispose();
  });

  test('a converter that fails or returns no tensor is named', async () => {
    const model = gated();
    await expect(exportOnnx(model, { converters: { Gate: () => 5 as never } })).rejects.toThrow(
      /^exportOnnx: expected the converter of 'Gate' to return the name of a tensor in the graph for 'block1a_gate', received 5\./,
    );
    await expect(
      exportOnnx(model, {
        converters: {
          Gate: () => {
            throw new Error('no');
          },
        },
      }),
    ).rejects.toThrow(/^exportOnnx: expected the converter of 'Gate' to convert 'block1a_gate', received an error: no\./);
    await expect(exportOnnx(model, { converters: { Gate: 'x' as never } })).rejects.toThrow(
      /^exportOnnx: expected functions by class name for `converters`/,
    );
    model.dispose();
  });
});

test('parts whose layers share a name are rejected, without leaving tensors', () => {
  const before = tf.memory().numTensors;
  const attention: BlockParts['attention'] = (x) =>
    tfl.layers.activation({ activation: 'linear', name: 'same' }).apply(x) as tfl.SymbolicTensor;
  expect(() => efficientNet(SMALL, { attention })).toThrow(
    'efficientNet: expected custom parts to apply layers to `x` and to name each after the given `name`',
  );
  expect(tf.memory().numTensors).toBe(before);
});

test('planning, saving and loading custom weights leaves no tensors', async () => {
  const model = gated();
  const x = pixels(32);
  (model.predict(x) as tf.Tensor).dispose();
  await expectNoLeak(async () => {
    planOf(model);
    await loadWeights(model, await weightsOf(model));
  });
  tf.dispose(x);
  model.dispose();
});
