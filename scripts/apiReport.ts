// The public face in one file: every entry's exports as the published types declare them, without their docs.
// npm run api             writes api.md; needs a build
// npm run api -- --check  fails where api.md says something else

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

const root = path.join(import.meta.dirname, '..');
const report = path.join(root, 'api.md');
const { name, exports: entries } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { name: string; exports: Record<string, { types?: string }> };
const files = Object.entries(entries).flatMap(([entry, { types }]) => (types === undefined ? [] : [{ title: path.posix.join(name, entry), file: path.join(root, types) }]));

const program = ts.createProgram(files.map(({ file }) => file), { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, skipLibCheck: true });
const checker = program.getTypeChecker();
const printer = ts.createPrinter({ removeComments: true });
const seen = new Map<ts.Symbol, string>();

const sections = files.map(({ title, file }) => {
  const source = program.getSourceFile(file);
  const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
  if (module === undefined) throw new Error(`Expected types at ${path.relative(root, file)}. Run \`npm run build\` first.`);
  const symbols = checker.getExportsOfModule(module).sort((a, b) => (a.name < b.name ? -1 : 1));
  return `## ${title}\n\n\`\`\`ts\n${symbols.map((symbol) => declared(symbol, title)).join('\n')}\n\`\`\`\n`;
});
const text = `# Public API\n\nWritten by \`npm run api\` out of the built types; a change here is a change for users.\n\n${sections.join('\n')}`;

if (!process.argv.includes('--check')) {
  writeFileSync(report, text);
} else if (readFileSync(report, 'utf8') !== text) {
  console.error('api.md differs from the public face. If the change is meant, run `npm run api`, and tell users in CHANGELOG.md.');
  process.exitCode = 1;
}

/** Where another entry has it too, that entry's name is enough. */
function declared(symbol: ts.Symbol, title: string): string {
  const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const elsewhere = seen.get(target);
  if (elsewhere !== undefined) return `export { ${symbol.name} } from '${elsewhere}';`;
  seen.set(target, title);
  const nodes = (target.declarations ?? []).map((node) => (ts.isVariableDeclaration(node) ? node.parent.parent : node));
  return [...new Set(nodes)].map((node) => printer.printNode(ts.EmitHint.Unspecified, node, node.getSourceFile()).replace(/^(export )?(declare )?/, 'export ')).join('\n');
}
