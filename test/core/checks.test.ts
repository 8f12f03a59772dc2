import { expect, test } from 'vitest';
import * as core from '../../src/core/index.js';
import {
  arrayOf,
  check,
  checkOptions,
  finite,
  fraction,
  invalid,
  oneOf,
  positiveInteger,
  show,
  signal,
} from '../../src/core/internal.js';

const rules = { size: positiveInteger, mode: oneOf('a', 'b') };
const checked = (options: object) => checkOptions('f', options, rules);

test('valid options are returned, without undefined ones', () => {
  expect(Object.entries(checked({ size: 3, mode: undefined }))).toEqual([['size', 3]]);
});

test('an unknown option is rejected, and the known ones are listed', () => {
  expect(() => checked({ siz: 3 })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: f: expected one of the options \`size\`, \`mode\`, received \`siz\`. Did you mean \`size\`?]`,
  );
});

test.each([
  [{ size: 0 }, 'f: expected a positive integer for `size`, received 0.'],
  [{ size: NaN }, 'f: expected a positive integer for `size`, received NaN.'],
  [{ size: '3' }, "f: expected a positive integer for `size`, received '3'."],
  [{ mode: 'c' }, "f: expected one of 'a', 'b' for `mode`, received 'c'."],
  [null, 'f: expected an object for `options`, received null.'],
])('%o is refused in one sentence', (options, message) => {
  expect(() => checked(options as object)).toThrow(new core.OptionError(message));
});

test('long values are shortened in messages', () => {
  expect(show({ a: 1 })).toBe('{ a }');
  expect(show(new Map())).toBe('an instance of Map');
  expect(show('x'.repeat(100))).toHaveLength(62);
  expect(show(Array.from({ length: 20 }, (_, i) => i))).toBe('[0, 1, 2, 3, 4, 5, 6, 7, ... 20 in all]');
});

test('instances are named after their class, and classes without a name give a description', () => {
  // As a bundler writes a class that refers to itself.
  class _Dataset {
    readonly size = 1;
  }
  expect(show(new _Dataset())).toBe('an instance of Dataset');
  const nameless = new (class {
    readonly size = 1;
  })();
  expect(show(nameless)).toBe('an object');
  const numbers = function* () {
    yield 1;
  };
  const later = async function* () {
    yield await Promise.resolve(1);
  };
  expect([show(numbers()), show(later())]).toEqual(['a generator', 'a generator']);
});

test('the remedy for a promise is to await it, unless a function returned it', () => {
  const promise = Promise.resolve(1);
  expect(invalid('f', 'x', 'a number', promise, 'Other advice.').message).toBe(
    'f: expected a number for `x`, received an instance of Promise. Await it first.',
  );
  expect(invalid('f', 'x()', 'a number', promise, 'Other advice.').message).toMatch(/ Other advice\.$/);
});

test('isEffnetError recognizes errors by class and by name', () => {
  expect(core.isEffnetError(new core.DataError('x'))).toBe(true);
  const foreign = new Error('x');
  foreign.name = 'WeightsError';
  expect(core.isEffnetError(foreign)).toBe(true);
  expect(core.isEffnetError(new Error('x'))).toBe(false);
});

test('an instance without own keys is not accepted as options', () => {
  for (const options of [Promise.resolve({ size: 3 }), new Map([['size', 3]])])
    expect(() => checked(options)).toThrow(/^f: expected an object for `options`, received an instance of /);
  for (const options of [{}, Object.create(null) as object]) expect(checked(options)).toEqual({});
});

test('messages name nested options with their path', () => {
  const inner = (options: object) => () => checkOptions('f', options, rules, 'inner');
  expect(inner({ siz: 3 })).toThrow('f: expected one of the options `inner.size`, `inner.mode`, received `inner.siz`.');
  expect(inner({ size: 0 })).toThrow('f: expected a positive integer for `inner.size`, received 0.');
  expect(inner([])).toThrow('f: expected an object for `inner`, received [].');
});

test('arrays with holes are rejected', () => {
  expect(arrayOf(finite, 2).accepts(new Array(2))).toBe(false);
});

test('an array that contains itself can be formatted', () => {
  const loop: unknown[] = [1];
  loop.push(loop);
  expect(show(loop)).toBe('[1, [1, [1, [1, [...]]]]]');
});

test('a fraction is above 0 and below 1', () => {
  expect([0, 0.5, 1, NaN, '0.5'].map(fraction.accepts)).toEqual([false, true, false, false, false]);
});

test('a signal of another realm is accepted, a controller is not', () => {
  const { signal: own } = new AbortController();
  const foreign = { throwIfAborted: () => undefined, addEventListener: () => undefined };
  expect([own, foreign, new AbortController(), null, undefined].map(signal.accepts)).toEqual([true, true, false, false, false]);
});
