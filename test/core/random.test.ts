import { expect, test } from 'vitest';
import { createRandom, deriveSeed, shuffled } from '../../src/core/internal.js';

const take = (seed: number, count: number): number[] => {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => random.next());
};

test('the same seed gives the same stream, and another seed a different one', () => {
  expect(take(7, 100)).toEqual(take(7, 100));
  expect(take(7, 100)).not.toEqual(take(8, 100));
});

test('keys and their order change the derived seed', () => {
  expect(deriveSeed(1, 'a', 'b')).not.toBe(deriveSeed(1, 'b', 'a'));
  expect(deriveSeed(1, 'ab')).not.toBe(deriveSeed(1, 'a', 'b'));
  expect(deriveSeed(1, 'a')).not.toBe(deriveSeed(2, 'a'));
});

test('uniform numbers fill ten bins evenly', () => {
  const bins = new Array<number>(10).fill(0);
  for (const value of take(3, 100_000)) bins[Math.floor(value * 10)]! += 1;
  for (const count of bins) expect(Math.abs(count - 10_000)).toBeLessThan(400);
});

test('streams of neighboring seeds are uncorrelated', () => {
  const a = take(1, 20_000);
  const b = take(2, 20_000);
  const covariance = a.reduce((sum, value, i) => sum + (value - 0.5) * (b[i]! - 0.5), 0) / a.length;
  expect(Math.abs(covariance * 12)).toBeLessThan(0.03);
});

test('normal numbers have mean 0, deviation 1 and normal tails', () => {
  const random = createRandom(5);
  const values = Array.from({ length: 200_000 }, () => random.normal());
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  expect(Math.abs(mean)).toBeLessThan(0.01);
  expect(Math.abs(variance - 1)).toBeLessThan(0.01);
  expect(values.filter((value) => Math.abs(value) > 1.96).length / values.length).toBeCloseTo(0.05, 2);
});

test('a shuffle keeps every item once and reaches every order', () => {
  const orders = new Set<string>();
  for (let seed = 0; seed < 200; seed++) {
    const order = shuffled([1, 2, 3], createRandom(seed));
    expect([...order].sort()).toEqual([1, 2, 3]);
    orders.add(order.join());
  }
  expect(orders.size).toBe(6);
});
