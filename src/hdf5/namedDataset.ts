import type { Dataset } from 'h5wasm';

/** A dataset and the name of its array. */
export interface NamedDataset {
  readonly name: string;
  readonly dataset: Dataset;
}
