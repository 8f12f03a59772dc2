// Generates wrong arguments from a valid call and the types: one wrong value each.

import ts from 'typescript';
import { checker } from './publicApi.js';

/** The arguments of a call with one thing wrong. */
export interface WrongCall {
  /** `options.dropRate = NaN`. */
  readonly wrong: string;
  readonly args: readonly unknown[];
}

const VALUES: readonly unknown[] = [undefined, null, 42, NaN, 'nonsense', '', true, [], {}, () => undefined, [null]];
/** Records that reject unknown keys. All others, for example datasets and images, may have additional keys. */
const WRITTEN = /(Options|Spec|Parts|Preprocessing|Box)$/;
const MAX_DEPTH = 3;

/** Returns all wrong calls that follow from the types of a function and a valid call. */
export function wrongCalls(signatures: readonly ts.Signature[], args: readonly unknown[]): WrongCall[] {
  const length = Math.max(args.length, ...signatures.map((signature) => signature.parameters.length));
  return Array.from({ length }, (_, i) => i).flatMap((i) => {
    const types = signatures.flatMap((signature) => parameterType(signature, i) ?? []);
    if (types.length < signatures.length) return [];
    const name = signatures[0]?.parameters[Math.min(i, signatures[0].parameters.length - 1)]?.name ?? String(i);
    return wrongValues(types, args[i], /^(options|spec)$/.test(name), 0).map(({ path, value }) => ({
      wrong: `${name}${path} = ${written(value)}`,
      args: Object.assign([...args], { [i]: value.value, length }),
    }));
  });
}

/** The arguments with every default passed that the documentation of an option states. */
export function withDefaults(signatures: readonly ts.Signature[], args: readonly unknown[]): { args: unknown[]; defaults: string[] } {
  const stated: string[] = [];
  const complete = args.map((given, i) => {
    // Another form of the function may have other options.
    const type = signatures[0] && parameterType(signatures[0], i);
    if (!isRecord(given) || type === undefined) return given;
    const defaults: Record<string, unknown> = {};
    for (const property of propertiesOf(isWritten(type) ? [type] : [])) {
      const value = statedDefault(property);
      if (value === undefined || !accepts(checker.getTypeOfSymbol(property), value.value)) continue;
      if (!Object.hasOwn(given, property.name)) defaults[property.name] = value.value;
    }
    stated.push(...Object.keys(defaults));
    return { ...given, ...defaults };
  });
  return { args: complete, defaults: stated };
}

interface Wrong {
  readonly path: string;
  readonly value: { readonly value: unknown; readonly shown: unknown };
}

function wrongValues(types: readonly ts.Type[], given: unknown, written: boolean, depth: number): Wrong[] {
  const wrong: Wrong[] = VALUES.filter((value) => !types.some((type) => accepts(type, value))).map((value) => ({
    path: '',
    value: { value, shown: value },
  }));
  if (Array.isArray(given) && isRecord(given[0]) && depth < MAX_DEPTH) {
    const elements = types.flatMap((type) => (type.isUnion() ? type.types : [type])).flatMap((type) => elementType(type) ?? []);
    for (const { path, value } of elements.length === 0 ? [] : wrongValues(elements, given[0], false, depth + 1)) {
      wrong.push({ path: `[0]${path}`, value: { value: [value.value, ...(given.slice(1) as unknown[])], shown: value.shown } });
    }
  }
  const records = types.filter((type) => written || isWritten(type));
  if (records.length === 0 || !isRecord(given) || depth === MAX_DEPTH) return wrong;
  if (!records.some(isOpen)) wrong.push({ path: '.misspelled', value: { value: { ...given, misspelled: 1 }, shown: 1 } });
  for (const property of propertiesOf(records)) {
    const inner = wrongValues([checker.getTypeOfSymbol(property)], given[property.name], false, depth + 1);
    for (const { path, value } of inner) {
      wrong.push({ path: `.${property.name}${path}`, value: { value: { ...given, [property.name]: value.value }, shown: value.shown } });
    }
  }
  return wrong;
}

/** Returns whether a value may be valid. Returns true in case of doubt. */
function accepts(type: ts.Type, value: unknown): boolean {
  const { flags } = type;
  if (type.isUnion()) return type.types.some((each) => accepts(each, value));
  if (flags & ts.TypeFlags.Instantiable && !(flags & ts.TypeFlags.TemplateLiteral)) {
    const constraint = checker.getBaseConstraintOfType(type);
    return constraint === undefined || constraint === type || accepts(constraint, value);
  }
  if (flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return true;
  if (flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Void)) return value === undefined;
  if (flags & ts.TypeFlags.Null) return value === null;
  if (type.isStringLiteral() || type.isNumberLiteral()) return value === type.value;
  if (flags & ts.TypeFlags.StringLike) return typeof value === 'string';
  if (flags & ts.TypeFlags.NumberLike) return typeof value === 'number' && !Number.isNaN(value);
  if (flags & ts.TypeFlags.BooleanLiteral) return value === (checker.typeToString(type) === 'true');
  if (flags & ts.TypeFlags.BooleanLike) return typeof value === 'boolean';
  if (flags & ts.TypeFlags.NonPrimitive) return typeof value === 'object' && value !== null;
  // `string & {}`: a string of any kind beside literals.
  if (type.isIntersection() && type.types.some(isPrimitive)) return type.types.some((each) => isPrimitive(each) && accepts(each, value));
  if (flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection)) return value !== undefined && value !== null && acceptsObject(type, value);
  return false;
}

function isPrimitive({ flags }: ts.Type): boolean {
  return (flags & (ts.TypeFlags.StringLike | ts.TypeFlags.NumberLike | ts.TypeFlags.BooleanLike)) !== 0;
}

function acceptsObject(type: ts.Type, value: unknown): boolean {
  if (type.getCallSignatures().length + type.getConstructSignatures().length > 0) return typeof value === 'function';
  if (checker.isTupleType(type)) return false;
  if (checker.isArrayType(type)) {
    const [element] = checker.getTypeArguments(type as ts.TypeReference);
    return Array.isArray(value) && (element === undefined || value.every((each) => accepts(element, each)));
  }
  const properties = type.getProperties();
  const required = properties.filter((property) => !(property.flags & ts.SymbolFlags.Optional));
  // A record whose keys are all optional is no array, no function and no primitive.
  if (required.length === 0) return typeof value === 'object' && !Array.isArray(value);
  return required.every(({ name }) => (name.startsWith('__@iterator') ? Symbol.iterator : name) in Object(value));
}

function elementType(type: ts.Type): ts.Type | undefined {
  return checker.isArrayType(type) || checker.isTupleType(type) ? checker.getTypeArguments(type as ts.TypeReference)[0] : undefined;
}

function isWritten(type: ts.Type): boolean {
  if (type.isUnion()) return type.types.some(isWritten);
  return WRITTEN.test(type.aliasSymbol?.name ?? (type.symbol as ts.Symbol | undefined)?.name ?? '');
}

/** Returns whether a record accepts arbitrary keys. */
function isOpen(type: ts.Type): boolean {
  return type.isUnion() ? type.types.some(isOpen) : type.getStringIndexType() !== undefined;
}

/** The properties of the records among these types, each name once. */
function propertiesOf(types: readonly ts.Type[]): ts.Symbol[] {
  const members = types
    .flatMap((type) => (type.isUnion() ? type.types : [type]))
    .filter((type) => type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection));
  const found = new Map<string, ts.Symbol[]>();
  for (const property of members.flatMap((type) => type.getProperties()))
    found.set(property.name, [...(found.get(property.name) ?? []), property]);
  return [...found.values()].flatMap(([first, ...more]) =>
    first === undefined || (more.length > 0 && !sameTypes(first, more)) ? [] : [first],
  );
}

/** Forms of one record may differ in a property; such a property is left alone. */
function sameTypes(first: ts.Symbol, more: readonly ts.Symbol[]): boolean {
  const type = checker.typeToString(checker.getTypeOfSymbol(first));
  return more.every((each) => checker.typeToString(checker.getTypeOfSymbol(each)) === type);
}

/** The value that `@defaultValue` starts with, where it starts with a literal. */
function statedDefault(property: ts.Symbol): { value: unknown } | undefined {
  const tag = property.getJsDocTags(checker).find(({ name }) => name === 'defaultValue');
  const text = ts.displayPartsToString(tag?.text);
  const literal = /^(true|false|null|-?\d[\d.e-]*|'[^']*'|\[[^\]]*\])(?![\w-])/.exec(text)?.[1];
  if (literal === undefined) return undefined;
  const json = literal.replaceAll("'", '"').replace(/([\d.]+) \/ ([\d.]+)/g, (_, above, below) => String(Number(above) / Number(below)));
  try {
    return { value: JSON.parse(json) as unknown };
  } catch {
    return undefined; // Code, such as `[accuracy()]`.
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function written({ shown }: Wrong['value']): string {
  if (typeof shown === 'function') return '() => {}';
  return shown === undefined || Number.isNaN(shown) ? String(shown) : JSON.stringify(shown);
}

/** The type of the argument at a place; nothing where the function takes fewer. */
function parameterType(signature: ts.Signature, index: number): ts.Type | undefined {
  const last = signature.parameters.at(-1);
  const isRest =
    last?.valueDeclaration !== undefined && ts.isParameter(last.valueDeclaration) && last.valueDeclaration.dotDotDotToken !== undefined;
  if (isRest && index >= signature.parameters.length - 1) {
    const rest = checker.getTypeOfSymbol(last);
    return checker.isArrayType(rest) ? checker.getTypeArguments(rest as ts.TypeReference)[0] : undefined;
  }
  const parameter = signature.parameters[index];
  if (parameter === undefined) return undefined;
  const type = checker.getTypeOfSymbol(parameter);
  const declaration = parameter.valueDeclaration;
  const isOptional = declaration !== undefined && ts.isParameter(declaration) && declaration.questionToken !== undefined;
  return isOptional ? checker.getNullableType(type, ts.TypeFlags.Undefined) : type;
}
