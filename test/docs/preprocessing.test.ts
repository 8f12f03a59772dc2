// The Python of docs/preprocessing.md is the file of the example; test/oracles/onnxPython.oracle.ts runs it.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

test('the page shows the whole example', () => {
  const [, shown] = /^```python\n(.*?)^```/ms.exec(readFileSync('docs/preprocessing.md', 'utf8')) ?? [];
  expect(shown).toBe(readFileSync('examples/python/classify_onnx.py', 'utf8'));
});
