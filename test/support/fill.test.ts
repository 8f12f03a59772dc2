import { expect, test } from 'vitest';
import { fillKeras, fillTorch, uniform } from './fill.js';

// Numbers printed by test/fixtures/golden/fill.py (numpy).
test('the fill rule gives the numbers of its Python original', () => {
  expect([...uniform('input/tiny', 4)]).toEqual([0.5846890658140182, 0.10756507189944386, 0.27805843320675194, 0.0642471113242209]);
  expect(uniform('block1a_dwconv/depthwise_kernel', 100_000).at(-1)).toBe(0.031057052547112107);
  const kernel = fillKeras('stem_conv/kernel', [3, 3, 3, 2], 2);
  expect([kernel[0], kernel[53]]).toEqual([0.3078902065753937, -0.36103716492652893]);
  const depthwise = fillKeras('block2a_dwconv/depthwise_kernel', [3, 3, 4, 1], 1.7);
  expect([depthwise[0], depthwise[35]]).toEqual([-0.4815830886363983, -0.4557199478149414]);
  expect([...fillKeras('stem_bn/gamma', [2], 1)]).toEqual([0.5000696182250977, 1.292831540107727]);
  expect([...fillKeras('stem_bn/beta', [2], 1)]).toEqual([-0.05069044977426529, 0.031546469777822495]);
});

test('a torch kernel is scaled by all axes but the first', () => {
  const bound = Math.sqrt((3 * 2) / 27);
  const [first] = uniform('conv_stem.weight', 1);
  expect(fillTorch('conv_stem.weight', [32, 3, 3, 3], 2)[0]).toBe(Math.fround((2 * first! - 1) * bound));
});
