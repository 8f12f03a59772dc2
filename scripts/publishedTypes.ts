// Opens the declarations in dist with the TypeScript compiler, as a strict project sees them. Needs a build.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

const root = path.join(import.meta.dirname, '..');

/** The parts of package.json that are used here. */
export interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, { readonly types?: string }>>;
  readonly peerDependenciesMeta: object;
}

/** An entry of the package and its declarations. */
export interface PublishedEntry {
  /** The name to import, for example `effnet-ts/node`. */
  readonly title: string;
  readonly file: string;
}

/** The published types of every entry. */
export interface PublishedTypes {
  readonly manifest: Manifest;
  readonly entries: readonly PublishedEntry[];
  readonly checker: ts.TypeChecker;
  /** Returns the exports of an entry. Throws if the package is not built. */
  readonly exportsOf: (entry: PublishedEntry) => ts.Symbol[];
}

/** Opens the published types. */
export function openPublishedTypes(): PublishedTypes {
  const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as Manifest;
  const entries = Object.entries(manifest.exports).flatMap(([entry, { types }]) =>
    types === undefined ? [] : [{ title: path.posix.join(manifest.name, entry), file: path.join(root, types) }],
  );
  const program = ts.createProgram(
    entries.map(({ file }) => file),
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
  const exportsOf = ({ file }: PublishedEntry): ts.Symbol[] => {
    const source = program.getSourceFile(file);
    const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
    if (module === undefined) throw new Error(`Expected types at ${path.relative(root, file)}. Run \`npx tsup\` first.`);
    return checker.getExportsOfModule(module);
  };
  return { manifest, entries, checker, exportsOf };
}

/** Returns the symbol that a re-export stands for. */
export function targetOf(checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}
