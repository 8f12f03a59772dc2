// The repositories in test/fixtures/weights/hub: one small network of transformers in three forms.

import { fileURLToPath } from 'node:url';

/** Returns the path of a repository: `file`, `shards` or `bin`. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/weights/hub/${name}`, import.meta.url));
}
