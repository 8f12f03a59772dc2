// Says which network the arrays of a weight file belong to.

import path from 'node:path';
import { isEffnetError, planModel, type NamedArrays, type Variant } from '../node.js';
import { identifyVariant, recognizeLayout } from '../weights/internal.js';
import { table, type Description } from './description.js';

/** Describes the arrays of a weight file. */
export function describeWeights(file: string, arrays: NamedArrays, list: boolean): Description {
  const entries = [...arrays].map(([name, { shape, dtype }]) => ({
    name,
    shape,
    dtype,
    values: shape.reduce((product, side) => product * side, 1),
  }));
  const values = entries.reduce((sum, entry) => sum + entry.values, 0);
  const dtypes = [...new Set(entries.map(({ dtype }) => dtype))];
  const network = networkOf(arrays);
  const rows: [string, string][] = [
    ['arrays', `${entries.length} with ${values.toLocaleString('en-US')} values (${dtypes.join(', ')})`],
    ['network', network === undefined ? 'none that is known' : networkText(network)],
    ...(network === undefined ? [] : [['names', `as ${network.layout} has them`] as [string, string]]),
  ];
  const width = Math.max(...entries.map(({ name }) => name.length));
  const lines = list ? ['', ...entries.map(({ name, shape, dtype }) => `${name.padEnd(width)}  ${dtype}  [${shape.join(', ')}]`)] : [];
  return {
    text: [path.basename(path.resolve(file)), table(rows), ...lines].join('\n'),
    json: {
      name: path.basename(path.resolve(file)),
      values,
      network: network ?? null,
      arrays: entries.map(({ values: _, ...entry }) => entry),
    },
  };
}

interface Network {
  readonly layout: string;
  readonly variant: Variant;
  /** Weights up to the classifier, and how many of them are not in the file. */
  readonly weights: number;
  readonly lacking: number;
}

/** One variant of each family. The names of a family's networks begin alike, so one of them is enough to recognize a layout. */
const FAMILIES: readonly Variant[] = ['b0', 'v2-b0', 'v2-s', 'edgetpu-s'];

function networkOf(arrays: NamedArrays): Network | undefined {
  for (const variant of FAMILIES) {
    try {
      const { layout, prefix } = recognizeLayout('inspect', planModel(variant), arrays, { head: 'skip' });
      const likely = identifyVariant(arrays, layout, prefix);
      return likely === null ? undefined : { layout, ...likely };
    } catch (error) {
      if (!isEffnetError(error)) throw error;
    }
  }
  return undefined;
}

function networkText({ variant, weights, lacking }: Network): string {
  return lacking === 0 ? variant : `like ${variant}, with ${weights - lacking} of its ${weights} weights up to the classifier`;
}
