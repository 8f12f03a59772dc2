// Defines the charts of this module: Vega-Lite specs with a description for screen readers. The type does not import Vega-Lite, so users
// need not install it to compile; charts.test-d.ts checks it against Vega-Lite's type.

/** A Vega-Lite specification. It is plain data that can be drawn here, in a notebook, in an editor or on a web page. */
export type ChartSpec = ChartHeader &
  (ChartMarkWithData | ChartLayers | { readonly hconcat: ChartPanel[] } | { readonly vconcat: ChartPanel[] });

/** The properties that all charts have. */
export interface ChartHeader {
  readonly $schema: string;
  readonly title: string | { readonly text: string; readonly subtitle: string };
  /** Text for screen readers. */
  readonly description: string;
}

/** One panel of a chart. */
export type ChartPanel = ChartMark | ChartLayers;

/** Several marks drawn on top of each other. */
export interface ChartLayers {
  readonly layer: ChartMark[];
}

/** A mark, and the data column for each of its channels. */
export interface ChartMark {
  readonly mark: { readonly type: 'area' | 'bar' | 'image' | 'line' | 'point' | 'rect' | 'rule' | 'text' };
  readonly encoding: object;
}

/** A mark that is a complete chart with data. */
export interface ChartMarkWithData extends ChartMark {
  readonly data: { readonly values: object[] };
}

/** Colors that most color-blind readers can distinguish, with a contrast of 3:1 on white and on near-black. */
export const COLOURS = {
  first: '#3b7dd8',
  second: '#c8641b',
  right: '#2e8540',
  wrong: '#d1433f',
  quiet: '#808790',
} as const;

/** Colors of the series of a chart, in order. */
export const SERIES = [
  COLOURS.first,
  COLOURS.second,
  COLOURS.right,
  '#a45bc4',
  '#b8860b',
  '#168f96',
  COLOURS.wrong,
  COLOURS.quiet,
  '#6f6bd6',
  '#b0527d',
];

/** Creates a chart from its parts. `description` is the text for screen readers; it becomes one line. */
export function chart(spec: Omit<ChartHeader, '$schema'> & Record<string, unknown>): ChartSpec {
  const description = spec.description.replaceAll('\n', ', ');
  return { $schema: 'https://vega.github.io/schema/vega-lite/v6.json', ...spec, description } as unknown as ChartSpec;
}

/** Returns a count with its noun: `12 classes`, `1 class`. */
export function counted(count: number, one: string, many: string): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
}

/** Formats a fraction as a percentage: `83.2 %`. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
