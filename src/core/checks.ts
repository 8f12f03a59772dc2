// Validates arguments and options, and writes the error messages for invalid ones.

import { didYouMean } from './didYouMean.js';
import { OptionError } from './errors.js';

/** A condition on a value: a test, and the words that describe it in error messages. */
export interface Rule<T> {
  readonly expected: string;
  readonly accepts: (value: unknown) => value is T;
  /** Returns a sentence on how to correct a value that is not accepted, or an empty string. */
  readonly remedy?: ((value: unknown) => string) | undefined;
}

/** Creates a rule from a description and a test. */
export function rule<T>(expected: string, accepts: (value: unknown) => boolean, remedy?: Rule<T>['remedy']): Rule<T> {
  return { expected, accepts: accepts as Rule<T>['accepts'], remedy };
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

export const finite = rule<number>('a finite number', isNumber);
export const positive = rule<number>('a positive number', (value) => isNumber(value) && value > 0);
export const nonNegative = rule<number>('a number of at least 0', (value) => isNumber(value) && value >= 0);
export const positiveInteger = rule<number>('a positive integer', (value) => Number.isSafeInteger(value) && (value as number) > 0);
export const nonNegativeInteger = integerFrom(0);

export function integerFrom(least: number): Rule<number> {
  return rule(`an integer of at least ${least}`, (value) => Number.isSafeInteger(value) && (value as number) >= least);
}

/** A fraction in [0, 1), for example a dropout rate. */
export const rate = rule<number>('a number in [0, 1)', (value) => isNumber(value) && value >= 0 && value < 1);
/** A fraction in (0, 1), for example the share of the data that is held out. */
export const fraction = rule<number>('a number in (0, 1)', (value) => isNumber(value) && value > 0 && value < 1);
export const probability = rule<number>('a number in [0, 1]', (value) => isNumber(value) && value >= 0 && value <= 1);
export const boolean = rule<boolean>('a boolean', (value) => typeof value === 'boolean');
export const anyNumber = rule<number>('a number', (value) => typeof value === 'number');
export const anyString = rule<string>('a string', (value) => typeof value === 'string');
export const text = rule<string>('a non-empty string', (value) => typeof value === 'string' && value !== '');
export const callable = rule<(...parameters: never[]) => unknown>('a function', (value) => typeof value === 'function');
/** Also accepts a signal of another realm, such as another window, whose class is not `AbortSignal` here. */
export const signal = rule<AbortSignal>('an AbortSignal', (value) => {
  const { throwIfAborted, addEventListener } = (value ?? {}) as Partial<AbortSignal>;
  return callable.accepts(throwIfAborted) && callable.accepts(addEventListener);
});
/** An integer, so that a seed can be written down and reused exactly. */
export const seed = rule<number>('an integer', (value) => Number.isSafeInteger(value));
export const record = rule<object>('an object', (value) => typeof value === 'object' && value !== null && !Array.isArray(value));
/** Accepts any value: for options that are checked elsewhere, or only by TypeScript. */
export const anything = rule<unknown>('a value', () => true);

export function oneOf<const T extends string | number | boolean | null>(...values: readonly T[]): Rule<T> {
  return rule(
    `one of ${list(values)}`,
    (value) => values.includes(value as T),
    (value) => didYouMean(value, values),
  );
}

/** Returns the keys of an object, typed as the union they belong to. */
export function keysOf<const K extends string>(table: Readonly<Record<K, unknown>>): readonly K[] {
  return Object.keys(table) as K[];
}

export function instanceOf<T>(type: abstract new (...parameters: never[]) => T, expected: string): Rule<T> {
  return rule(expected, (value) => value instanceof type);
}

export function either<A, B>(first: Rule<A>, second: Rule<B>): Rule<A | B> {
  return rule(
    `${first.expected} or ${second.expected}`,
    (value) => first.accepts(value) || second.accepts(value),
    (value) => remedyOf(first, value) || remedyOf(second, value),
  );
}

function remedyOf(rule: Rule<unknown>, value: unknown): string {
  return rule.remedy?.(value) ?? '';
}

export function nullable<T>(inner: Rule<T>): Rule<T | null> {
  return either(
    inner,
    rule<null>('null', (value) => value === null),
  );
}

export function arrayOf<T>(inner: Rule<T>, length?: number): Rule<readonly T[]> {
  const size = length === undefined ? '' : ` of ${length}`;
  return rule(
    `an array${size}, each ${inner.expected}`,
    // `every` skips the holes of `new Array(3)`. `Array.from` turns them into `undefined`.
    (value) => Array.isArray(value) && (length === undefined || value.length === length) && Array.from(value).every(inner.accepts),
    (value) =>
      Array.isArray(value)
        ? remedyOf(
            inner,
            Array.from<unknown>(value).find((each) => !inner.accepts(each)),
          )
        : '',
  );
}

/** Class names. Duplicates are rejected, because a name must identify one class. */
export const differentTexts = rule<readonly string[]>(
  'an array of different non-empty strings',
  (value) => arrayOf(text).accepts(value) && new Set(value).size === value.length,
);

/** Throws an OptionError unless `value` satisfies the rule. */
export function check<T>(where: string, option: string, value: unknown, wanted: Rule<T>, remedy = ''): asserts value is T {
  if (!wanted.accepts(value)) throw invalid(where, option, wanted.expected, value, remedy || remedyOf(wanted, value));
}

/** Throws an OptionError unless every value satisfies the rule. */
export function checkNumbers(where: string, values: Readonly<Record<string, unknown>>, wanted: Rule<number>): void {
  for (const [option, value] of Object.entries(values)) check(where, option, value, wanted);
}

/** One rule per option. TypeScript reports a missing rule. */
export type Rules<T> = { readonly [K in keyof Required<T>]: Rule<unknown> | Rule<NonNullable<T[K]>> };

/** Options without `undefined` values. */
export type Given<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Options with every default filled in. */
export type Complete<T> = { [K in keyof T]-?: Exclude<T[K], undefined> };

/**
 * Checks that every option is known and satisfies its rule, and returns those that are not `undefined`.
 *
 * @param name - The name of the option that contains this object, used in messages such as `normalization.mean`. @defaultValue none: the
 * object is the whole argument
 */
export function checkOptions<T extends object>(where: string, options: T, rules: Rules<T>, name?: string): Given<T> {
  check(where, name ?? 'options', options, record);
  // A promise without `await`, a Map or a similar object has no keys and would pass as an empty object.
  if (Object.keys(options).length === 0 && !isPlain(options)) throw invalid(where, name ?? 'options', record.expected, options);
  const path = (option: string): string => (name === undefined ? option : `${name}.${option}`);
  const given: Partial<Given<T>> = {};
  for (const [option, value] of Object.entries(options)) {
    if (!Object.hasOwn(rules, option)) throw unknownOption(where, option, Object.keys(rules), path);
    if (value === undefined) continue;
    check(where, path(option), value, rules[option as keyof T] as Rule<unknown>);
    given[option as keyof T] = value as Given<T>[keyof T];
  }
  return given as Given<T>;
}

function unknownOption(where: string, option: string, known: readonly string[], path: (option: string) => string): OptionError {
  const options = known.map((each) => `\`${path(each)}\``).join(', ');
  const proposal = didYouMean(option, known, (name) => `\`${path(name)}\``);
  return new OptionError(
    `${where}: expected ${known.length === 1 ? 'the option' : 'one of the options'} ${options}, received \`${path(option)}\`.` +
      (proposal === '' ? '' : ` ${proposal}`),
  );
}

/** Returns whether an object is a plain `{ ... }`, also when it comes from another realm. */
export function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Creates the error for an invalid value. */
export function invalid(where: string, option: string, expected: string, received: unknown, remedy = ''): OptionError {
  // For a value that a function returned, named `items()`, awaiting is not up to the caller.
  const advice = isPromise(received) && !option.endsWith(')') ? AWAIT : remedy;
  return new OptionError(
    `${where}: expected ${expected} for \`${option}\`, received ${show(received)}.${advice === '' ? '' : ` ${advice}`}`,
  );
}

/** The remedy for a promise where another value is expected. */
export const AWAIT = 'Await it first.';

/** Returns whether a value can be awaited. */
export function isPromise(value: unknown): boolean {
  return typeof value === 'object' && value !== null && typeof (value as { readonly then?: unknown }).then === 'function';
}

/** Formats a value for a message. Strings are quoted and long values are shortened. */
export function show(value: unknown): string {
  return shown(value, 0);
}

function shown(value: unknown, depth: number): string {
  if (typeof value === 'string') return `'${value.length > 60 ? `${value.slice(0, 57)}...` : value}'`;
  if (typeof value === 'function') return functionName(value) === '' ? 'a function' : `function ${functionName(value)}`;
  // An array may contain itself.
  if (Array.isArray(value) && depth > 3) return '[...]';
  if (Array.isArray(value)) {
    const first = Array.from(value.slice(0, 8), (each) => shown(each, depth + 1));
    return `[${first.join(', ')}${value.length > 8 ? `, ... ${value.length} in all` : ''}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const type = typeName(value);
    if (type === '') return GENERATORS.has(Object.prototype.toString.call(value)) ? 'a generator' : 'an object';
    return type === undefined || type === 'Object' ? `{ ${Object.keys(value).slice(0, 8).join(', ')} }` : `an instance of ${type}`;
  }
  return String(value);
}

/** Bundlers may put an underscore before the name of a function or class. */
function functionName({ name }: { readonly name: string }): string {
  return name.replace(/^_+/, '');
}

const GENERATORS: ReadonlySet<string> = new Set(['[object Generator]', '[object AsyncGenerator]']);

/** Returns the name of an object's class: '' if the class has no name, `undefined` for an object without a prototype. */
export function typeName(value: object): string | undefined {
  return (value as { constructor?: { name?: string | undefined } | undefined }).constructor?.name?.replace(/^_+/, '');
}

/** Formats a list of alternatives for a message. */
export function list(values: readonly unknown[]): string {
  return values.map(show).join(', ');
}

/** Formats a shape for a message: `[null, 56, 56, 24]`. */
export function showShape(shape: readonly (number | null)[]): string {
  return `[${shape.map(String).join(', ')}]`;
}
