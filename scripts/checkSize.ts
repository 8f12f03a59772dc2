// Checks the size that each entry adds to an application: minified and gzipped, without other packages.
// npm run size    needs a build

import { execFileSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/** Budgets in kilobytes (1000 bytes). A commit that raises one must say why. */
const BUDGETS: Readonly<Record<string, number>> = { index: 170, node: 265, wasm: 22, onnx: 37 };
/** The part of `index` that an application needs to build a network and load its weights. */
const CORE = { names: 'efficientNet, loadWeights', budget: 36 };
// More than half of it is source maps.
const TARBALL_BUDGET = 1480;

async function entrySize(entry: string, names = '*'): Promise<number> {
  const contents = `export ${names === '*' ? names : `{ ${names} }`} from './dist/${entry}.js'`;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: process.cwd() },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    logLevel: 'error',
  });
  return outputFiles.reduce((size, { contents }) => size + gzipSync(contents).length, 0) / 1000;
}

function tarballSize(): number {
  const listing = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { encoding: 'utf8' });
  const [packed] = JSON.parse(listing) as { readonly size: number }[];
  return (packed?.size ?? NaN) / 1000;
}

/** Prints one line. Returns whether the size is within its budget. */
function fits(name: string, size: number, budget: number): boolean {
  console.log(`${name.padEnd(8)} ${size.toFixed(1).padStart(7)} kB of ${budget} kB${size <= budget ? '' : '   too large'}`);
  return size <= budget;
}

const entries = await Promise.all(Object.entries(BUDGETS).map(async ([entry, budget]) => fits(entry, await entrySize(entry), budget)));
const core = fits('core', await entrySize('index', CORE.names), CORE.budget);
const tarball = fits('tarball', tarballSize(), TARBALL_BUDGET);
process.exitCode = core && tarball && entries.every(Boolean) ? 0 : 1;
