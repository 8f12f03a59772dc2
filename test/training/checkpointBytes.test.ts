// Damaged checkpoints that fuzzing found.

import { expect, test } from 'vitest';
import { readCheckpoint } from '../../src/training/internal.js';
import { weightArray, writeSafetensors } from '../../src/weights/index.js';

test.each(['', 'f', 'null', '[]', '3'])('refuses a checkpoint whose notes are %j', (notes) => {
  const bytes = writeSafetensors(new Map([['weights/a', weightArray([1], Float32Array.of(1))]]), {
    metadata: { format: 'effnet-ts checkpoint 1', notes },
  });
  expect(() => readCheckpoint(bytes)).toThrowErrorMatchingInlineSnapshot(
    `[WeightsError: resume: expected the notes of the checkpoint to be a JSON object. The file is damaged.]`,
  );
});

test('refuses a checkpoint whose metadata is null', () => {
  const bytes = writeSafetensors(new Map([['weights/a', weightArray([1], Float32Array.of(1))]]), { metadata: { a: 'b' } });
  const text = Buffer.from(bytes).toString('latin1').replace('{"a":"b"}', 'null     ');
  expect(() => readCheckpoint(Buffer.from(text, 'latin1'))).toThrowErrorMatchingInlineSnapshot(
    `[WeightsError: resume: expected a checkpoint of this library, received a safetensors file of format unknown.]`,
  );
});
