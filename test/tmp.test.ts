import { readFileSync } from 'node:fs';
import { test } from 'vitest';
import { efficientNet } from '../src/models/index.js';
import { selectBackend, loadWeights } from '../src/node/index.js';
test('x', async () => {
  await selectBackend(['wasm']);
  const m = efficientNet('b0');
  for (const o of [{}, {head: 'skip'}, {strict:false}] as never[]) {
  try { const r = await loadWeights(m, 'examples/data/weights/efficientnet-lite0.safetensors', o); console.log(r.missing.length, r.layout); } catch (e) { console.log(String(e)); }
  }
});
