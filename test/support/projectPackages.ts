// Packages too heavy to be dependencies of this repository, taken from a project beside it that has them.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Imports packages as the project in `folder` would. */
export function importFrom(folder: string): (name: string) => Promise<unknown> {
  const { resolve } = createRequire(join(folder, 'package.json'));
  return async (name) => import(pathToFileURL(resolve(name)).href) as Promise<unknown>;
}
