import { expect, test } from 'vitest';
import { IMAGENET_CLASSES, IMAGENET_CLASS_NAMES } from '../../src/imagenet.js';

test('the thousand classes are sorted by WordNet ID, as the folders of ILSVRC 2012 are', () => {
  const ids = IMAGENET_CLASSES.map(({ wordNetId }) => wordNetId);
  expect(ids).toHaveLength(1000);
  expect(ids).toEqual([...new Set(ids)].sort());
  expect(ids.every((id) => /^n\d{8}$/.test(id))).toBe(true);
  expect(IMAGENET_CLASSES.map(({ index }) => index)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
});

test('well-known classes have the indices of published weights', () => {
  expect(IMAGENET_CLASSES[0]).toEqual({ index: 0, wordNetId: 'n01440764', name: 'tench, Tinca tinca' });
  expect(IMAGENET_CLASSES[388]?.name).toMatch(/^giant panda, /);
  expect(IMAGENET_CLASS_NAMES[388]).toBe('giant panda');
  expect(IMAGENET_CLASSES[999]?.wordNetId).toBe('n15075141');
});
