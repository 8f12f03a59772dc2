// Holds the built entries to a size: what one adds to an application, minified and gzipped, packages left outside.
// usage: npm run size   (after npm run build)

import { execFileSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/** Kilobytes of 1000 bytes. An entry that outgrows its budget has to say why in the commit that raises it. */
const BUDGETS: Readonly<Record<string, number>> = { index: 130, node: 197, wasm: 20, onnx: 37 };
/** What an application that builds a network and loads its weights takes of `index`. */
const CORE = { names: 'efficientNet, loadWeights', budget: 35 };
// Of which more than half is source maps.
const TARBALL_BUDGET = 1060;

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

/** Prints one line and tells whether the size keeps to its budget. */
function fits(name: string, size: number, budget: number): boolean {
  console.log(`${name.padEnd(8)} ${size.toFixed(1).padStart(7)} kB of ${budget} kB${size <= budget ? '' : '   too large'}`);
  return size <= budget;
}

const entries = await Promise.all(Object.entries(BUDGETS).map(async ([entry, budget]) => fits(entry, await entrySize(entry), budget)));
const core = fits('core', await entrySize('index', CORE.names), CORE.budget);
const tarball = fits('tarball', tarballSize(), TARBALL_BUDGET);
process.exitCode = core && tarball && entries.every(Boolean) ? 0 : 1;
