// Writes the public API into one file: the exports of every entry as the published types declare them, without docstrings.
// npm run api             writes api.md; needs a build
// npm run api -- --check  fails if api.md is out of date
// Both fail if the types have faults: see typeFaults.ts.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { openPublishedTypes, targetOf } from './publishedTypes.js';
import { typeFaults } from './typeFaults.js';

const root = path.join(import.meta.dirname, '..');
const report = path.join(root, 'api.md');
const { manifest, entries, checker, exportsOf } = openPublishedTypes();
const printer = ts.createPrinter({ removeComments: true });
/** The entry that declares each symbol, and the names that each entry exports. */
const seen = new Map<ts.Symbol, string>();
const namesOf = new Map<string, readonly string[]>();

const sections = entries.map((entry) => {
  const { title } = entry;
  const symbols = exportsOf(entry).sort((a, b) => (a.name < b.name ? -1 : 1));
  const lines = [...reexports(symbols), ...symbols.flatMap((symbol) => declared(symbol, title))];
  namesOf.set(
    title,
    symbols.map((symbol) => symbol.name),
  );
  return `## ${title}\n\n\`\`\`ts\n${lines.join('\n')}\n\`\`\`\n`;
});
const text =
  `# Public API\n\nWritten by \`npm run api\` out of the built types; ` + `a change here is a change for users.\n\n${sections.join('\n')}`;

if (!process.argv.includes('--check')) {
  writeFileSync(report, text);
} else if (readFileSync(report, 'utf8') !== text) {
  console.error('api.md is out of date. If the change is intended, run `npm run api` and describe it in CHANGELOG.md.');
  process.exitCode = 1;
}

const own = path.join(root, 'dist') + path.sep;
const faults = typeFaults({
  checker,
  symbols: new Set(seen.keys()),
  optionalPackages: Object.keys(manifest.peerDependenciesMeta),
  isOwn: (file) => path.resolve(file.fileName).startsWith(own),
});
if (faults.length > 0) {
  console.error(faults.join('\n'));
  process.exitCode = 1;
}

/** Returns one line for each entry that this one re-exports from: `*` if this entry has all of its names, even if some are replaced. */
function reexports(symbols: readonly ts.Symbol[]): string[] {
  const names = new Set(symbols.map((symbol) => symbol.name));
  return [...namesOf].flatMap(([title, theirs]) => {
    const shared = symbols.filter((symbol) => seen.get(targetOf(checker, symbol)) === title).map((symbol) => symbol.name);
    if (shared.length === 0) return [];
    return [`export ${theirs.every((name) => names.has(name)) ? '*' : `{ ${shared.join(', ')} }`} from '${title}';`];
  });
}

/** Returns the declarations of a symbol, or nothing if an earlier entry contains them. */
function declared(symbol: ts.Symbol, title: string): string[] {
  const target = targetOf(checker, symbol);
  if (seen.has(target)) return [];
  seen.set(target, title);
  const nodes = (target.declarations ?? []).map((node) => (ts.isVariableDeclaration(node) ? node.parent.parent : node));
  return [...new Set(nodes)].map((node) =>
    printer.printNode(ts.EmitHint.Unspecified, node, node.getSourceFile()).replace(/^(export )?(declare )?/, 'export '),
  );
}
