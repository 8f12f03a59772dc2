// A plan and its arrays make the very file that the model would.

import { beforeAll, describe, expect, test } from 'vitest';
import { efficientNet } from '../../src/models/index.js';
import { exportOnnx } from '../../src/onnx/index.js';
import { planModel, VARIANTS, type PlanModelOptions, type Variant, type VariantSpec } from '../../src/scaling/index.js';
import { weightsOf, type NamedArrays } from '../../src/weights/index.js';
import { fillModel } from '../support/fillModel.js';
import { startWasm } from '../support/wasm.js';

const small = (variant: Variant): VariantSpec => ({ ...VARIANTS[variant], widthCoefficient: 0.25, depthCoefficient: 0.5, inputSize: 64 });

const ownPadding = (spec: VariantSpec): VariantSpec => ({
  ...spec,
  stages: spec.stages.map((stage, i) => (i === 2 ? { ...stage, padding: 'symmetric' } : stage)),
});

beforeAll(startWasm);

describe('exportOnnx of a plan', () => {
  test.each<[string, VariantSpec, PlanModelOptions]>([
    ['V1', small('b0'), { classes: 7 }],
    ['V1 with symmetric zeros', small('b0'), { classes: 7, padding: 'symmetric' }],
    ['V1 with symmetric zeros in one stage', ownPadding(small('b0')), { classes: 7 }],
    ['V1 of any size', small('b0'), { classes: 7, inputSize: null }],
    ['V1 with leaky ReLU', small('b0'), { classes: 7, activation: 'leakyRelu' }],
    ['V1 with hard swish', small('b0'), { classes: 7, activation: 'hardSwish' }],
    ['V1 without normalization', small('b0'), { classes: 7, normalization: 'none', classifierActivation: 'linear' }],
    ['Lite', small('lite0'), { classes: 7 }],
    ['V2', small('v2-s'), { classes: 7 }],
    ['EdgeTPU', small('edgetpu-s'), { classes: 7 }],
    ['feature maps', small('b0'), { includeTop: false }],
    ['features pooled by their maximum', small('b0'), { includeTop: false, pooling: 'max' }],
  ])('%s: byte for byte the file of the model', async (_, spec, options) => {
    const model = efficientNet(spec, options);
    fillModel(model, 1);
    const planned = await exportOnnx({ plan: planModel(spec, options), arrays: await weightsOf(model, { layout: 'timm' }) });
    expect(Buffer.from(planned).equals(await exportOnnx(model))).toBe(true);
  });

  test('weights that are missing, misshapen or too many are refused', async () => {
    const spec = small('lite0');
    const plan = planModel(spec, { classes: 7 });
    const arrays = new Map(await weightsOf(efficientNet(spec, { classes: 7 })));
    const without = new Map(arrays);
    without.delete('top_bn/gamma');
    const twice = new Map(['raw/', 'ema/'].flatMap((prefix) => [...arrays].map(([name, array]) => [prefix + name, array] as const)));
    await expect(exportOnnx({ plan, arrays: twice })).rejects.toThrow("Choose one: `prefix: 'raw/'`.");
    expect(await exportOnnx({ plan, arrays: twice, prefix: 'ema/' })).toEqual(await exportOnnx({ plan, arrays }));
    const attempt = (given: NamedArrays, other = plan): Promise<Uint8Array> => exportOnnx({ plan: other, arrays: given });
    await expect(attempt(without)).rejects.toThrowErrorMatchingInlineSnapshot(
      `[WeightsError: exportOnnx: expected the 157 weights of 'efficientnet' for \`arrays\`, received 156 of them; 1 missing, 0 of another shape, 0 unknown: 'top_bn/gamma'.]`,
    );
    await expect(attempt(arrays, planModel(spec, { classes: 3 }))).rejects.toThrowErrorMatchingInlineSnapshot(
      `[WeightsError: exportOnnx: expected the 157 weights of 'efficientnet' for \`arrays\`, received 155 of them; 0 missing, 2 of another shape, 0 unknown: 'predictions/kernel', 'predictions/bias'.]`,
    );
    await expect(attempt(new Map([...arrays, ['more', arrays.get('top_bn/gamma')!]]))).rejects.toThrowErrorMatchingInlineSnapshot(
      `[WeightsError: exportOnnx: expected the 157 weights of 'efficientnet' for \`arrays\`, received 157 of them; 0 missing, 0 of another shape, 1 unknown: 'more'.]`,
    );
    await expect(exportOnnx({ plan } as never)).rejects.toThrow(
      /^exportOnnx: expected arrays by name, .* for `arrays`, received undefined/,
    );
    await expect(exportOnnx({ plan, arrays, prefixes: '' } as never)).rejects.toThrow(
      'exportOnnx: expected one of the options `plan`, `arrays`, `prefix`, `preprocessing`, received `prefixes`.',
    );
  });
});
