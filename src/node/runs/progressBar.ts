// Shows progress: on a terminal as one line that is redrawn, in a log file or pipe as a plain line every few seconds.

import { checkOptions, invalid, rule } from '../../core/internal.js';
import type { Progress, ProgressListener } from '../../core/index.js';
import { liveLine, type ProgressStream } from './liveLine.js';
import { progressBarLine, progressLine } from './progressLine.js';

/** Options of {@link progressBar}. */
export interface ProgressBarOptions {
  /** The stream to write to. A bar is drawn if its `isTTY` is true. @defaultValue process.stderr */
  readonly stream?: ProgressStream | undefined;
}

const stream = rule<ProgressStream>('a writable stream', (value) => typeof (value as ProgressStream | null)?.write === 'function');

/** Milliseconds between redraws on a terminal, and between lines elsewhere. */
const REDRAW = 80;
const LINE = 10_000;

/**
 * Makes a listener that draws a bar with the rate, the time left and the metrics. The last line of each task stays on the screen. Other
 * output, for example of `console.log`, appears above the bar.
 *
 * @example
 * await trainHead(model, { classNames, train, onProgress: progressBar() });
 * // features ████████████░░░░░░░░░░░░ 300/600 images, 21/s, 14 s left
 */
export function progressBar(options: ProgressBarOptions = {}): ProgressListener {
  if (isProgress(options)) throw invalid('progressBar', 'onProgress', 'a listener', progressBar, 'Call it: `progressBar()`.');
  const { stream: given } = checkOptions('progressBar', options, { stream });
  const out = given ?? process.stderr;
  // A dumb terminal cannot redraw a line. A stream that the caller passes is trusted to be able to.
  const terminal = out.isTTY === true && (given !== undefined || process.env['TERM'] !== 'dumb');
  const line = liveLine(out);
  let task: string | undefined;
  let drawn = 0;

  return (progress) => {
    const finished = progress.total !== undefined && progress.done >= progress.total;
    if (progress.task !== task) {
      line.finish();
      task = progress.task;
      drawn = terminal ? 0 : performance.now();
    }
    const now = performance.now();
    if (!finished && now - drawn < (terminal ? REDRAW : LINE)) return;
    drawn = now;
    if (!terminal) {
      out.write(`${progressLine(progress)}\n`);
      return;
    }
    // Some terminals report a width of 0. The last column is not used, because writing there may start a new line.
    line.draw(progressBarLine(progress, (out.columns ?? 0) > 0 ? (out.columns as number) - 1 : 79));
    if (finished) line.finish();
  };
}

/** Whether this was called as a listener, because it was passed without being called. */
function isProgress(options: unknown): boolean {
  const { task, done } = (options ?? {}) as Partial<Progress>;
  return typeof task === 'string' && typeof done === 'number';
}
