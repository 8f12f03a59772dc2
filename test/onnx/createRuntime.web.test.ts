// The other package of ONNX Runtime, on WebAssembly, here in Node; in a browser: test/browser/onnxruntimeWeb.test.ts.

import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { efficientNet } from '../../src/models/index.js';
import { createRuntime } from '../../src/onnx/index.js';
import { VARIANTS } from '../../src/scaling/index.js';
import { fillModel } from '../support/fillModel.js';
import { expectNoLeak } from '../support/leaks.js';
import { startWasm } from '../support/wasm.js';

test('onnxruntime-web predicts what the layers do, and says what it lacks', async () => {
  await startWasm();
  const model = efficientNet({ ...VARIANTS.b0, widthCoefficient: 0.25, depthCoefficient: 0.5, inputSize: 64 }, { classes: 5 });
  fillModel(model, 2);
  const onnxruntime = await import('onnxruntime-web');
  await expectNoLeak(async () => {
    const runtime = await createRuntime(model, { onnxruntime, device: 'wasm', threads: 1 });
    const images = tf.randomUniform([3, 64, 64, 3], 0, 255, 'float32', 7);
    const [theirs, own] = [(await runtime.predict(images)) as tf.Tensor, model.predict(images) as tf.Tensor];
    expect([...(await theirs.data())]).toBeAllclose([...(await own.data())], { tolerance: 1e-5 });
    tf.dispose([images, theirs, own]);
    await runtime.dispose();
  });
  await expect(createRuntime(model, { onnxruntime, device: 'cuda' })).rejects.toThrow(
    /^createRuntime: expected a device ONNX Runtime has here for `device`, received 'cuda'/,
  );
});
