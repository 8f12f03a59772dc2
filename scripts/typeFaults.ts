// Finds faults in the published types: types that users cannot import, look up or pass on.

import ts from 'typescript';

/** The published types to check. */
export interface TypeSurface {
  readonly checker: ts.TypeChecker;
  /** The exports of the entries. */
  readonly symbols: ReadonlySet<ts.Symbol>;
  /** Packages that may not be installed. */
  readonly optionalPackages: readonly string[];
  /** Returns whether a file belongs to this package. */
  readonly isOwn: (file: ts.SourceFile) => boolean;
}

/** Returns the faults, one sentence each: `confusedPairs takes an unnamed parameter...`. */
export function typeFaults(surface: TypeSurface): string[] {
  const { checker, symbols, optionalPackages, isOwn } = surface;
  const faults = new Set<string>();
  for (const symbol of symbols) {
    const report = (fault: string): void => void faults.add(`${symbol.name} ${fault}`);
    for (const declaration of symbol.declarations ?? []) visit(declaration, report);
    if (symbol.flags & (ts.SymbolFlags.Interface | ts.SymbolFlags.TypeAlias))
      checkOptionals(checker.getDeclaredTypeOfSymbol(symbol), report);
  }
  for (const fault of misnamedOptions(symbols)) faults.add(fault);
  return [...faults].sort();

  function visit(node: ts.Node, report: (fault: string) => void): void {
    if (isPrivate(node)) return;
    if (ts.isParameter(node)) checkParameter(node, report);
    if (ts.isTypeQueryNode(node)) checkName(node.exprName, report);
    if (ts.isTypeReferenceNode(node)) checkName(node.typeName, report);
    if (ts.isExpressionWithTypeArguments(node)) checkName(node.expression, report);
    if (ts.isTypeLiteralNode(node)) checkOptionals(checker.getTypeFromTypeNode(node), report);
    ts.forEachChild(node, (child) => {
      visit(child, report);
    });
  }

  function checkParameter(node: ts.ParameterDeclaration, report: (fault: string) => void): void {
    if (!ts.isIdentifier(node.name)) report(`takes an unnamed parameter \`${text(node.name)}\`. Name it.`);
    const isCallable =
      ts.isFunctionDeclaration(node.parent) ||
      ts.isMethodDeclaration(node.parent) ||
      ts.isMethodSignature(node.parent) ||
      ts.isConstructorDeclaration(node.parent);
    if (isCallable && node.type !== undefined && hasLiteralType(node.type)) report(`takes \`${text(node.type)}\`. Give the type a name.`);
  }

  function checkName(name: ts.Node, report: (fault: string) => void): void {
    const found = checker.getSymbolAtLocation(ts.isQualifiedName(name) ? leftmost(name) : name);
    if (found === undefined) return;
    const origin = importedFrom(found);
    if (origin !== undefined && optionalPackages.includes(origin)) report(`names a type of the optional package ${origin}.`);
    const target = found.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(found) : found;
    const declaration = target.declarations?.[0];
    if (declaration === undefined || target.flags & ts.SymbolFlags.TypeParameter || !isOwn(declaration.getSourceFile())) return;
    if (ts.isTypeQueryNode(name.parent)) report(`is written as \`${text(name.parent.parent)}\`. Write the type out.`);
    else if (!symbols.has(target)) report(`names \`${target.name}\`, which no entry exports.`);
  }

  function checkOptionals(type: ts.Type, report: (fault: string) => void): void {
    for (const property of type.isUnion() ? type.types.flatMap((part) => part.getProperties()) : type.getProperties()) {
      // Types of the language and the browser are not checked.
      if (property.declarations?.some((node) => node.getSourceFile().hasNoDefaultLib) === true) continue;
      if (property.flags & ts.SymbolFlags.Optional && !acceptsUndefined(checker.getTypeOfSymbol(property)))
        report(`has an optional \`${property.name}\` that does not accept undefined.`);
    }
  }

  // With exactOptionalPropertyTypes, the type of an optional property contains `undefined` only if that is declared.
  function acceptsUndefined(type: ts.Type): boolean {
    const parts = type.isUnion() ? type.types : [type];
    return parts.includes(checker.getUndefinedType()) || (type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) !== 0;
  }
}

/**
 * Options of a single function must be named after it: `EvaluateOptions` for `evaluate`. An overload may also accept other options.
 */
function* misnamedOptions(symbols: Iterable<ts.Symbol>): Iterable<string> {
  const namesOf = new Map<string, Set<string>>();
  for (const symbol of symbols) {
    const names = (symbol.declarations ?? [])
      .filter(ts.isFunctionDeclaration)
      .flatMap(({ parameters }) => parameters)
      .flatMap(({ type }) => (type !== undefined && /Options\b/.test(text(type)) ? [text(type).replace(/<.*/, '')] : []));
    if (names.length > 0) namesOf.set(symbol.name, new Set(names));
  }
  for (const [name, options] of namesOf) {
    const expected = `${name}Options`.toLowerCase();
    const own = [...options].filter((option) => [...namesOf.values()].filter((others) => others.has(option)).length === 1);
    if (own.length > 0 && !own.some((option) => option.toLowerCase() === expected))
      yield `${name} takes ${own.map((option) => `\`${option}\``).join(' and ')}. Name it after the function.`;
  }
}

function isPrivate(node: ts.Node): boolean {
  return ts.canHaveModifiers(node) && ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword) === true;
}

function hasLiteralType(type: ts.TypeNode): boolean {
  return ts.isTypeLiteralNode(type) || ((ts.isUnionTypeNode(type) || ts.isIntersectionTypeNode(type)) && type.types.some(hasLiteralType));
}

function leftmost(name: ts.EntityName): ts.Identifier {
  return ts.isQualifiedName(name) ? leftmost(name.left) : name;
}

/** Returns the package of an import: `@tensorflow/tfjs-core`, also for one of its files. */
function importedFrom(symbol: ts.Symbol): string | undefined {
  for (let node: ts.Node | undefined = symbol.declarations?.[0]; node !== undefined; node = node.parent as ts.Node | undefined) {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier))
      return /^(?:@[^/]+\/)?[^/.][^/]*/.exec(node.moduleSpecifier.text)?.[0];
  }
  return undefined;
}

function text(node: ts.Node): string {
  return node.getText().replaceAll(/\s+/g, ' ');
}
