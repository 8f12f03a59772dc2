// The public face in one file: every entry's exports as the published types declare them, without their docs.
// npm run api             writes api.md; needs a build
// npm run api -- --check  fails where api.md says something else
// Both fail where the types have faults: see typeFaults.ts.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { typeFaults } from './typeFaults.js';

const root = path.join(import.meta.dirname, '..');
const report = path.join(root, 'api.md');
const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  name: string;
  exports: Record<string, { types?: string }>;
  peerDependenciesMeta: object;
};
const { name, exports: entries } = manifest;
const files = Object.entries(entries).flatMap(([entry, { types }]) =>
  types === undefined ? [] : [{ title: path.posix.join(name, entry), file: path.join(root, types) }],
);

const program = ts.createProgram(
  files.map(({ file }) => file),
  {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    skipLibCheck: true,
    strict: true,
    exactOptionalPropertyTypes: true,
  },
);
const checker = program.getTypeChecker();
const printer = ts.createPrinter({ removeComments: true });
/** The entry that a symbol stands in, and the names of each entry. */
const seen = new Map<ts.Symbol, string>();
const namesOf = new Map<string, readonly string[]>();

const sections = files.map(({ title, file }) => {
  const source = program.getSourceFile(file);
  const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
  if (module === undefined) throw new Error(`Expected types at ${path.relative(root, file)}. Run \`npm run build\` first.`);
  const symbols = checker.getExportsOfModule(module).sort((a, b) => (a.name < b.name ? -1 : 1));
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
  console.error('api.md differs from the public face. If the change is meant, run `npm run api`, and tell users in CHANGELOG.md.');
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

/**
 * One line for each other entry of which this one exports something: `*` where it has every name of it, its own things in their place
 * included.
 */
function reexports(symbols: readonly ts.Symbol[]): string[] {
  const names = new Set(symbols.map((symbol) => symbol.name));
  return [...namesOf].flatMap(([title, theirs]) => {
    const shared = symbols.filter((symbol) => seen.get(targetOf(symbol)) === title).map((symbol) => symbol.name);
    if (shared.length === 0) return [];
    return [`export ${theirs.every((name) => names.has(name)) ? '*' : `{ ${shared.join(', ')} }`} from '${title}';`];
  });
}

/** What is declared here: nothing where another entry has it. */
function declared(symbol: ts.Symbol, title: string): string[] {
  const target = targetOf(symbol);
  if (seen.has(target)) return [];
  seen.set(target, title);
  const nodes = (target.declarations ?? []).map((node) => (ts.isVariableDeclaration(node) ? node.parent.parent : node));
  return [...new Set(nodes)].map((node) =>
    printer.printNode(ts.EmitHint.Unspecified, node, node.getSourceFile()).replace(/^(export )?(declare )?/, 'export '),
  );
}

function targetOf(symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}
