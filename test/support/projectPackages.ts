// Imports packages that are too large for this repository from another project.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Imports packages from the project in `folder`. */
export function importFrom(folder: string): (name: string) => Promise<unknown> {
  const { resolve } = createRequire(join(folder, 'package.json'));
  return async (name) => import(pathToFileURL(resolve(name)).href) as Promise<unknown>;
}
