import type { Dataset } from 'h5wasm';

/** A dataset and the name its array gets. */
export interface NamedDataset {
  readonly name: string;
  readonly dataset: Dataset;
}
