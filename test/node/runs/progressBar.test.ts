import stringWidth from 'string-width';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { trackProgress } from '../../../src/core/internal.js';
import type { Progress } from '../../../src/core/index.js';
import { progressBar } from '../../../src/node/runs/index.js';
import { progressBarLine } from '../../../src/node/runs/progressLine.js';

beforeEach(() => vi.stubEnv('TERM', 'xterm'));
afterEach(() => vi.unstubAllEnvs());

/** What a terminal shows after some writes: carriage return, line feed and erase to the end of the line. */
function screen(written: string): string[] {
  const lines = [''];
  let column = 0;
  for (const part of written.replaceAll('\u001b[K', '␛').match(/[\r\n␛]|[^\r\n␛]+/g) ?? []) {
    const line = lines.at(-1)!;
    if (part === '\r') column = 0;
    else if (part === '␛') lines[lines.length - 1] = line.slice(0, column);
    else if (part === '\n') {
      lines.push('');
      column = 0;
    } else {
      lines[lines.length - 1] = line.slice(0, column) + part + line.slice(column + part.length);
      column += part.length;
    }
  }
  return lines;
}

/** A terminal of its own. */
function terminal(columns?: number) {
  const stream = {
    isTTY: true,
    ...(columns === undefined ? {} : { columns }),
    written: '',
    write(text: string) {
      this.written += text;
    },
  };
  return { stream, shows: () => screen(stream.written) };
}

/** What is written while standard output and standard error are one terminal. */
function onStandardTerminal(use: () => void): string {
  let written = '';
  const streams = [process.stdout, process.stderr];
  const before = streams.map((stream) => Object.getOwnPropertyDescriptor(stream, 'isTTY'));
  const spies = streams.map((stream) => vi.spyOn(stream, 'write').mockImplementation((text) => Boolean((written += String(text)))));
  for (const stream of streams) Object.defineProperty(stream, 'isTTY', { value: true, configurable: true });
  try {
    use();
  } finally {
    for (const spy of spies) spy.mockRestore();
    for (const [i, stream] of streams.entries()) {
      const descriptor = before[i];
      if (descriptor === undefined) Reflect.deleteProperty(stream, 'isTTY');
      else Object.defineProperty(stream, 'isTTY', descriptor);
    }
  }
  return written;
}

const at = (done: number, more: Partial<Progress> = {}): Progress => ({
  task: 'training features',
  done,
  total: 19,
  unit: 'batches',
  rate: 0.9,
  secondsLeft: (19 - done) / 0.9,
  ...more,
});

test('a terminal gets lines redrawn in place, no longer than it is wide, and keeps the last of each task', () => {
  const { stream, shows } = terminal(60);
  const onProgress = progressBar({ stream });
  for (const task of ['features', 'epoch 1']) {
    const advance = trackProgress(onProgress, task, 'images', 100);
    for (let done = 1; done <= 100; done++) advance(done, { loss: 1 / 3 });
  }
  const lines = shows();
  expect(lines).toHaveLength(3);
  for (const drawn of stream.written.split(/[\r\n]/)) expect(drawn.replace('\u001b[K', '').length).toBeLessThan(60);
  expect(lines[0]).toMatch(/^features █+ 100\/100 images, \d+\/s, loss 0\.3333$/);
  expect(lines[2]).toBe('');
});

test('a pipe gets one plain line per task when the work is short', () => {
  let written = '';
  const onProgress = progressBar({ stream: { write: (text) => (written += text) } });
  for (const task of ['features', 'epoch 1']) {
    const advance = trackProgress(onProgress, task, 'images', 100);
    for (let done = 1; done <= 100; done++) advance(done, { loss: 1 / 3 });
  }
  const lines = written.trimEnd().split('\n');
  expect(lines).toHaveLength(2);
  expect(lines[1]).toMatch(/^epoch 1 100\/100 images, \d+\/s, loss 0\.3333$/);
});

test('a task of unknown length keeps its last count, once, and frees the line', () => {
  const { stream, shows } = terminal(60);
  const advance = trackProgress(progressBar({ stream }), 'evaluate', 'images');
  for (let done = 32; done <= 96; done += 32) advance(done);
  advance.end();
  stream.write('Accuracy: 0.9\n');
  expect(shows()).toEqual([expect.stringMatching(/^evaluate █+ 96\/96 images, \d+\/s$/), 'Accuracy: 0.9', '']);
  const reported: (number | undefined)[] = [];
  const known = trackProgress(({ total }) => reported.push(total), 'x', 'images', 2);
  known(1);
  known(2);
  known.end();
  expect(reported).toEqual([2, 2]);
});

describe('other lines', () => {
  test('appear above the bar, which comes back below them', () => {
    const { stream, shows } = terminal(60);
    const onProgress = progressBar({ stream });
    const bar = 'training features █████░░░░░ 9/19 batches, 0.9/s, 11 s left';
    onProgress(at(9));
    expect(shows()).toEqual([bar]);
    stream.write('epoch 1/5  loss 0.5\n');
    expect(shows()).toEqual(['epoch 1/5  loss 0.5', '']);
    onProgress(at(19));
    expect(shows()).toEqual(['epoch 1/5  loss 0.5', expect.stringMatching(/^training features █+ 19\/19 batches, 0.9\/s$/), '']);
  });

  test('that are not finished are not drawn over', () => {
    const { stream, shows } = terminal(60);
    const onProgress = progressBar({ stream });
    onProgress(at(1));
    stream.write('saving ...');
    onProgress(at(19));
    expect(shows()).toEqual(['saving ...', expect.stringContaining('19/19'), '']);
  });

  test('of a second bar take its place', () => {
    const { stream, shows } = terminal(60);
    const [first, second] = [progressBar({ stream }), progressBar({ stream })];
    first(at(1));
    second(at(2, { task: 'other' }));
    second(at(19, { task: 'other' }));
    first(at(19));
    expect(shows()).toEqual([expect.stringMatching(/^other █+ 19\/19/), expect.stringMatching(/^training features █+ 19\/19/), '']);
  });

  test('no listener stays attached to a stream after the bar is finished or erased', () => {
    const { stream } = terminal(60);
    const write: unknown = Reflect.get(stream, 'write');
    const listeners = (): number => process.listenerCount('exit') + process.listenerCount('uncaughtExceptionMonitor');
    const before = listeners();
    const onProgress = progressBar({ stream });
    onProgress(at(1));
    expect([Reflect.get(stream, 'write') === write, listeners()]).toEqual([false, before + 2]);
    onProgress(at(19));
    expect([Reflect.get(stream, 'write') === write, listeners()]).toEqual([true, before]);
    onProgress(at(1, { task: 'next' }));
    stream.write('a line\n');
    expect([Reflect.get(stream, 'write') === write, listeners()]).toEqual([true, before]);
  });

  test('are erased before an error that ends the process, and the prompt after it gets a line of its own', () => {
    const { stream, shows } = terminal(60);
    const before = process.listeners('uncaughtExceptionMonitor');
    const own = (event: 'exit' | 'uncaughtExceptionMonitor') => (process.listeners(event as 'exit') as (() => void)[]).at(-1)!;
    progressBar({ stream })(at(1));
    expect(process.listeners('uncaughtExceptionMonitor')).toHaveLength(before.length + 1);
    own('uncaughtExceptionMonitor')();
    expect(shows()).toEqual(['']);
    progressBar({ stream })(at(1));
    own('exit')();
    expect(shows()).toEqual([expect.stringContaining('1/19'), '']);
  });

  test('on standard output make room on standard error, too, where both are the terminal', () => {
    const written = onStandardTerminal(() => {
      const onProgress = progressBar();
      onProgress(at(1));
      process.stdout.write('epoch 1\n');
      onProgress(at(19));
    });
    expect(screen(written)).toEqual(['epoch 1', expect.stringContaining('19/19'), '']);
  });
});

describe('narrow terminals', () => {
  const line = (width: number, more: Partial<Progress> = {}): string => progressBarLine(at(4, more), width);

  test('the rate and the time left stay longest', () => {
    const figures = { loss: 0.51234, accuracy: 0.8 };
    expect(line(119, { figures })).toBe(
      'training features █████░░░░░░░░░░░░░░░░░░░ 4/19 batches, 0.9/s, 17 s left, loss 0.5123, accuracy 0.8',
    );
    expect(line(79, { figures })).toBe('training features 4/19 batches, 0.9/s, 17 s left, loss 0.5123, accuracy 0.8');
    expect(line(69, { figures })).toBe('training features 4/19 batches, 0.9/s, 17 s left, loss 0.5123');
    expect(line(59)).toBe('training features ██░░░░░░░░ 4/19 batches, 0.9/s, 17 s left');
    expect(line(59, { figures })).toBe('training features 4/19 batches, 0.9/s, 17 s left');
    expect(line(39, { figures })).toBe('training featur… 4/19, 0.9/s, 17 s left');
    expect(line(24)).toBe('4/19, 0.9/s, 17 s left');
    expect(line(19)).toBe('0.9/s, 17 s left');
    expect(line(9)).toBe('0.9/s, 1…');
    for (let width = 0; width < 130; width++) expect(stringWidth(line(width, { figures }))).toBeLessThanOrEqual(width);
  });

  test('wide characters count as two columns, and control characters are not obeyed', () => {
    const task = '训练特征提取模型';
    expect(line(40, { task })).toBe('训练特征提取模型 4/19, 0.9/s, 17 s left');
    expect(line(35, { task })).toBe('训练特征提… 4/19, 0.9/s, 17 s left');
    for (let width = 0; width < 90; width++) expect(stringWidth(line(width, { task }))).toBeLessThanOrEqual(width);
    expect(line(80, { task: 'a\nb\u001b[2Jc' })).toMatch(/^a bc ██/);
  });

  test('downloads count megabytes', () => {
    expect(line(80, { task: 'download b0', unit: 'bytes', done: 1_234_567, total: 21_000_000, rate: 3_400_000, secondsLeft: 6 })).toMatch(
      / 1\.2\/21\.0 MB, 3\.4 MB\/s, 6 s left$/,
    );
  });

  test('a terminal that does not know its width has 80 columns, and a dumb one gets plain lines', () => {
    for (const columns of [undefined, 0]) {
      const { stream, shows } = terminal(columns);
      progressBar({ stream })(at(4, { task: 'a'.repeat(30) }));
      expect(shows()[0]!.length).toBe(79);
    }
    vi.stubEnv('TERM', 'dumb');
    expect(
      onStandardTerminal(() => {
        progressBar()(at(19));
      }),
    ).toBe('training features 19/19 batches, 0.9/s\n');
  });
});

test('a bar that was passed without being called says so', () => {
  const progress = { task: 'features', done: 1, total: 2, unit: 'images', rate: 1, secondsLeft: 1 };
  expect(() => progressBar(progress as never)).toThrow(
    'progressBar: expected a listener for `onProgress`, received function progressBar. Call it: `progressBar()`.',
  );
});
