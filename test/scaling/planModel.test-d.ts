// What the compiler refuses before anything runs.

import { expectTypeOf, test } from 'vitest';
import { planModel, VARIANTS, type PlanModelOptions, type Variant } from '../../src/scaling/index.js';

test('variants are typed by name', () => {
  expectTypeOf<'b0' | 'l2' | 'lite4' | 'v2-xl' | 'edgetpu-s'>().toExtend<Variant>();
  expectTypeOf<'b9'>().not.toExtend<Variant>();
  expectTypeOf(VARIANTS.b7.widthCoefficient).toEqualTypeOf<number>();
});

test('a classifier and pooling exclude each other', () => {
  expectTypeOf<{ classes: 10 }>().toExtend<PlanModelOptions>();
  expectTypeOf<{ includeTop: false; pooling: 'max' }>().toExtend<PlanModelOptions>();
  expectTypeOf<{ includeTop: false; classes: 10 }>().not.toExtend<PlanModelOptions>();
  expectTypeOf<{ pooling: 'max' }>().not.toExtend<PlanModelOptions>();
});

test('unknown and misspelt options do not compile', () => {
  // @ts-expect-error -- `clases` is no option
  planModel('b0', { clases: 3 });
  // @ts-expect-error -- 'gelu' is no activation here
  planModel('b0', { activation: 'gelu' });
});

test('types of shapes name their axes', () => {
  expectTypeOf(planModel('b0').inputShape).toEqualTypeOf<readonly [height: number | null, width: number | null, channels: number]>();
});
