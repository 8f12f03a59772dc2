import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { probeBackend } from '../../src/backends/index.js';

test('the error for a missing backend contains the remedy', async () => {
  await import('@tensorflow/tfjs-backend-cpu');
  await expect(probeBackend()).rejects.toThrowErrorMatchingInlineSnapshot(
    `[BackendError: probeBackend: no backend is ready. Call \`await selectBackend()\` first.]`,
  );
});

test("cpu and wasm give TensorFlow's inference numbers to six digits", async () => {
  await import('@tensorflow/tfjs-backend-wasm');
  for (const backend of ['cpu', 'wasm']) {
    await tf.setBackend(backend);
    const report = await probeBackend();
    expect(report.backend).toBe(backend);
    expect(report.largestError).toBeLessThan(1e-6);
  }
});

test("cpu gives TensorFlow's gradients of every weight", async () => {
  await tf.setBackend('cpu');
  const { largestError } = await probeBackend({ gradients: true });
  expect(largestError).toBeLessThan(1e-5);
});

test('the error contains the wrong result and its deviation', async () => {
  await tf.setBackend('cpu');
  await expect(probeBackend({ tolerance: 1e-12 })).rejects.toThrow(
    /^probeBackend: 'cpu' gives wrong numbers: features are off by [\d.e-]+ % \(allowed 1\.0e-10 %\)\.$/,
  );
});

test('an unknown option is refused', async () => {
  await expect(probeBackend({ gradient: true } as never)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: probeBackend: expected one of the options \`gradients\`, \`tolerance\`, received \`gradient\`. Did you mean \`gradients\`?]`,
  );
});
