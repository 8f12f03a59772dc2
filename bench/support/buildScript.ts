// Bundles the script of a benchmark process, which runs as an application does: with the built package and without a TypeScript loader.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { fromRoot } from './paths.js';

/** Bundles a script and returns the path of the result. Imports of `effnet-ts` read `dist`, so `npm run build` must come first. */
export async function buildScript(script: string): Promise<string> {
  if (!existsSync(fromRoot('dist/node.js'))) throw new Error('There is no build of the package. Run `npm run build` first.');
  // As deep in this repository as bench/support, so that paths.ts finds its root.
  const outfile = fromRoot(`.cache/built/${path.basename(path.dirname(script))}-${path.basename(script, '.ts')}.mjs`);
  await build({
    entryPoints: [script],
    outfile,
    bundle: true,
    packages: 'external',
    // tsconfig.json points these at the sources.
    external: ['effnet-ts', 'effnet-ts/*'],
    platform: 'node',
    format: 'esm',
    target: 'es2022',
  });
  return outfile;
}
