// The functions of the published types: what each takes, as the TypeScript checker sees it. Needs a build.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

const root = path.join(import.meta.dirname, '../../..');

/** A function users call, and all forms of its arguments. */
export interface PublicFunction {
  /** `mbConv`, `Dataset.map`; `index.loadModel` where another entry replaces the function by one of its own. */
  readonly name: string;
  /** The file of `src/` that exports it. */
  readonly entry: string;
  readonly signatures: readonly ts.Signature[];
}

const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { exports: Record<string, { types?: string }> };
const entries = Object.values(manifest.exports).flatMap(({ types }) => (types === undefined ? [] : [path.basename(types, '.d.ts')]));
const fileOf = (entry: string): string => path.join(root, 'dist', `${entry}.d.ts`);
const program = ts.createProgram(entries.map(fileOf), {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  skipLibCheck: true,
  strict: true,
  exactOptionalPropertyTypes: true,
});

export const checker = program.getTypeChecker();

/** Every exported function and every public method of an exported class, by name. Entries that extend another come first. */
export function publicFunctions(): ReadonlyMap<string, PublicFunction> {
  const functions = new Map<string, PublicFunction>();
  const seen = new Set<ts.Symbol>();
  for (const entry of ['node', ...entries.filter((each) => each !== 'node')]) {
    const source = program.getSourceFile(fileOf(entry));
    const module = source && checker.getSymbolAtLocation(source);
    if (module === undefined) throw new Error(`Expected types at dist/${entry}.d.ts. Run \`npx tsup\` first.`);
    for (const exported of checker.getExportsOfModule(module)) {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      if (seen.has(symbol)) continue;
      seen.add(symbol);
      const add = (name: string, signatures: readonly ts.Signature[]): void => {
        if (signatures.length === 0) return;
        functions.set(functions.has(name) ? `${entry}.${name}` : name, { name, entry, signatures });
      };
      if (symbol.flags & ts.SymbolFlags.Class) {
        for (const method of methodsOf(symbol)) add(`${exported.name}.${method.name}`, checker.getTypeOfSymbol(method).getCallSignatures());
      } else if (symbol.flags & ts.SymbolFlags.Value) {
        add(exported.name, checker.getTypeOfSymbol(symbol).getCallSignatures());
      }
    }
  }
  return functions;
}

/** The method of what a function returns: `tensorBoard().scalar`. */
export function returnedMethod(maker: PublicFunction, method: string): PublicFunction {
  const signatures = maker.signatures.flatMap((signature) => {
    const returned = signature.getReturnType();
    const property = (checker.getAwaitedType(returned) ?? returned).getProperty(method);
    return property === undefined ? [] : checker.getNonNullableType(checker.getTypeOfSymbol(property)).getCallSignatures();
  });
  if (signatures.length === 0) throw new Error(`Expected a method \`${method}\` of what ${maker.name} returns.`);
  return { name: method, entry: maker.entry, signatures };
}

/** Static and other methods of a class of this package, without those it inherits from another. */
function methodsOf(symbol: ts.Symbol): ts.Symbol[] {
  const own = [...(symbol.exports?.values() ?? []), ...(symbol.members?.values() ?? [])];
  return own.filter((member) => {
    const isPublic = member.declarations?.every(
      (each) => !(ts.getCombinedModifierFlags(each) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)),
    );
    return (member.flags & ts.SymbolFlags.Method) !== 0 && isPublic === true && !member.name.startsWith('__');
  });
}
