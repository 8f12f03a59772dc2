// Progress on a terminal: one line that is redrawn; in a log file or pipe, a plain line now and then.

import { checkOptions, rule, type Progress, type ProgressListener } from '../core/index.js';

/** Where progress is shown. */
export interface ProgressBarOptions {
  /** A stream that knows whether it is a terminal. @defaultValue process.stderr */
  readonly stream?: ProgressStream;
}

/** What is needed of a stream; `process.stderr` and `process.stdout` are such. */
export interface ProgressStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

const stream = rule<ProgressStream>('a writable stream', (value) => typeof (value as ProgressStream | null)?.write === 'function');

/** Milliseconds between redraws of a terminal, and between lines elsewhere. */
const REDRAW = 80;
const LINE = 10_000;
const BAR = 24;

/**
 * Makes a listener that draws a bar with rate, time left and figures; each task keeps its last line.
 *
 * @example
 * await trainHead(model, { classNames, train, onProgress: progressBar() });
 * // features ████████████░░░░░░░░░░░░ 300/600 images, 21/s, 14 s left
 */
export function progressBar(options: ProgressBarOptions = {}): ProgressListener {
  const { stream: out = process.stderr } = checkOptions('progressBar', options, { stream });
  const live = out.isTTY === true;
  let task: string | undefined;
  let drawn = 0;
  let open = false;

  return (progress) => {
    const finished = progress.total !== undefined && progress.done >= progress.total;
    if (progress.task !== task) {
      if (open) out.write('\n');
      open = false;
      task = progress.task;
      drawn = live ? 0 : performance.now();
    }
    const now = performance.now();
    if (!finished && now - drawn < (live ? REDRAW : LINE)) return;
    drawn = now;
    if (!live) {
      out.write(`${line(progress, false)}\n`);
      return;
    }
    // Return, the line, erase to its end.
    out.write(`\r${line(progress, true).slice(0, (out.columns ?? 80) - 1)}\u001b[K${finished ? '\n' : ''}`);
    open = !finished;
  };
}

function line({ task, done, total, unit, rate, secondsLeft, figures }: Progress, withBar: boolean): string {
  const share = total === undefined || total === 0 ? undefined : Math.min(1, done / total);
  const bar = share === undefined || !withBar ? '' : ` ${'█'.repeat(Math.round(share * BAR)).padEnd(BAR, '░')}`;
  const count = `${done}${total === undefined ? '' : `/${total}`} ${unit}`;
  const speed = `${rate >= 10 ? Math.round(rate) : rate.toFixed(1)}/s`;
  const left = secondsLeft === undefined || secondsLeft < 1 ? [] : [`${duration(secondsLeft)} left`];
  const extra = Object.entries(figures ?? {}).map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`);
  return `${task}${bar} ${[count, speed, ...left, ...extra].join(', ')}`;
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}
