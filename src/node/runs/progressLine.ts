// Formats progress as one line of text that fits a terminal.

import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';
import type { Progress } from '../../core/index.js';

const LONGEST_BAR = 24;
const SHORTEST_BAR = 5;

/** Formats progress without a bar, for a log: `features 300/600 images, 21/s, 14 s left`. */
export function progressLine(progress: Progress): string {
  const { task, count, unit, times, figures } = partsOf(progress);
  return `${task} ${[`${count}${unit}`, ...times, ...figures].join(', ')}`;
}

/**
 * Formats progress with a bar in at most `width` columns: `features ████████░░░░ 300/600 images, 21/s, 14 s left`. If it does not fit, the
 * bar is shortened. Then parts are dropped in this order: the bar, the metrics, the unit, the end of the task's name, the whole name, the
 * count.
 */
export function progressBarLine(progress: Progress, width: number): string {
  const { task, count, unit, times, figures, share } = partsOf(progress);
  const full = [`${count}${unit}`, ...times, ...figures].join(', ');
  const room = width - stringWidth(`${task}  ${full}`);
  if (share !== undefined && room >= SHORTEST_BAR) {
    const length = Math.min(LONGEST_BAR, room);
    return `${task} ${'█'.repeat(Math.round(share * length)).padEnd(length, '░')} ${full}`;
  }
  const withFigures = figures.map((_, i) => `${task} ${[`${count}${unit}`, ...times, ...figures.slice(0, figures.length - i)].join(', ')}`);
  const bare = [count, ...times].join(', ');
  const shortTask = cut(task, width - stringWidth(bare) - 1);
  const lines = [
    ...withFigures,
    `${task} ${[`${count}${unit}`, ...times].join(', ')}`,
    `${task} ${bare}`,
    ...(stringWidth(shortTask) > 4 ? [`${shortTask} ${bare}`] : []),
    bare,
    times.join(', '),
  ];
  return lines.find((line) => stringWidth(line) <= width) ?? cut(times.join(', '), width);
}

interface Parts {
  readonly task: string;
  readonly count: string;
  readonly unit: string;
  /** The rate, and the time left if it is known. */
  readonly times: readonly string[];
  readonly figures: readonly string[];
  /** The fraction of the work that is done. `undefined` when the total is unknown. */
  readonly share: number | undefined;
}

function partsOf({ task, done, total, unit, rate, secondsLeft, figures }: Progress): Parts {
  const bytes = unit === 'bytes';
  const amount = (value: number): string => (bytes ? (value / 1e6).toFixed(1) : String(value));
  const perSecond = bytes ? `${(rate / 1e6).toFixed(1)} MB/s` : `${rate >= 10 ? Math.round(rate) : rate.toFixed(1)}/s`;
  return {
    task: plain(task),
    count: `${amount(done)}${total === undefined ? '' : `/${amount(total)}`}`,
    unit: ` ${bytes ? 'MB' : unit}`,
    times: [perSecond, ...(secondsLeft === undefined || secondsLeft < 1 ? [] : [`${duration(secondsLeft)} left`])],
    figures: Object.entries(figures ?? {}).map(([name, value]) => `${plain(name)} ${Number(value.toPrecision(4))}`),
    share: total === undefined || total === 0 ? undefined : Math.min(1, done / total),
  };
}

/** Removes control sequences, because names may come from files. */
function plain(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/\p{Cc}/gu, ' ');
}

/** Cuts a text to `width` columns, with an ellipsis at the end. */
function cut(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let kept = '';
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (stringWidth(kept + segment) > width - 1) break;
    kept += segment;
  }
  return width < 1 ? '' : `${kept}…`;
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}
