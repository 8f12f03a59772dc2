// Draws a grid of images with titles, green for correct predictions and red for wrong ones.

import { anyString, arrayOf, boolean, check, checkOptions, positiveInteger, record, rule, type Rules, text } from '../core/internal.js';
import { DataError } from '../core/index.js';
import { chart, COLOURS, counted, type ChartSpec } from './chart.js';

/** An image of a grid. */
export interface GridImage {
  /**
   * A `data:` URL, or another URL that the web page with the chart can load. `renderPng` requires `data:` URLs. `imageDataUrl` creates one
   * from pixels.
   */
  readonly url: string;
  readonly title: string;
  /** Whether the prediction is correct. @defaultValue unknown: the title has the default text color */
  readonly correct?: boolean | undefined;
}

/** Options of {@link imageGrid}. */
export interface ImageGridOptions {
  /** Number of columns. @defaultValue 4 */
  readonly columns?: number | undefined;
  /** Side length of each cell in pixels. Titles are cut at this width; line breaks in them are kept. @defaultValue 160 */
  readonly size?: number | undefined;
}

const webUrl = rule<string>(
  'a `data:` URL or the URL of an image on the web',
  (value) => text.accepts(value) && /^(?:https?:|data:|blob:|(?![a-z][a-z\d+.-]*:))/i.test(value),
);

const IMAGE_RULES: Rules<GridImage> = {
  url: text,
  title: anyString,
  correct: boolean,
};

/**
 * Draws images in a grid. A mark before the title also shows whether a prediction is correct, so that it does not depend on color alone.
 *
 * Files cannot be shown by their path or `file:` URL, because neither web pages nor `renderPng` load them.
 *
 * @throws {OptionError} when an image or option has the wrong type or an unknown key, or a URL is neither a `data:` URL nor one of the web.
 * @throws {DataError} when there are no images.
 * @example
 * const spec = imageGrid([{ url: await imageDataUrl(photo), title: 'giant panda 0.96', correct: true }]);
 */
export function imageGrid(images: readonly GridImage[], options: ImageGridOptions = {}): ChartSpec {
  check('imageGrid', 'images', images, arrayOf(record));
  images.forEach((image, i) => {
    const name = `images[${i}]`;
    checkOptions('imageGrid', image, IMAGE_RULES, name);
    check('imageGrid', `${name}.url`, image.url, webUrl, 'Load an image file and pass `await imageDataUrl(image)`.');
    check('imageGrid', `${name}.title`, image.title, IMAGE_RULES.title);
  });
  const { columns = 4, size = 160 } = checkOptions('imageGrid', options, { columns: positiveInteger, size: positiveInteger });
  if (images.length === 0) throw new DataError('imageGrid: expected at least one image, received none.');
  const across = Math.min(columns, images.length);
  const down = Math.ceil(images.length / across);
  const lines = Math.max(...images.map(({ title }) => title.split('\n').length));
  const header = 10 + 14 * lines;
  const cell = header + size + 10;
  const values = images.map(({ url, title, correct }, i) => ({
    url,
    title: `${correct === undefined ? '' : correct ? '✓ ' : '✗ '}${title}`,
    state: correct === undefined ? 'unknown' : correct ? 'right' : 'wrong',
    x: (i % across) * (size + 12) + size / 2,
    y: Math.floor(i / across) * cell + header + size / 2,
    top: Math.floor(i / across) * cell + 14,
  }));
  const wrong = images.filter(({ correct }) => correct === false).length;
  const right = images.filter(({ correct }) => correct === true).length;
  const titles = (states: readonly string[], color?: string): object => ({
    transform: [{ filter: { field: 'state', oneOf: states } }],
    mark: {
      type: 'text',
      fontSize: 11,
      limit: size,
      fontWeight: 'bold',
      ...(lines > 1 ? { lineBreak: '\n' } : {}),
      ...(color === undefined ? {} : { color }),
    },
    encoding: {
      x: { field: 'x', type: 'quantitative', scale: null, axis: null },
      y: { field: 'top', type: 'quantitative', scale: null, axis: null },
      text: { field: 'title' },
    },
  });
  return chart({
    title: '',
    description:
      `${counted(images.length, 'image', 'images')}${right + wrong > 0 ? `, ${right} predicted correctly and ${wrong} incorrectly` : ''}: ` +
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
