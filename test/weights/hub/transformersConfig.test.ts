import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import * as tfl from '@tensorflow/tfjs-layers';
import { efficientNet, foldBatchNorm, setClassNames } from '../../../src/models/index.js';
import { selectBackend } from '../../../src/node/backends/index.js';
import { VARIANTS, type VariantSpec } from '../../../src/scaling/index.js';
import { transformersConfig } from '../../../src/weights/hub/transformersConfig.js';
import { transformersNetwork } from '../../../src/weights/hub/transformersNetwork.js';

beforeAll(() => selectBackend(['cpu']));

interface HubCase {
  readonly name: string;
  readonly files: { readonly 'config.json': Readonly<Record<string, unknown>> };
}
const golden = JSON.parse(readFileSync(new URL('../../fixtures/weights/hub.json', import.meta.url), 'utf8')) as readonly HubCase[];
const ours = golden.filter(({ name }) => !name.startsWith('timm') && name !== 'padding of another size');

test.each(ours.map(({ name, files }) => [name, files['config.json']] as const))(
  '%s: the configuration is written as it was read',
  (_, config) => {
    const { variant, options, classNames } = transformersNetwork({ where: 'test', name: 'config.json', content: config });
    const model = efficientNet(variant, options);
    if (classNames !== undefined) setClassNames(model, classNames);
    const written = JSON.parse(JSON.stringify(transformersConfig('test', model))) as Record<string, unknown>;
    // Settings of training, and a table that Python leaves empty.
    const others = new Set(['initializer_range', 'transformers_version', 'label2id']);
    expect(written).toMatchObject(Object.fromEntries(Object.entries(config).filter(([key]) => !others.has(key))));
    model.dispose();
  },
);

const TINY: VariantSpec = { ...VARIANTS.b0, widthCoefficient: 0.25, depthCoefficient: 0.4, inputSize: 64 };
const stage = (i: number, change: object): VariantSpec => ({
  ...TINY,
  stages: TINY.stages.map((each, at) => (at === i ? { ...each, ...change } : { ...each, ...(at === 0 ? { skip: false } : {}) })),
});
const SKIPLESS = stage(0, { skip: false });

test('at a size with odd feature maps, the blocks are listed in `depthwise_padding`', () => {
  const model = efficientNet(SKIPLESS, { inputSize: 68, classes: 2 });
  expect(transformersConfig('test', model)).toMatchObject({ depthwise_padding: [2, 3, 7], id2label: { 0: 'LABEL_0', 1: 'LABEL_1' } });
  model.dispose();
});

test.each<[string, () => tfl.LayersModel | Promise<tfl.LayersModel>]>([
  ['a skip connection in the first block', () => efficientNet(TINY)],
  ['fused blocks', () => efficientNet(stage(1, { block: 'fusedMBConv', seRatio: 0 }))],
  ['no squeeze-and-excitation', () => efficientNet(stage(1, { seRatio: 0 }))],
  ['other ratios', () => efficientNet(stage(1, { seRatio: 0.5 }))],
  ['another stem', () => efficientNet({ ...SKIPLESS, stemFilters: 64 })],
  ['another top', () => efficientNet({ ...SKIPLESS, topFilters: 640 })],
  ['fixed ends', () => efficientNet({ ...SKIPLESS, fixedEnds: true })],
  ['symmetric padding', () => efficientNet(SKIPLESS, { padding: 'symmetric' })],
  ['an odd size', () => efficientNet(SKIPLESS, { inputSize: 65 })],
  ['maps that are odd along one axis', () => efficientNet(SKIPLESS, { inputSize: [64, 68] })],
  ['another activation', () => efficientNet(SKIPLESS, { activation: 'leakyRelu' })],
  [
    'a custom activation',
    () => efficientNet(SKIPLESS, { activation: (x, { name }) => tfl.layers.reLU({ name }).apply(x) as tfl.SymbolicTensor }),
  ],
  ['folded layers', () => foldBatchNorm(efficientNet(SKIPLESS))],
  ['a network of other layers', () => tfl.sequential({ layers: [tfl.layers.dense({ units: 2, inputShape: [4] })] })],
])('%s is refused', async (_, build) => {
  const model = await build();
  expect(() => transformersConfig('exportTransformers', model)).toThrowErrorMatchingSnapshot();
  model.dispose();
});
