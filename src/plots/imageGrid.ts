// Pictures side by side with their titles: green where the prediction is right, red where it is wrong.

import { arrayOf, boolean, check, checkOptions, positiveInteger, record, rule, text, type Rules } from '../core/internal.js';
import { DataError } from '../core/index.js';
import { chart, COLOURS, counted, type ChartSpec } from './chart.js';

/** A picture of a grid. */
export interface GridImage {
  /** A `data:` URL or an address the page may load; `imageDataUrl` makes one of pixels. */
  readonly url: string;
  readonly title: string;
  /** Whether the prediction was right. @defaultValue unknown: the title keeps the color of text */
  readonly correct?: boolean | undefined;
}

/** How a grid is laid out. */
export interface ImageGridOptions {
  /** @defaultValue 4 */
  readonly columns?: number | undefined;
  /** The side of each picture's cell, in pixels. @defaultValue 160 */
  readonly size?: number | undefined;
}

const IMAGE_RULES: Rules<GridImage> = {
  url: text,
  title: rule<string>('a string', (value) => typeof value === 'string'),
  correct: boolean,
};

/**
 * Draws pictures in rows; right and wrong ones also differ by a mark before the title, not by color alone.
 *
 * @throws {OptionError} when an image or option is of another kind, or has an unknown key.
 * @throws {DataError} when there is no picture.
 * @example
 * const spec = imageGrid([{ url: await imageDataUrl(photo), title: 'giant panda 0.96', correct: true }]);
 */
export function imageGrid(images: readonly GridImage[], options: ImageGridOptions = {}): ChartSpec {
  check('imageGrid', 'images', images, arrayOf(record));
  images.forEach((image, i) => {
    const name = `images[${i}]`;
    checkOptions('imageGrid', image, IMAGE_RULES, name);
    check('imageGrid', `${name}.url`, image.url, IMAGE_RULES.url);
    check('imageGrid', `${name}.title`, image.title, IMAGE_RULES.title);
  });
  const { columns = 4, size = 160 } = checkOptions('imageGrid', options, { columns: positiveInteger, size: positiveInteger });
  if (images.length === 0) throw new DataError('imageGrid: expected at least one image, received none.');
  const across = Math.min(columns, images.length);
  const down = Math.ceil(images.length / across);
  const cell = size + 34;
  const values = images.map(({ url, title, correct }, i) => ({
    url,
    title: `${correct === undefined ? '' : correct ? '✓ ' : '✗ '}${title}`,
    state: correct === undefined ? 'unknown' : correct ? 'right' : 'wrong',
    x: (i % across) * (size + 12) + size / 2,
    y: Math.floor(i / across) * cell + 24 + size / 2,
    top: Math.floor(i / across) * cell + 14,
  }));
  const wrong = images.filter(({ correct }) => correct === false).length;
  const right = images.filter(({ correct }) => correct === true).length;
  const titles = (states: readonly string[], color?: string): object => ({
    transform: [{ filter: { field: 'state', oneOf: states } }],
    mark: { type: 'text', fontSize: 11, limit: size, fontWeight: 'bold', ...(color === undefined ? {} : { color }) },
    encoding: {
      x: { field: 'x', type: 'quantitative', scale: null, axis: null },
      y: { field: 'top', type: 'quantitative', scale: null, axis: null },
      text: { field: 'title' },
    },
  });
  return chart({
    title: '',
    description:
      `${counted(images.length, 'image', 'images')}${right + wrong > 0 ? `, ${right} predicted right and ${wrong} wrong` : ''}: ` +
      `${images.map(({ title }) => title).join('; ')}.`,
    width: across * (size + 12) - 12,
    height: down * cell,
    data: { values },
    layer: [
      {
        mark: { type: 'image', width: size, height: size, aspect: true },
        encoding: {
          url: { field: 'url', type: 'nominal' },
          x: { field: 'x', type: 'quantitative', scale: null, axis: null },
          y: { field: 'y', type: 'quantitative', scale: null, axis: null },
        },
      },
      titles(['right'], COLOURS.right),
      titles(['wrong'], COLOURS.wrong),
      titles(['unknown']),
    ],
  });
}
