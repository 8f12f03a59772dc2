// The table of docs/choosing-a-variant.md against the plans and the checkpoints it is made of.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { drawVariants, PAGE, PICTURE } from '../../scripts/drawVariants.js';
import { PRETRAINED, defaultPretrained, planModel, type Variant } from '../../src/index.js';

const rows = readFileSync('docs/choosing-a-variant.md', 'utf8').matchAll(
  /^\| `([\w-]+)` \| (\d+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \| `(\S+)` \|$/gm,
);

test('the table of variants says what plans and checkpoints say', () => {
  const table = [...rows].map(([, ...cells]) => cells);
  expect(table.length).toBeGreaterThan(20);
  expect(table).toEqual(
    table.map(([name]) => {
      const plan = planModel(name as Variant);
      const checkpoint = defaultPretrained(name as Variant);
      return [
        name,
        String(plan.inputShape[0]),
        (plan.parameters.total / 1e6).toFixed(1),
        ((plan.multiplyAdds ?? NaN) / 1e9).toFixed(2),
        PRETRAINED[checkpoint]?.top1?.toFixed(1),
        checkpoint,
      ];
    }),
  );
});

test('the chart of the variants shows the numbers of the tables', async () => {
  const picture = await drawVariants(readFileSync(PAGE, 'utf8'));
  expect(picture.match(/>(ResNet-50|b7|lite4|ViT-B\/16)</g)).toHaveLength(4);
  expect(picture, 'run: npx tsx scripts/drawVariants.ts').toBe(readFileSync(PICTURE, 'utf8').trimEnd());
});
