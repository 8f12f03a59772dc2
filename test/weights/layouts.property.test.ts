// Names of other frameworks are one-to-one with a network's weights, and numbers come back to their places, for networks nobody has
// published.

import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { planModel, type VariantSpec } from '../../src/scaling/index.js';
import { LAYOUTS, layoutEntries, weightArray } from '../../src/weights/index.js';
import { planArrays } from '../../src/weights/internal.js';

const stage = fc.record({
  block: fc.constantFrom('mbConv', 'fusedMBConv'),
  repeats: fc.integer({ min: 1, max: 3 }),
  kernelSize: fc.constantFrom(3, 5),
  strides: fc.constantFrom(1, 2),
  expandRatio: fc.integer({ min: 1, max: 3 }),
  filters: fc.constantFrom(8, 16),
  seRatio: fc.constantFrom(0, 0.25),
} as const);
const spec: fc.Arbitrary<VariantSpec> = fc.record({
  widthCoefficient: fc.constantFrom(0.5, 1),
  depthCoefficient: fc.constantFrom(1, 1.5),
  inputSize: fc.constant(64),
  dropoutRate: fc.constant(0.2),
  stemFilters: fc.constant(8),
  topFilters: fc.constant(16),
  stages: fc.array(stage, { minLength: 1, maxLength: 4 }),
});
const layout = fc.constantFrom(...LAYOUTS);
const product = (shape: readonly number[]): number => shape.reduce((all, side) => all * side, 1);

test.prop([spec, layout])('every weight has one array and every array one weight, with the same number of numbers', (own, name) => {
  const plan = planModel(own, { classes: 3 });
  const entries = layoutEntries(name, plan);
  expect(entries.map(({ weight }) => weight)).toEqual(plan.layers.flatMap(({ weights }) => weights.map((each) => each.name)));
  expect(new Set(entries.map(({ array }) => array)).size).toBe(entries.length);
  for (const { modelShape, fileShape, toModel } of entries) {
    expect(product(fileShape)).toBe(product(modelShape));
    expect(toModel.map((axis) => fileShape[axis])).toEqual(modelShape);
    expect([...toModel].sort()).toEqual(toModel.map((_, i) => i));
  }
});

/** The numbers of an array in the order of a file, each moved by its coordinates. */
function written(
  values: Float32Array,
  modelShape: readonly number[],
  fileShape: readonly number[],
  toModel: readonly number[],
): Float32Array {
  return values.map((_, at) => {
    const place: number[] = [];
    for (let axis = fileShape.length - 1, rest = at; axis >= 0; axis--) {
      place[axis] = rest % (fileShape[axis] as number);
      rest = Math.floor(rest / (fileShape[axis] as number));
    }
    return values[modelShape.reduce((index, side, axis) => index * side + (place[toModel[axis] as number] as number), 0)] as number;
  });
}

test.prop([spec, layout], { numRuns: 60 })('what is written in any names is found again, number by number', (own, name) => {
  const plan = planModel(own, { classes: 3 });
  const entries = layoutEntries(name, plan);
  // No two weights have a number in common.
  let next = 0;
  const weights = new Map(
    entries.map(({ weight, modelShape }) => [weight, Float32Array.from({ length: product(modelShape) }, () => next++)]),
  );
  const file = new Map(
    entries.map(({ weight, array, modelShape, fileShape, toModel }) => [
      array,
      weightArray(fileShape, written(weights.get(weight) as Float32Array, modelShape, fileShape, toModel)),
    ]),
  );
  const back = planArrays('test', plan, file);
  expect([...back.keys()]).toEqual([...weights.keys()]);
  for (const [weight, values] of weights)
    expect(Buffer.compare(Buffer.from(back.get(weight)!.values().slice().buffer), Buffer.from(values.buffer)), weight).toBe(0);
});
