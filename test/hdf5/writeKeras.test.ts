import { readFileSync } from 'node:fs';
import { strToU8, unzipSync, zipSync } from 'fflate';
import { File, ready, type Group } from 'h5wasm';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { readKeras, writeKeras, writeKerasWeights } from '../../src/hdf5/index.js';
import { preprocessingOf } from '../../src/image/index.js';
import { classNamesOf, efficientNet, replaceHead, setClassNames, setPreprocessing } from '../../src/models/index.js';
import { selectBackend } from '../../src/node/backends/index.js';
import { VARIANTS } from '../../src/scaling/index.js';
import { loadWeights, namedWeights } from '../../src/weights/index.js';

const TINY = { ...VARIANTS.b0, widthCoefficient: 0.1, depthCoefficient: 0.3, inputSize: 64 };
const build = (seed: number): tfl.LayersModel => efficientNet(TINY, { classes: 5, seed });
const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(`../fixtures/keras/${name}`, import.meta.url)));

beforeAll(() => selectBackend(['wasm']));

async function numbersOf(model: tfl.LayersModel): Promise<Map<string, { shape: readonly number[]; values: Float32Array }>> {
  const all = [...namedWeights(model)].map(async ([name, weight]) => {
    const tensor = weight.read();
    return [name, { shape: tensor.shape, values: (await tensor.data()) as Float32Array }] as const;
  });
  return new Map(await Promise.all(all));
}

describe.each([
  ['.keras', writeKeras],
  ['.weights.h5', writeKerasWeights],
])('%s', (_, write) => {
  test('weights that are written are read back bit for bit', async () => {
    const [from, to] = [build(1), build(2)];
    const report = await loadWeights(to, await readKeras(await write(from)));
    expect(report.loaded).toHaveLength(namedWeights(to).size);
    expect(await numbersOf(to)).toEqual(await numbersOf(from));
    from.dispose();
    to.dispose();
  });
});

/** The path of each layer's variables in a file, by the layer's name. */
async function paths(bytes: Uint8Array): Promise<Map<string, string>> {
  const { FS } = await ready;
  FS.writeFile('/structure.h5', bytes);
  const file = new File('/structure.h5', 'r');
  const found = new Map<string, string>();
  const visit = (group: Group, path: string): void => {
    for (const key of group.keys()) {
      const child = group.get(key);
      if (child === null || !('keys' in child)) continue;
      if (key === 'vars' && child.keys().length > 0) found.set(child.attrs['name']?.value as string, `${path}: ${child.keys().join()}`);
      visit(child, `${path}/${key}`);
    }
  };
  visit(file, '');
  file.close();
  FS.unlink('/structure.h5');
  return found;
}

// Keras finds weights by these paths alone; tiny.weights.h5 and tiny.keras were written by Keras 3.15.
test('.weights.h5 has every layer where Keras has it, normalization included', async () => {
  const model = build(1);
  expect(await paths(await writeKerasWeights(model))).toEqual(await paths(fixture('tiny.weights.h5')));
  model.dispose();
});

test('the normalization of .weights.h5 is the one the model has', async () => {
  const model = build(1);
  const arrays = await readKeras(await writeKerasWeights(model));
  expect(arrays.get('normalization/mean')!.values()).toBeAllclose([0.485, 0.456, 0.406]);
  expect(arrays.get('normalization/variance')!.values()).toBeAllclose([0.229 ** 2, 0.224 ** 2, 0.225 ** 2]);
  expect(arrays.get('normalization/count')).toMatchObject({ shape: [], dtype: 'int64' });
  model.dispose();
});

interface KerasLayerConfig {
  readonly name: string;
  readonly class_name: string;
  readonly module: string;
  readonly config: Readonly<Record<string, unknown>>;
}

test('.keras configures the layers as Keras does', async () => {
  const model = build(1);
  const layersOf = (bytes: Uint8Array): Map<string, KerasLayerConfig> => {
    const config = JSON.parse(Buffer.from(unzipSync(bytes)['config.json']!).toString()) as { config: { layers: KerasLayerConfig[] } };
    return new Map(config.config.layers.map((layer) => [layer.name, layer]));
  };
  const [ours, theirs] = [layersOf(await writeKeras(model)), layersOf(fixture('tiny.keras'))];
  // Keras pads before a stride-2 convolution and normalizes in two layers; names of axes and of swish have two spellings.
  const same = [...theirs.keys()].filter((name) => !/_pad$|^rescaling$|^normalization$/.test(name));
  expect([...ours.keys()].filter((name) => name !== 'rescaling')).toEqual(same);
  for (const name of same) {
    const [our, their] = [ours.get(name)!, theirs.get(name)!];
    expect([our.class_name, our.module], name).toEqual([their.class_name, their.module]);
    const isStrided = JSON.stringify(their.config['strides']) === '[2,2]';
    for (const [option, value] of Object.entries(our.config)) {
      if (option === 'axis' || option === 'activation' || (option === 'padding' && isStrided)) continue;
      expect([option, value], name).toEqual([option, their.config[option]]);
    }
  }
  model.dispose();
});

test('a model inside a model, a new head, frozen layers: all are written', async () => {
  const backbone = efficientNet(TINY, { includeTop: false, pooling: 'avg' });
  backbone.trainable = false;
  const input = tfl.input({ shape: [64, 64, 3] });
  const outer = tfl.model({
    inputs: input,
    outputs: tfl.layers.dense({ units: 2, name: 'verdict' }).apply(backbone.apply(input)) as tfl.SymbolicTensor,
  });
  for (const bytes of [await writeKeras(outer), await writeKerasWeights(outer)]) {
    const arrays = await readKeras(bytes);
    expect(arrays.get('verdict/kernel')!.shape).toEqual([128, 2]);
    expect(arrays.get('efficientnet/stem_conv/kernel')!.shape).toEqual([3, 3, 3, 8]);
    expect(arrays.size).toBe(namedWeights(outer).size);
  }
  const headed = replaceHead(build(1), { classes: 3 });
  expect((await readKeras(await writeKeras(headed))).get('predictions/kernel')!.shape).toEqual([128, 3]);
});

test('a layer Keras cannot read is refused by name, and so is a model without a graph', async () => {
  const input = tfl.input({ shape: [3] });
  const odd = tfl.model({ inputs: input, outputs: tfl.layers.thresholdedReLU({ name: 'odd' }).apply(input) as tfl.SymbolicTensor });
  await expect(writeKeras(odd)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[WeightsError: writeKeras: Keras has no way to read the layer 'odd' of class ThresholdedReLU. Write only its weights with \`writeKerasWeights\`.]`,
  );
  const row = tfl.sequential({ name: 'row', layers: [tfl.layers.dense({ inputShape: [3], units: 1 })] });
  await expect(writeKeras(row)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[WeightsError: writeKeras: expected a functional model, received 'row'.]`,
  );
});

describe('preprocessing and class names', () => {
  const record = {
    inputSize: [64, 64],
    fit: 'pad',
    cropFraction: 0.9,
    margins: 'floor',
    fillValue: 114,
    interpolation: 'area',
    antialias: false,
    resampler: 'tensorflow',
  } as const;
  const said = (): tfl.LayersModel => {
    const model = build(1);
    setPreprocessing(model, record);
    setClassNames(model, ['a', 'b', 'c', 'd', 'e']);
    return model;
  };

  test('come along in a .keras file, and the model that loads its weights has them', async () => {
    const arrays = await readKeras(await writeKeras(said()));
    expect(preprocessingOf(arrays)).toEqual(record);
    const to = build(2);
    await loadWeights(to, arrays);
    expect(preprocessingOf(to)).toEqual(record);
    expect(classNamesOf(to)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('follow the model that takes them: its size, its classes, its own names', async () => {
    const arrays = await readKeras(await writeKeras(said()));
    const larger = efficientNet(TINY, { classes: 3, inputSize: 96 });
    await loadWeights(larger, arrays, { head: 'skip' });
    expect(preprocessingOf(larger)).toEqual({ ...record, inputSize: [96, 96] });
    expect(classNamesOf(larger)).toBeUndefined();
    const named = build(2);
    setClassNames(named, ['v', 'w', 'x', 'y', 'z']);
    await loadWeights(named, arrays);
    expect(classNamesOf(named)).toEqual(['v', 'w', 'x', 'y', 'z']);
  });

  test('are unknown in a file of Keras, and an error where they are damaged', async () => {
    expect(preprocessingOf(await readKeras(fixture('tiny.keras')))).toBeUndefined();
    const files = unzipSync(await writeKeras(said()));
    const changed = (metadata: string): Uint8Array => zipSync({ ...files, 'metadata.json': strToU8(metadata) }, { level: 0 });
    const damaged = JSON.stringify({ effnet: { preprocessing: { ...record, margins: 'round' } } });
    await expect(readKeras(changed(damaged))).rejects.toThrow(
      "readKeras: the preprocessing in the metadata of the .keras file is damaged: expected one of 'floor', 'ceil', 'even' for `margins`, received 'round'.",
    );
    await expect(readKeras(changed('{'))).rejects.toThrow(
      'readKeras: the configuration or the metadata of the model is not valid JSON. The file is damaged.',
    );
    expect(preprocessingOf(await readKeras(changed('[]')))).toBeUndefined();
  });
});
