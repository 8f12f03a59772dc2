import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { classWeights, countClasses, kFold, oneHot, oversample, trainValidationSplit } from '../../src/data/index.js';

const items = fc
  .array(fc.record({ label: fc.integer({ min: 0, max: 2 }), patient: fc.integer({ min: 0, max: 9 }) }), { minLength: 1, maxLength: 60 })
  .map((list) => [
    ...list,
    ...[0, 1, 2].flatMap((label) => Array.from({ length: 5 }, (_, i) => ({ label, patient: 100 + label * 10 + i }))),
  ]);
const stratifyBy = ({ label }: { label: number }) => label;
const groupBy = ({ patient }: { patient: number }) => patient;

property.prop([items, fc.integer({ min: 2, max: 5 }), fc.integer()])('folds are a partition with balanced classes', (list, folds, seed) => {
  const rounds = kFold(list, folds, { seed, stratifyBy });
  expect(rounds.flatMap((round) => round.validation)).toHaveLength(list.length);
  expect(new Set(rounds.flatMap((round) => round.validation)).size).toBe(list.length);
  for (const { train, validation } of rounds) expect(new Set([...train, ...validation]).size).toBe(list.length);
  for (const label of [0, 1, 2]) {
    const counts = rounds.map(({ validation }) => validation.filter((item) => item.label === label).length);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
  }
});

property.prop([items, fc.integer()])('a group is never in both parts', (list, seed) => {
  for (const { train, validation } of [trainValidationSplit(list, 0.3, { seed, groupBy }), ...kFold(list, 3, { seed, groupBy })]) {
    const validated = new Set(validation.map(groupBy));
    expect(train.some((item) => validated.has(groupBy(item)))).toBe(false);
    expect(train.length + validation.length).toBe(list.length);
  }
});

property.prop([items, fc.double({ min: 0.05, max: 0.95, noNaN: true }), fc.integer()])(
  'a stratified split takes the same fraction of every class',
  (list, fraction, seed) => {
    const { validation } = trainValidationSplit(list, fraction, { seed, stratifyBy });
    for (const label of [0, 1, 2]) {
      const all = list.filter((item) => item.label === label).length;
      const taken = validation.filter((item) => item.label === label).length;
      // The nearest integer, but at least one in each part.
      if (taken > 1 && taken < all - 1) expect(Math.abs(taken - all * fraction)).toBeLessThanOrEqual(0.5);
      expect(Math.abs(taken - all * fraction)).toBeLessThanOrEqual(1);
      expect(taken).toBeGreaterThan(0);
      expect(taken).toBeLessThan(all);
    }
    expect(trainValidationSplit(list, fraction, { seed, stratifyBy }).validation).toEqual(validation);
  },
);

test('splits and folds depend on the seed', () => {
  const list = Array.from({ length: 40 }, (_, i) => i);
  for (const draw of [(seed: number) => trainValidationSplit(list, 0.5, { seed }), (seed: number) => kFold(list, 4, { seed })]) {
    expect(draw(1)).toEqual(draw(1));
    expect(draw(2)).not.toEqual(draw(1));
  }
});

property.prop([fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1 }), fc.integer()])(
  'oversampling makes all classes as large as the largest and drops nothing',
  (labels, seed) => {
    const list = labels.map((label, id) => ({ label, id }));
    const more = oversample(list, (item) => item.label, { seed });
    expect(more.slice(0, list.length)).toEqual(list);
    const counts = [...new Set(labels)].map((label) => more.filter((item) => item.label === label).length);
    expect(new Set(counts).size).toBe(1);
    for (const label of new Set(labels)) {
      const times = list.filter((item) => item.label === label).map((item) => more.filter((other) => other === item).length);
      expect(Math.max(...times) - Math.min(...times)).toBeLessThanOrEqual(1);
    }
  },
);

test('class weights equal the balanced ones of scikit-learn', () => {
  // compute_class_weight('balanced', classes=[0, 1, 2], y=[0, 0, 0, 1, 1, 2])
  expect(classWeights([0, 0, 0, 1, 1, 2], 3)).toEqual({ 0: 6 / 9, 1: 1, 2: 2 });
});

test('oneHot encodes one class index or several', () => {
  expect(oneHot(2, 4)).toEqual(Float32Array.of(0, 0, 1, 0));
  expect(oneHot([0, 3], 4)).toEqual(Float32Array.of(1, 0, 0, 1));
});

test('a function that does not return a class or group is refused', () => {
  const nothing = (() => undefined) as never;
  expect(() => oversample([1, 2], nothing)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: oversample: expected a number or a string for \`labelOf(item)\`, received undefined.]`,
  );
  expect(() => kFold([1, 2], 2, { stratifyBy: nothing })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: kFold: expected a number or a string for \`stratifyBy(item)\`, received undefined.]`,
  );
  expect(() => trainValidationSplit([1, 2], 0.5, { groupBy: nothing })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: trainValidationSplit: expected a number or a string for \`groupBy(item)\`, received undefined.]`,
  );
});

test('invalid arguments are refused', () => {
  expect(() => oneHot(1, 1e10)).toThrow('oneHot: expected an integer in [1, 16777216] for `classes`, received 10000000000.');
  expect(() => countClasses([0], 1e10)).toThrow('countClasses: expected an integer in [1, 16777216] for `classes`');
  expect(() => oneHot(4, 4)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: oneHot: expected an integer in [0, 4), or an array of such integers, for \`label\`, received 4.]`,
  );
  expect(() => classWeights([0, 2], 3)).toThrowErrorMatchingInlineSnapshot(
    `[DataError: classWeights: expected items of all 3 classes, received none of class 1.]`,
  );
  expect(() => kFold([1, 2, 3], 4)).toThrowErrorMatchingInlineSnapshot(
    `[DataError: kFold: expected at least 4 items or groups in total, received 3. Add images.]`,
  );
  expect(() => kFold([1, 2, 3], 1)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: kFold: expected an integer of at least 2 for \`folds\`, received 1.]`,
  );
  expect(() => trainValidationSplit(['a', 'a', 'b'], 0.5, { stratifyBy: (item) => item })).toThrowErrorMatchingInlineSnapshot(
    `[DataError: trainValidationSplit: expected at least 2 items or groups of class 'a', received 1. Add images, or leave the class out.]`,
  );
  expect(() => trainValidationSplit([1, 2], 1)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: trainValidationSplit: expected a number in (0, 1) for \`fraction\`, received 1.]`,
  );
});
