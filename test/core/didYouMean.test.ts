import { expect, test } from 'vitest';
import { arrayOf, check, checkOptions, didYouMean, finite, nullable, oneOf, type Rule } from '../../src/core/internal.js';

const METHODS = ['bilinear', 'bicubic', 'area', 'nearest'];

test.each([
  ['biliner', 'bilinear'],
  ['billinear', 'bilinear'],
  ['bliinear', 'bilinear'],
  ['bicubik', 'bicubic'],
  ['Bilinear', 'bilinear'],
  ['bi-cubic', 'bicubic'],
  ['aera', 'area'],
])('%s is read as %s', (name, meant) => {
  expect(didYouMean(name, METHODS)).toBe(`Did you mean '${meant}'?`);
});

test.each([
  ['a name that is far from all', 'lanczos3', METHODS],
  ['a name that is equally close to several', 'lite9', ['lite0', 'lite1', 'lite2']],
  ['a short code that differs by one character', 'tpu', ['cpu', 'wasm']],
  ['an empty name', '', METHODS],
  ['a value that is no name', 3, METHODS],
  ['no known names', 'area', []],
])('nothing is proposed for %s', (_, name, known) => {
  expect(didYouMean(name, known)).toBe('');
});

test('every rule that contains a list of names proposes one of them', () => {
  const fit = oneOf('crop', 'stretch', 'pad');
  const message = (value: unknown, rule: Rule<unknown> = fit) => {
    try {
      check('f', 'fit', value, rule);
    } catch (error) {
      return (error as Error).message;
    }
  };
  expect(message('strech')).toBe("f: expected one of 'crop', 'stretch', 'pad' for `fit`, received 'strech'. Did you mean 'stretch'?");
  expect(message('strech', nullable(fit))).toMatch(/Did you mean 'stretch'\?$/);
  expect(message(['crop', 'strech'], arrayOf(fit))).toMatch(/received \['crop', 'strech'\]\. Did you mean 'stretch'\?$/);
  expect(message('fit-inside')).toMatch(/received 'fit-inside'\.$/);
});

test('an unknown option is called an option, with the one that is close to it', () => {
  const checked = (options: object, rules: object, name?: string) => () => checkOptions('f', options, rules as never, name);
  expect(checked({ methd: 1 }, { method: finite, mean: finite })).toThrow(
    'f: expected one of the options `method`, `mean`, received `methd`. Did you mean `method`?',
  );
  expect(checked({ methd: 1 }, { method: finite }, 'resize')).toThrow(
    'f: expected the option `resize.method`, received `resize.methd`. Did you mean `resize.method`?',
  );
  expect(checked({ size: 1 }, { method: finite })).toThrow(/received `size`\.$/);
});
