import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { efficientNet, type EfficientNetOptions } from '../../src/models/index.js';
import { selectBackend } from '../../src/node/backends/index.js';
import { planModel, VARIANTS } from '../../src/scaling/index.js';
import {
  layoutEntries,
  LAYOUTS,
  loadWeights,
  namedWeights,
  weightArray,
  weightsOf,
  writeSafetensors,
  type LayoutName,
  type LoadWeightsOptions,
  type NamedArrays,
  type WeightArray,
} from '../../src/weights/index.js';
import { fillKeras } from '../support/fill.js';

const TINY = { ...VARIANTS.b0, widthCoefficient: 0.1, depthCoefficient: 0.3, inputSize: 32 };

beforeAll(() => selectBackend(['wasm']));

const build = (options: EfficientNetOptions = {}): LayersModel =>
  efficientNet(TINY, { classes: 5, seed: 1, ...options } as EfficientNetOptions);

/** The tiny network's file in Keras' names. */
function kerasFile(classes = 5): Map<string, WeightArray> {
  const entries = layoutEntries('keras', planModel(TINY, { classes }));
  return new Map(entries.map(({ array, fileShape }) => [array, weightArray(fileShape, fillKeras(array, fileShape, 2))]));
}

/** The same file with some arrays changed (`null` removes one). */
function kerasFileWith(changes: Readonly<Record<string, WeightArray | null>>): NamedArrays {
  const arrays = kerasFile();
  for (const [name, array] of Object.entries(changes)) {
    if (array === null) arrays.delete(name);
    else arrays.set(name, array);
  }
  return arrays;
}

const zeros = (...shape: number[]): WeightArray =>
  weightArray(shape, new Float32Array(shape.reduce((product, length) => product * length, 1)));

async function snapshot(model: LayersModel): Promise<Map<string, Float32Array>> {
  const entries = [...namedWeights(model)].map(async ([name, weight]) => [name, (await weight.read().data()) as Float32Array] as const);
  return new Map(await Promise.all(entries));
}

/** The message of a refusal; the model must be as it was. */
async function refusal(source: Parameters<typeof loadWeights>[1], options: LoadWeightsOptions = {}, model = build()): Promise<string> {
  const before = await snapshot(model);
  const error = await loadWeights(model, source, options).then(
    () => new Error('loaded'),
    (reason: unknown) => reason as Error,
  );
  expect(await snapshot(model)).toEqual(before);
  model.dispose();
  return `${error.name}: ${error.message}`;
}

test.each(LAYOUTS)('%s is recognized by itself, and what goes out comes in again', async (layout) => {
  const [from, to] = [build({ seed: 1 }), build({ seed: 2 })];
  await loadWeights(from, kerasFile());
  const report = await loadWeights(to, writeSafetensors(await weightsOf(from, { layout })));
  expect(report.layout).toBe(layout);
  expect(await snapshot(to)).toEqual(await snapshot(from));
  from.dispose();
  to.dispose();
});

test('loading leaves no tensor behind, and the file may change afterwards', async () => {
  const model = build();
  const file = writeSafetensors(kerasFile());
  const before = tf.memory().numTensors;
  await loadWeights(model, file);
  expect(tf.memory().numTensors).toBe(before);
  file.fill(0);
  expect((await snapshot(model)).get('stem_conv/kernel')).toEqual(fillKeras('stem_conv/kernel', [3, 3, 3, 8], 2));
  model.dispose();
});

test('the report accounts for every array of the file and every weight of the model', async () => {
  const model = build();
  const arrays = kerasFileWith({
    'stem_bn/beta': null,
    'top_conv/kernel': zeros(1, 1, 2, 2),
    'block9z_dwconv/kernel': zeros(1),
    'optimizer/vars/0': zeros(3),
    'normalization/count': zeros(),
    'stem_bn/gamma': weightArray([8], new Float32Array(8).fill(NaN)),
  });
  const report = await loadWeights(model, arrays, { strict: false, head: 'skip' });
  expect(report).toMatchObject({
    layout: 'keras',
    prefix: '',
    adapted: [],
    missing: ['stem_bn/beta'],
    kept: ['predictions/kernel', 'predictions/bias'],
    misshapen: [{ weight: 'top_conv/kernel', modelShape: [1, 1, 32, 128], fileShape: [1, 1, 2, 2] }],
    unexpected: ['block9z_dwconv/kernel'],
    notFinite: ['stem_bn/gamma'],
  });
  expect(report.skipped).toEqual([
    { array: 'predictions/kernel', reason: 'classifier' },
    { array: 'predictions/bias', reason: 'classifier' },
    { array: 'optimizer/vars/0', reason: 'state of the optimizer' },
    { array: 'normalization/count', reason: 'normalization of pixels, checked' },
  ]);
  expect(report.loaded.length + report.skipped.length + report.unexpected.length + report.misshapen.length).toBe(arrays.size);
  expect(report.loaded.length + report.missing.length + report.kept.length + report.misshapen.length).toBe(namedWeights(model).size);
  model.dispose();
});

describe('a file that does not fit is refused in one sentence, and the model stays as it was', () => {
  test('another network', async () => {
    const b3 = new Map(layoutEntries('timm', planModel('b3')).map(({ array, fileShape }) => [array, zeros(...fileShape)]));
    expect(await refusal(b3)).toMatchInlineSnapshot(
      `"WeightsError: loadWeights: the file contains 'b3', which is another network than 'efficientnet'; 159 of 159 weights do not fit: 'stem_conv/kernel': model [3, 3, 3, 8], file [3, 3, 3, 40]; 'stem_bn/gamma': model [8], file [40]; 'stem_bn/beta': model [8], file [40] and 156 more. Build that network, or find the file of this one."`,
    );
  });

  test('another number of classes', async () => {
    expect(await refusal(kerasFile(7))).toMatchInlineSnapshot(
      `"WeightsError: loadWeights: 2 of 159 weights do not fit: 'predictions/kernel': model [128, 5], file [128, 7]; 'predictions/bias': model [5], file [7]. Pass \`head: 'skip'\` to keep the model's own classifier, or build the model with the file's number of classes."`,
    );
  });

  test('missing weights, unknown arrays, and arrays of another shape', async () => {
    expect(await refusal(kerasFileWith({ 'stem_bn/beta': null }))).toMatchInlineSnapshot(
      `"WeightsError: loadWeights: the file lacks 1 of 159 weights: 'stem_bn/beta'. The file is incomplete, or of another network: use the whole file of this one."`,
    );
    expect(await refusal(kerasFileWith({ 'extra/kernel': zeros(1), 'more/kernel': zeros(1) }))).toMatchInlineSnapshot(
      `"WeightsError: loadWeights: 2 of the file's arrays have no place in the model: 'extra/kernel'; 'more/kernel'. Pass \`strict: false\` to leave them out."`,
    );
    expect(await refusal(kerasFileWith({ 'stem_conv/kernel': zeros(5, 5, 3, 8), 'stem_bn/gamma': zeros(9) }))).toMatchInlineSnapshot(
      `"WeightsError: loadWeights: 2 of 159 weights do not fit: 'stem_conv/kernel': model [3, 3, 3, 8], file [5, 5, 3, 8]; 'stem_bn/gamma': model [8], file [9]. The file is incomplete, or of another network: use the whole file of this one."`,
    );
  });

  test('no EfficientNet at all', async () => {
    expect(
      await refusal(
        new Map([
          ['conv1_conv/kernel', zeros(7, 7, 3, 64)],
          ['conv1_conv/bias', zeros(64)],
        ]),
      ),
    ).toMatchInlineSnapshot(
      `"WeightsError: loadWeights: expected an EfficientNet with the names of keras, kerasOrder, qubvel, timm, torchvision, lukemelas, tf1 and transformers, received a file of 2 arrays such as 'conv1_conv/kernel', 'conv1_conv/bias'."`,
    );
    expect(await refusal(new Map())).toMatchInlineSnapshot(
      `"WeightsError: loadWeights: expected an EfficientNet with the names of keras, kerasOrder, qubvel, timm, torchvision, lukemelas, tf1 and transformers, received a file of 0 arrays."`,
    );
    expect(await refusal(kerasFile(), { layout: 'timm' })).toMatchInlineSnapshot(
      `"WeightsError: loadWeights: expected an EfficientNet with the names of timm, received a file of 159 arrays such as 'stem_conv/kernel', 'stem_bn/gamma', 'stem_bn/beta'."`,
    );
  });

  test('weights that are not finite', async () => {
    expect(await refusal(kerasFileWith({ 'stem_bn/gamma': weightArray([8], new Float32Array(8).fill(NaN)) }))).toMatchInlineSnapshot(
      `"WeightsError: loadWeights: 1 of the file's arrays contain NaN or Infinity: 'stem_bn/gamma'. The file is damaged, or its training diverged: use another one."`,
    );
  });

  test('a truncated file, and a file of another format', async () => {
    expect(await refusal(writeSafetensors(kerasFile()).slice(0, -1))).toMatchInlineSnapshot(
      `"WeightsError: loadWeights: 'predictions/bias' ends at byte 197020 of the data, the file has 197019. It is truncated or damaged."`,
    );
    expect(await refusal(Uint8Array.from(Buffer.from('hello, world')))).toMatchInlineSnapshot(
      `"WeightsError: loadWeights: expected a file of safetensors, PyTorch or Keras, received bytes of another format."`,
    );
    expect(await refusal(Uint8Array.from(Buffer.from('<!DOCTYPE html>\n<html>')))).toMatchInlineSnapshot(
      `"WeightsError: loadWeights: expected a file of safetensors, PyTorch or Keras, received a web page. Servers send one if the file is not at that URL."`,
    );
    expect(await refusal(Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a))).toMatchInlineSnapshot(
      `"WeightsError: loadWeights: expected a file of safetensors or PyTorch, received one of Keras. Read it with \`readKeras\` of 'effnet-ts/hdf5', and pass the arrays instead."`,
    );
  });

  test('an unknown option, and a misspelled head', async () => {
    expect(await refusal(kerasFile(), { haed: 'skip' } as never)).toMatchInlineSnapshot(
      `"OptionError: loadWeights: expected one of the options \`layout\`, \`prefix\`, \`classifier\`, \`head\`, \`strict\`, received \`haed\`. Did you mean \`head\`?"`,
    );
    expect(await refusal(kerasFile(), { head: 'none' } as never)).toMatchInlineSnapshot(
      `"OptionError: loadWeights: expected one of 'load', 'skip' for \`head\`, received 'none'."`,
    );
  });

  test('strict: false still refuses a network of which less than half fits', async () => {
    expect(await refusal(new Map([...kerasFile()].slice(0, 40)), { strict: false })).toContain(
      'WeightsError: loadWeights: the file lacks ',
    );
  });
});

describe('heads', () => {
  test('a model without a top ignores the classifier of the file', async () => {
    const model = build({ includeTop: false, classes: undefined });
    expect((await loadWeights(model, kerasFile())).skipped.map(({ array }) => array)).toEqual(['predictions/kernel', 'predictions/bias']);
    model.dispose();
  });

  test('a classifier of another name is loaded when an option names it, and the error asks for that option', async () => {
    const arrays = kerasFileWith({
      'predictions/kernel': null,
      'predictions/bias': null,
      'logits/kernel': zeros(128, 5),
      'logits/bias': zeros(5),
    });
    expect(await refusal(arrays)).toMatchInlineSnapshot(
      `"WeightsError: loadWeights: the file lacks 2 of 159 weights: 'predictions/kernel'; 'predictions/bias'; 2 of the file's arrays have no place in the model: 'logits/kernel'; 'logits/bias'. The file's dense layer is 'logits' (128 features to 5). Pass \`classifier: 'logits'\` to load it, or \`head: 'skip'\` to keep the model's own classifier."`,
    );
    const model = build();
    expect((await loadWeights(model, arrays, { classifier: 'logits' })).loaded.at(-1)).toEqual({
      weight: 'predictions/bias',
      array: 'logits/bias',
    });
    expect((await loadWeights(model, arrays, { classifier: 'logits', head: 'skip' })).kept).toHaveLength(2);
    model.dispose();
  });

  test('a file without a classifier says what to do', async () => {
    expect(await refusal(kerasFileWith({ 'predictions/kernel': null, 'predictions/bias': null }))).toMatchInlineSnapshot(
      `"WeightsError: loadWeights: the file lacks 2 of 159 weights: 'predictions/kernel'; 'predictions/bias'. Pass \`head: 'skip'\` to keep the model's own classifier, or build the model with \`includeTop: false\`."`,
    );
  });
});

/** The tiny network's arrays in the names of a layout, each with `prefix` before. */
async function torchFile(layout: LayoutName, prefix = ''): Promise<Map<string, WeightArray>> {
  const model = build();
  const arrays = new Map([...(await weightsOf(model, { layout }))].map(([name, array]) => [prefix + name, array]));
  model.dispose();
  return arrays;
}

const without = (arrays: Map<string, WeightArray>, start: string): Map<string, WeightArray> =>
  new Map([...arrays].filter(([name]) => !name.startsWith(start)));

describe("`head: 'skip'` and a model without top leave any head aside", () => {
  const heads: readonly (readonly [layout: LayoutName, classifier: string, arrays: Readonly<Record<string, WeightArray>>])[] = [
    [
      'timm',
      'classifier.',
      {
        'classifier.1.weight': zeros(64, 128),
        'classifier.1.bias': zeros(64),
        'classifier.4.weight': zeros(7, 64),
        'classifier.4.bias': zeros(7),
      },
    ],
    ['timm', 'classifier.', { 'classifier.weight': zeros(7, 128) }],
    ['timm', 'classifier.', { 'head.breed.weight': zeros(12, 128), 'head.age.weight': zeros(1, 128), 'global_pool.p': zeros(1) }],
    [
      'timm',
      'classifier.',
      {
        'norm.weight': zeros(128),
        'norm.bias': zeros(128),
        'norm.running_mean': zeros(128),
        'norm.running_var': zeros(128),
        'fc.weight': zeros(7, 128),
      },
    ],
    [
      'torchvision',
      'classifier.',
      {
        'classifier.0.weight': zeros(128),
        'classifier.1.0.weight': zeros(9, 128),
        'classifier.1.3.weight': zeros(7, 9),
        'classifier.1.3.bias': zeros(7),
      },
    ],
    ['torchvision', 'classifier.', { 'classifier.weight': zeros(7, 128), 'classifier.bias': zeros(7) }],
    ['lukemelas', '_fc.', { '_fc.0.weight': zeros(9, 128), '_fc.2.weight': zeros(7, 9), 'metric.weight': zeros(7, 9) }],
    [
      'keras',
      'predictions/',
      {
        'dense/kernel': zeros(128, 9),
        'dense/bias': zeros(9),
        'batch_normalization/gamma': zeros(9),
        'dense_1/kernel': zeros(9, 7),
        'top_dense/kernel': zeros(7, 7),
      },
    ],
    ['qubvel', 'probs/', { 'dense/kernel': zeros(128, 9), 'dense_1/kernel': zeros(9, 7) }],
    ['tf1', 'head/dense/', { 'head/dense/kernel': zeros(128, 9), 'head/dense_1/kernel': zeros(9, 7), 'logits/kernel': zeros(7, 7) }],
  ];

  test.each(heads)('%s: %s replaced by other layers', async (layout, classifier, arrays) => {
    const file = new Map([...without(await torchFile(layout), classifier), ...Object.entries(arrays)]);
    const [own, body] = [build(), build({ includeTop: false, classes: undefined })];
    for (const [model, options] of [
      [own, { head: 'skip' }],
      [body, {}],
    ] as const) {
      const report = await loadWeights(model, file, options);
      expect([report.layout === layout || layout === 'qubvel', report.missing, report.unexpected]).toEqual([true, [], []]);
      expect(report.skipped.map(({ array }) => array)).toEqual(Object.keys(arrays));
      for (const { reason } of report.skipped) expect(['classifier', 'not part of the backbone']).toContain(reason);
    }
    own.dispose();
    body.dispose();
  });

  test.each([
    ['timm', 'fc.weight'],
    ['torchvision', 'head.1.weight'],
    ['keras', 'dense/kernel'],
  ] as const)('%s: a head beside a wrapped backbone, %s', async (layout, name) => {
    const prefix = layout === 'keras' ? 'efficientnetb0/' : 'net.backbone.';
    const file = new Map([
      ...without(await torchFile(layout, prefix), `${prefix}${layout === 'keras' ? 'predictions' : 'classifier'}`),
      [`${layout === 'keras' ? '' : 'net.'}${name}`, zeros(7, 128)],
      ['bn1.weight', zeros(4)],
    ]);
    const model = build();
    const report = await loadWeights(model, file, { head: 'skip' });
    expect([report.kept.length, report.skipped.map(({ array }) => array)]).toEqual([2, [...file.keys()].slice(-2)]);
    model.dispose();
  });

  test('blocks of a deeper network are not taken for a head', async () => {
    const file = new Map([...(await torchFile('timm')), ['blocks.0.1.conv_dw.weight', zeros(8, 1, 3, 3)]]);
    expect(await refusal(file, { head: 'skip' })).toContain(
      "1 of the file's arrays have no place in the model: 'blocks.0.1.conv_dw.weight'",
    );
    const keras = kerasFileWith({ 'block1b_dwconv/depthwise_kernel': zeros(3, 3, 8, 1) });
    expect(await refusal(keras, { head: 'skip' })).toContain("'block1b_dwconv/depthwise_kernel'");
  });

  test('a classifier beside the backbone loads by its name, and layers between the two are refused', async () => {
    const file = new Map([
      ...without(await torchFile('timm', 'state_dict.model.backbone.'), 'state_dict.model.backbone.classifier'),
      ['state_dict.model.fc.weight', zeros(5, 128)],
      ['state_dict.model.fc.bias', zeros(5)],
      ['best.weight', zeros(1)],
    ]);
    expect(await refusal(file)).toContain(
      "The file's dense layer is 'fc' (128 features to 5). Pass `classifier: 'fc'` to load it, or `head: 'skip'` to keep the model's own classifier.",
    );
    const model = build();
    const report = await loadWeights(model, file, { classifier: 'fc' });
    expect(report.loaded.at(-1)).toEqual({ weight: 'predictions/bias', array: 'state_dict.model.fc.bias' });
    expect(report.skipped).toEqual([{ array: 'best.weight', reason: "outside the network, whose names begin with 'state_dict.model.'" }]);
    expect(await refusal(new Map([...file, ['state_dict.model.hidden.weight', zeros(128, 128)]]), { classifier: 'fc' })).toContain(
      "'state_dict.model.hidden.weight'",
    );
    model.dispose();
  });
});

describe('training checkpoints', () => {
  const { logits } = JSON.parse(readFileSync(new URL('../fixtures/weights/torch_checkpoints.json', import.meta.url), 'utf8')) as {
    logits: Record<string, number[]>;
  };
  const file = new Uint8Array(readFileSync(new URL('../fixtures/weights/timm-train.pth.tar', import.meta.url)));
  const choices = (message: string): string[] =>
    [...(/names beginning with (.*)\. Choose/.exec(message)?.[1] ?? '').matchAll(/'([^']*)'/g)].map(([, prefix]) => prefix ?? '');

  test("every answer to the question which copy of timm's checkpoint loads, with timm's numbers", async () => {
    const options = {
      padding: 'symmetric',
      batchNormEpsilon: 1e-5,
      normalization: { mean: 127.5 / 255, std: 127.5 / 255 },
      classifierActivation: 'linear',
    } as EfficientNetOptions;
    const message = await refusal(file, {}, build(options));
    expect(message).toMatchInlineSnapshot(
      `"WeightsError: loadWeights: the file contains the network 2 times, its names beginning with 'state_dict.', 'state_dict_ema.'. Choose one: \`prefix: 'state_dict.'\`."`,
    );
    const prefixes = choices(message);
    expect([prefixes, /`prefix: '(.*)'`/.exec(message)?.[1]]).toEqual([Object.keys(logits), prefixes[0]]);
    const pixels = tf.tidy(() => tf.mul(tf.abs(tf.sin(tf.reshape(tf.range(0, 32 * 32 * 3), [1, 32, 32, 3]))), 255));
    for (const prefix of prefixes) {
      const model = build(options);
      const report = await loadWeights(model, file, { prefix });
      const other = prefixes.find((name) => name !== prefix)!;
      expect(report.skipped).toContainEqual({ array: `${other}conv_stem.weight`, reason: `another copy of the network, under '${other}'` });
      const output = model.predict(pixels) as tf.Tensor;
      expect(await output.data()).toBeAllclose(logits[prefix]!, { tolerance: 1e-4 });
      output.dispose();
      model.dispose();
    }
    pixels.dispose();
  });

  test('a copy at the root and a nested copy are ambiguous, too', async () => {
    const arrays = new Map([...(await torchFile('timm')), ...(await torchFile('timm', 'ema.module.'))]);
    const message = await refusal(arrays);
    expect(choices(message)).toEqual(['', 'ema.module.']);
    const model = build();
    for (const prefix of choices(message)) expect((await loadWeights(model, arrays, { prefix })).unexpected).toEqual([]);
    model.dispose();
  });

  test('a prefix without a network is refused with a list of those that have one', async () => {
    expect(await refusal(file, { prefix: 'state_dict_ema' })).toContain(
      "Without `prefix` it is found under 'state_dict.', 'state_dict_ema.'.",
    );
  });

  test('arrays that are not part of the network are skipped, each with a reason', async () => {
    const arrays = new Map([
      ...(await torchFile('timm', 'state_dict.module.')),
      ...Object.entries({
        best_acc1: zeros(),
        'optimizer.state.0.exp_avg': zeros(3),
        'optimizer_state_dict.state.0.exp_avg': zeros(3),
        'optimizer_states.0.state.0.step': zeros(),
        'opt.state.0.grad_avg': zeros(3),
        'callbacks.ModelCheckpoint.best_model_score': zeros(),
        'state_dict.criterion.weight': zeros(5),
        'state_dict.module.n_averaged': zeros(),
        'model_ema.decay': zeros(1),
      }),
    ]);
    const model = build();
    const report = await loadWeights(model, arrays);
    expect(report.skipped.map(({ array, reason }) => `${array}: ${reason}`)).toMatchInlineSnapshot(`
      [
        "best_acc1: a single number, which no layer has as a weight",
        "optimizer.state.0.exp_avg: state of the optimizer",
        "optimizer_state_dict.state.0.exp_avg: state of the optimizer",
        "optimizer_states.0.state.0.step: state of the optimizer",
        "opt.state.0.grad_avg: state of the optimizer",
        "callbacks.ModelCheckpoint.best_model_score: a single number, which no layer has as a weight",
        "state_dict.criterion.weight: outside the network, whose names begin with 'state_dict.module.'",
        "state_dict.module.n_averaged: a single number, which no layer has as a weight",
        "model_ema.decay: outside the network, whose names begin with 'state_dict.module.'",
      ]
    `);
    expect(report.loaded.length + report.skipped.length).toBe(arrays.size);
    model.dispose();
  });

  test("a wrapper's own `bn1` does not hide the network", async () => {
    const model = build();
    expect((await loadWeights(model, new Map([['bn1.weight', zeros(9)], ...(await torchFile('timm', 'backbone.'))]))).prefix).toBe(
      'backbone.',
    );
    model.dispose();
  });
});

describe('names', () => {
  const renamed = (rename: (name: string) => string): [string, WeightArray][] =>
    [...kerasFile()].map(([name, array]) => [rename(name), array]);

  test('a common prefix of all names is detected', async () => {
    const model = build();
    const report = await loadWeights(model, new Map(renamed((name) => `efficientnet/${name}`)));
    expect([report.prefix, report.loaded.length]).toEqual(['efficientnet/', namedWeights(model).size]);
    model.dispose();
  });

  test('two copies of the network are ambiguous and refused', async () => {
    const arrays = new Map([...renamed((name) => `state/${name}`), ...renamed((name) => `state_ema/${name}`)]);
    expect(await refusal(arrays)).toMatchInlineSnapshot(
      `"WeightsError: loadWeights: the file contains the network 2 times, its names beginning with 'state/', 'state_ema/'. Choose one: \`prefix: 'state/'\`."`,
    );
    const model = build();
    const report = await loadWeights(model, arrays, { prefix: 'state_ema/', strict: false });
    expect(report.loaded[0]).toEqual({ weight: 'stem_conv/kernel', array: 'state_ema/stem_conv/kernel' });
    model.dispose();
  });

  test('moving averages of a TF1 checkpoint are preferred to the weights themselves', async () => {
    const model = build();
    const arrays = new Map<string, WeightArray>();
    for (const [name, array] of await weightsOf(model, { layout: 'tf1', prefix: 'efficientnet-b0/' })) {
      arrays.set(
        name,
        weightArray(
          array.shape,
          array.values().map(() => 9),
        ),
      );
      if (!name.includes('/moving_')) arrays.set(`${name}/RMSProp`, array);
      arrays.set(`${name}/ExponentialMovingAverage`, array);
    }
    arrays.set('global_step', zeros());
    const before = await snapshot(model);
    const report = await loadWeights(model, arrays);
    expect(await snapshot(model)).toEqual(before);
    expect([report.layout, report.prefix]).toEqual(['tf1', 'efficientnet-b0/']);
    expect(new Set(report.skipped.map(({ reason }) => reason))).toEqual(
      new Set(['superseded by its moving average', 'state of the optimizer']),
    );
    model.dispose();
  });
});

describe('the normalization a Keras file carries', () => {
  const normalization = (mean: number[], variance: number[]) =>
    kerasFileWith({
      'normalization/mean': weightArray([3], Float32Array.from(mean)),
      'normalization/variance': weightArray([3], Float32Array.from(variance)),
    });
  const mean = [0.485, 0.456, 0.406];
  const std = [0.229, 0.224, 0.225];

  test('is accepted as variance and, as the published files have it, as standard deviation', async () => {
    const model = build();
    for (const variance of [std.map((value) => value ** 2), std]) {
      expect((await loadWeights(model, normalization(mean, variance))).skipped).toHaveLength(2);
    }
    model.dispose();
  });

  test('is refused when the model would normalize differently', async () => {
    expect(await refusal(normalization([0, 0, 0], [1, 1, 1]))).toMatchInlineSnapshot(
      `"WeightsError: loadWeights: the file normalizes pixels with mean [0, 0, 0] and variance [1, 1, 1], the model with mean [0.485, 0.456, 0.406] and variance [0.05244, 0.05018, 0.05063]. Build the model with \`normalization: { mean: [0, 0, 0], std: [1, 1, 1] }\`."`,
    );
    const model = build({ normalization: { mean: [0, 0, 0], std: [1, 1, 1] } });
    expect((await loadWeights(model, normalization([0, 0, 0], [1, 1, 1]))).skipped).toHaveLength(2);
    model.dispose();
  });
});

describe('a stem trained on RGB', () => {
  const rgb = fillKeras('stem_conv/kernel', [3, 3, 3, 8], 2);
  const at = (spot: number, channel: number, filter: number): number => rgb[(spot * 3 + channel) * 8 + filter]!;
  const stemWith = async (inputChannels: number): Promise<Float32Array> => {
    const model = build({ inputChannels, normalization: { mean: 0.5, std: 0.5 } });
    const report = await loadWeights(model, kerasFile());
    expect(report.adapted).toEqual(['stem_conv/kernel']);
    const stem = (await snapshot(model)).get('stem_conv/kernel')!;
    model.dispose();
    return stem;
  };

  test('is summed for one channel', async () => {
    const stem = await stemWith(1);
    const expected = Array.from({ length: 72 }, (_, i) => [0, 1, 2].reduce((sum, c) => sum + at(Math.floor(i / 8), c, i % 8), 0));
    expect(stem).toBeAllclose(expected);
  });

  test('is repeated and scaled for five, so that equal channels give the same sum', async () => {
    const stem = await stemWith(5);
    for (let c = 0; c < 5; c++) expect(stem[c * 8]).toBeCloseTo((at(0, c % 3, 0) * 3) / 5, 6);
  });
});

test('a path names the function that takes one', async () => {
  for (const source of ['b0.h5', new URL('https://example.com/b0.h5')]) {
    await expect(loadWeights(build(), source as never)).rejects.toThrow("In Node, `loadWeights` of 'effnet-ts/node' takes a path.");
  }
});
