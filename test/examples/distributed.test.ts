// examples/distributed as a user starts it. EFFNET_PYTHON names a Python with its requirements.txt; .ci/tensorflow makes one.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

const python = process.env['EFFNET_PYTHON'];
const skipped = python === undefined ? ': skipped, EFFNET_PYTHON names no Python with examples/distributed/requirements.txt' : '';
const MINUTES = 8 * 60_000;

function start(...parameters: string[]): { status: number | null; stdout: string; stderr: string } {
  const folder = mkdtempSync(path.join(tmpdir(), 'distributed-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  return spawnSync(process.execPath, ['--import', 'tsx', 'examples/distributed/distributed.ts', '--out', folder, ...parameters], {
    encoding: 'utf8',
    timeout: MINUTES,
  });
}

test.skipIf(python === undefined)(
  `two workers end as one does, and here, in Keras and on Ray Data the answers are the same${skipped}`,
  () => {
    const { status, stdout, stderr } = start('--python', python!);
    expect(status, stdout + stderr).toBe(0);
    const compared = [...stdout.matchAll(/^ {2}(equal|UNLIKE): (.+), [\d.e+-]+ apart/gm)].map(
      ([, verdict, what]) => `${verdict as string}: ${what as string}`,
    );
    expect(compared).toEqual([
      'equal: the losses of all steps, one worker and two',
      'equal: the losses of what they saved',
      'equal: the two losses',
      'equal: all probabilities, here and in Keras',
      'equal: all probabilities, here and on Ray Data',
      'equal: all probabilities, here and on Ray Data',
    ]);
    const accuracy = Number(/accuracy ([\d.]+);/.exec(stdout)?.[1]);
    expect(accuracy).toBeGreaterThan(0.5);
  },
  MINUTES,
);

test(
  'a Python that is not there is one sentence, before any work',
  () => {
    const { status, stdout, stderr } = start('--python', 'no-such-python');
    expect({ status, stdout, stderr: stderr.trim() }).toEqual({
      status: 1,
      stdout: '',
      stderr: "'no-such-python' failed: spawn no-such-python ENOENT",
    });
  },
  MINUTES,
);
