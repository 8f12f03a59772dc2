// What every chart here is: a Vega-Lite spec with a sentence for those who cannot see it. Drawing it: renderChart.ts.
// Its type is our own, so that nobody needs Vega-Lite installed to compile; charts.test-d.ts holds it to Vega-Lite's.

/** A Vega-Lite specification: plain data to draw here, in a notebook, an editor or a page. */
export type ChartSpec = ChartHeader &
  (ChartMarkWithData | ChartLayers | { readonly hconcat: ChartPanel[] } | { readonly vconcat: ChartPanel[] });

/** What every chart says about itself. */
export interface ChartHeader {
  readonly $schema: string;
  readonly title: string | { readonly text: string; readonly subtitle: string };
  /** What screen readers read out. */
  readonly description: string;
}

/** One panel of a chart. */
export type ChartPanel = ChartMark | ChartLayers;

/** Marks on top of each other. */
export interface ChartLayers {
  readonly layer: ChartMark[];
}

/** A mark, and which column of the data each of its channels shows. */
export interface ChartMark {
  readonly mark: { readonly type: 'area' | 'bar' | 'image' | 'line' | 'point' | 'rect' | 'rule' | 'text' };
  readonly encoding: object;
}

/** A mark that is a whole chart. */
export interface ChartMarkWithData extends ChartMark {
  readonly data: { readonly values: object[] };
}

/** Colors that can be told apart, also by most who see fewer, and that stand out (3:1) on white as on near-black. */
export const COLOURS = {
  first: '#3b7dd8',
  second: '#c8641b',
  right: '#2e8540',
  wrong: '#d1433f',
  quiet: '#808790',
} as const;

/** The colors of several series, in order. */
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

/** A spec out of its parts; `description` is what screen readers read out. */
export function chart(spec: Omit<ChartHeader, '$schema'> & Record<string, unknown>): ChartSpec {
  return { $schema: 'https://vega.github.io/schema/vega-lite/v6.json', ...spec } as unknown as ChartSpec;
}

/** `12 classes`, `1 class`. */
export function counted(count: number, one: string, many: string): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
}

/** A share in words: `83.2 %`. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
