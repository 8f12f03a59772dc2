// Lists the public functions and their parameters, from the published types. Needs a build.

import path from 'node:path';
import ts from 'typescript';
import { openPublishedTypes, targetOf } from '../../../scripts/publishedTypes.js';

/** A public function and its overloads. */
export interface PublicFunction {
  /** `mbConv`, `Dataset.map`; `index.loadModel` if another entry exports a different function with this name. */
  readonly name: string;
  /** The file of `src/` that exports it. */
  readonly entry: string;
  readonly signatures: readonly ts.Signature[];
}

const types = openPublishedTypes();
export const { checker } = types;

/**
 * Returns every exported function and every public method of an exported class, by name. The Node entry comes first, because it extends
 * another.
 */
export function publicFunctions(): ReadonlyMap<string, PublicFunction> {
  const functions = new Map<string, PublicFunction>();
  const seen = new Set<ts.Symbol>();
  const entries = types.entries.map((each) => ({ entry: path.basename(each.file, '.d.ts'), exported: types.exportsOf(each) }));
  for (const { entry, exported: all } of entries.sort((a, b) => Number(b.entry === 'node') - Number(a.entry === 'node'))) {
    for (const exported of all) {
      const symbol = targetOf(checker, exported);
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

/** Returns a method of the object that a function returns, for example `tensorBoard().scalar`. */
export function returnedMethod(maker: PublicFunction, method: string): PublicFunction {
  const signatures = maker.signatures.flatMap((signature) => {
    const returned = signature.getReturnType();
    const property = (checker.getAwaitedType(returned) ?? returned).getProperty(method);
    return property === undefined ? [] : checker.getNonNullableType(checker.getTypeOfSymbol(property)).getCallSignatures();
  });
  if (signatures.length === 0) throw new Error(`Expected a method \`${method}\` of what ${maker.name} returns.`);
  return { name: method, entry: maker.entry, signatures };
}

/** Returns the public static and instance methods of a class, without inherited ones. */
function methodsOf(symbol: ts.Symbol): ts.Symbol[] {
  const own = [...(symbol.exports?.values() ?? []), ...(symbol.members?.values() ?? [])];
  return own.filter((member) => {
    const isPublic = member.declarations?.every(
      (each) => !(ts.getCombinedModifierFlags(each) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)),
    );
    return (member.flags & ts.SymbolFlags.Method) !== 0 && isPublic === true && !member.name.startsWith('__');
  });
}
