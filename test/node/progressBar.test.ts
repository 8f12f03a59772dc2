import { expect, test } from 'vitest';
import { trackProgress } from '../../src/core/index.js';
import { progressBar } from '../../src/node/index.js';

function run(isTTY: boolean): string {
  let written = '';
  const onProgress = progressBar({ stream: { isTTY, columns: 60, write: (text: string) => (written += text) } });
  for (const task of ['features', 'epoch 1']) {
    const advance = trackProgress(onProgress, task, 'images', 100);
    for (let done = 1; done <= 100; done++) advance(done, { loss: 1 / 3 });
  }
  return written;
}

test('a terminal gets lines redrawn in place, no longer than it is wide, and keeps the last of each task', () => {
  const lines = run(true).split('\n');
  expect(lines).toHaveLength(3);
  for (const drawn of lines.flatMap((line) => line.split('\r'))) expect(drawn.replace('\u001b[K', '').length).toBeLessThan(60);
  expect(lines[0]).toContain('features ████████████████████████ 100/100 images');
  expect(lines[2]).toBe('');
});

test('a pipe gets one plain line a task when the work is short', () => {
  const lines = run(false).trimEnd().split('\n');
  expect(lines).toHaveLength(2);
  expect(lines[1]).toMatch(/^epoch 1 100\/100 images, \d+\/s, loss 0\.3333$/);
});
