// Draws charts as SVG or PNG with Vega. It needs no browser, and Vega's interpreter evaluates expressions without `eval`.

import type { Config, TopLevelSpec } from 'vega-lite';
import { callable, check, checkOptions, missingPackage, oneOf, positive, rule, show } from '../core/internal.js';
import { EffnetError, OptionError } from '../core/index.js';
import { reasonOf } from '../models/internal.js';

/** Options of {@link renderSvg}. */
export interface RenderSvgOptions {
  /**
   * Color theme. `light` and `dark` have a background. `page` has none and uses the text color of the page that contains the SVG.
   * @defaultValue 'light'
   */
  readonly theme?: 'light' | 'dark' | 'page' | undefined;
  /** Called with each Vega-Lite warning about the specification. @defaultValue prints it with `console.warn` */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** Options of {@link renderPng}. */
export interface RenderPngOptions {
  /** Color theme. @defaultValue 'light' */
  readonly theme?: 'light' | 'dark' | undefined;
  /** Pixels per unit of the chart. @defaultValue 2 */
  readonly scale?: number | undefined;
  /** Called with each Vega-Lite warning about the specification. @defaultValue prints it with `console.warn` */
  readonly onWarning?: ((message: string) => void) | undefined;
}

const THEMES = {
  light: { ink: '#1b1f24', background: '#ffffff' },
  dark: { ink: '#e6e9ee', background: '#15181d' },
  page: { ink: 'currentColor', background: 'transparent' },
} as const;

const spec = rule<TopLevelSpec>('a Vega-Lite specification', (value) => typeof value === 'object' && value !== null && '$schema' in value);

/**
 * Draws a chart as SVG. Requires the optional packages `vega`, `vega-lite` and `vega-interpreter`.
 *
 * @param chart - A chart of this module, or any Vega-Lite specification that has a `$schema`.
 * @returns One `<svg>` element with `role="img"` and the chart's description as its label.
 * @throws {OptionError} when the value is not a specification, or an option is unknown.
 * @throws {MissingPackageError} when a package is not installed.
 * @throws {EffnetError} when Vega refuses the specification.
 * @example
 * const svg = await renderSvg(confusionChart(evaluation), { theme: 'dark' });
 */
export async function renderSvg(chart: object, options: RenderSvgOptions = {}): Promise<string> {
  check('renderSvg', 'chart', chart, spec);
  const { theme = 'light', onWarning } = checkOptions('renderSvg', options, { theme: oneOf('light', 'dark', 'page'), onWarning: callable });
  return drawSvg('renderSvg', chart, { theme, onWarning });
}

interface Drawing {
  readonly theme: keyof typeof THEMES;
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** Draws a chart that was already checked, for the function that the user called. */
export async function drawSvg(where: string, chart: object, { theme, onWarning }: Drawing): Promise<string> {
  const { vega, vegaLite, interpreter } = await loadVega(where);
  try {
    const logger =
      onWarning === undefined
        ? {}
        : {
            logger: vega.logger(vega.Warn, undefined, (_method, _level, words) => {
              onWarning(words.join(' '));
            }),
          };
    const { spec: compiled } = vegaLite.compile(chart as TopLevelSpec, { config: themeConfig(theme), ...logger });
    const runtime = vega.parse(compiled, undefined, { ast: true });
    const view = new vega.View(runtime, { renderer: 'none', expr: interpreter.expressionInterpreter, logLevel: vega.Error });
    try {
      const svg = await view.toSVG();
      // The SVG has one label for the whole image, so the roles and labels of the marks are removed.
      const plain = svg.replace(/ (?:role="graphics-[^"]*"|aria-[a-z]+="[^"]*")/g, '');
      return plain.replace('<svg ', `<svg role="img" aria-label="${escaped((chart as TopLevelSpec).description ?? '')}" `);
    } finally {
      view.finalize();
    }
  } catch (error) {
    throw new EffnetError(
      `${where}: expected a specification that Vega can draw for \`chart\`, received one that it refuses: ${reasonOf(error)}.`,
      {
        cause: error,
      },
    );
  }
}

/**
 * Draws a chart as PNG. Requires `sharp`, the packages that `renderSvg` needs, and an installed font.
 *
 * @param chart - A chart of this module, or any Vega-Lite specification that has a `$schema`.
 * @returns The bytes of the file.
 * @throws {OptionError} when the value is not a specification, an image in it does not have a `data:` URL, or an option is unknown or has a
 *   wrong value.
 * @throws {MissingPackageError} when a package is not installed.
 * @throws {EffnetError} when Vega refuses the specification, or the image is too large for sharp.
 * @example
 * await writeFile('confusion.png', await renderPng(confusionChart(evaluation)));
 */
export async function renderPng(chart: object, options: RenderPngOptions = {}): Promise<Uint8Array> {
  check('renderPng', 'chart', chart, spec);
  const {
    theme = 'light',
    scale = 2,
    onWarning,
  } = checkOptions('renderPng', options, { theme: oneOf('light', 'dark'), scale: positive, onWarning: callable });
  const svg = await drawSvg('renderPng', chart, { theme, onWarning });
  const [, url] = /<image [^>]*href="(?!data:)([^"]*)"/.exec(svg) ?? [];
  if (url !== undefined) {
    throw new OptionError(
      `renderPng: expected only images with \`data:\` URLs in \`chart\`, received ${show(url)}. Other images are not loaded: pass ` +
        '`await imageDataUrl(image)`, or draw the chart as SVG.',
    );
  }
  const { default: sharp } = await import('sharp').catch(missingPackage('renderPng', 'sharp'));
  return sharp(new TextEncoder().encode(svg), { density: 72 * scale })
    .png()
    .toBuffer()
    .catch((cause: unknown) => {
      const [, width, height] = / width="(\d+)" height="(\d+)"/.exec(svg) ?? [];
      throw new EffnetError(
        `renderPng: expected a chart that sharp can draw, received one of ${width} x ${height} units at \`scale\` ${scale}: ` +
          `${reasonOf(cause)}. Draw it smaller, or as SVG.`,
        { cause },
      );
    });
}

/** Escapes text for attributes and elements. */
export function escaped(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

async function loadVega(where: string) {
  const all = 'vega vega-lite vega-interpreter';
  const [vega, vegaLite, interpreter] = await Promise.all([
    import('vega').catch(missingPackage(where, 'vega', all)),
    import('vega-lite').catch(missingPackage(where, 'vega-lite', all)),
    import('vega-interpreter').catch(missingPackage(where, 'vega-interpreter', all)),
  ]);
  return { vega, vegaLite, interpreter };
}

function themeConfig(theme: keyof typeof THEMES): Config {
  const { ink, background } = THEMES[theme];
  const font = 'system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif';
  return {
    aria: false,
    background,
    font,
    padding: 8,
    view: { stroke: null },
    title: { anchor: 'start', color: ink, subtitleColor: ink, fontSize: 15, subtitleFontSize: 12, offset: 12, subtitlePadding: 4 },
    axis: {
      labelColor: ink,
      titleColor: ink,
      tickColor: ink,
      domainColor: ink,
      gridColor: ink,
      gridOpacity: 0.14,
      domainOpacity: 0.5,
      tickOpacity: 0.5,
      labelFontSize: 11,
      titleFontSize: 12,
      titleFontWeight: 'normal',
      labelLimit: 220,
    },
    legend: { labelColor: ink, titleColor: ink, labelFontSize: 11, labelLimit: 260, symbolStrokeWidth: 3 },
    header: { labelColor: ink, titleColor: ink, labelFontSize: 12 },
    text: { color: ink },
    rule: { color: ink },
  };
}
