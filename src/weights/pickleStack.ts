// Builds the values of a pickle on a stack. It calls only functions that the context provides.

import { PickleName, PickleObject, type Buildable, type PickleContext, type PickleGlobal, type PickleValue } from './pickleValues.js';

const MARK = Symbol('mark');
/** Maximum number of containers in a pickle: far more than a network needs, and few enough to fit in memory. */
const MAX_CONTAINERS = 1_000_000;

/** Thrown when a pickle calls a function that the context does not provide. The message is the name of the function. */
export class RefusedName extends Error {}

/** The stack and the memo of a pickle. Methods throw an error when the pickle is damaged. */
export class PickleStack {
  private readonly stack: PickleValue[] = [];
  private readonly memo = new Map<number, PickleValue>();
  private readonly context: PickleContext;
  private containers = 0;

  constructor(context: PickleContext) {
    this.context = context;
  }

  mark(): void {
    this.push(MARK);
  }

  /** Pushes the object for a persistent id. */
  load(id: PickleValue): void {
    this.push(this.context.load(id));
  }

  /** Counts a new container. */
  private fresh<T>(container: T): T {
    if (++this.containers > MAX_CONTAINERS) throw new RangeError('too many containers');
    return container;
  }

  push(value: PickleValue): void {
    this.stack.push(value);
  }

  top(): PickleValue {
    if (this.stack.length === 0) throw new RangeError('empty stack');
    return this.stack.at(-1);
  }

  pop(): PickleValue {
    const value = this.top();
    this.stack.pop();
    return value;
  }

  popMany(count: number): PickleValue[] {
    if (this.stack.length < count) throw new RangeError('empty stack');
    return this.stack.splice(this.stack.length - count);
  }

  /** Removes the values above the last mark, and the mark, and returns the values. */
  popMark(): PickleValue[] {
    const mark = this.stack.lastIndexOf(MARK);
    if (mark < 0) throw new RangeError('no mark');
    return this.stack.splice(mark).slice(1);
  }

  append(values: readonly PickleValue[]): void {
    const target = this.top();
    if (target instanceof PickleObject) for (const value of values) target.set(target.size, value);
    else if (Array.isArray(target)) for (const value of values) target.push(value);
    else throw new TypeError('no list');
  }

  /** Pushes a new list, tuple or set. All of them become arrays. */
  list(values: PickleValue[] = []): void {
    this.push(this.fresh(values));
  }

  dictionary(items: readonly PickleValue[] = []): void {
    this.push(this.fresh(new Map()));
    this.setItems(items);
  }

  setItems(items: readonly PickleValue[]): void {
    const target = this.top();
    if (!(target instanceof Map) || items.length % 2 !== 0) throw new TypeError('no dictionary');
    for (let i = 0; i < items.length; i += 2) target.set(items[i], items[i + 1]);
  }

  memoize(key = this.memo.size): void {
    this.memo.set(key, this.top());
  }

  recall(key: number): void {
    if (!this.memo.has(key)) throw new RangeError('no memo');
    this.push(this.memo.get(key));
  }

  private global(name: string): PickleValue {
    // Protocol 2 uses the module names of Python 2.
    const today = name
      .replace(/^__builtin__\./, 'builtins.')
      .replace(/^copy_reg\./, 'copyreg.')
      .replace(/^numpy\._core\./, 'numpy.core.');
    return this.context.resolve(today) ?? this.fresh(new PickleName(name));
  }

  /** Pushes the function, class or constant of a module. */
  pushGlobal([module, name]: readonly PickleValue[]): void {
    if (typeof module !== 'string' || typeof name !== 'string') throw new TypeError('no name');
    this.push(this.global(`${module}.${name}`));
  }

  /** Calls a function of the context with an array of arguments. */
  call([target, parameters]: readonly PickleValue[]): void {
    if (target instanceof PickleName) throw new RefusedName(target.name);
    if (typeof target !== 'function' || !Array.isArray(parameters)) throw new TypeError('no call');
    this.push((target as PickleGlobal)(...(parameters as PickleValue[])));
  }

  /** Creates an object. Objects of unknown classes become a `PickleObject`. */
  create([target, parameters]: readonly PickleValue[]): void {
    if (target instanceof PickleName) this.push(this.fresh(new PickleObject()));
    else this.call([target, parameters]);
  }

  /** Sets the attributes of an object. The attributes of other values contain no weights and are ignored. */
  build(state: PickleValue): void {
    const target = this.top();
    if (isBuildable(target)) target.build(state);
    else if (target instanceof PickleObject) {
      // Python stores either the attributes, or a pair of the attributes and the slots.
      const parts: readonly PickleValue[] = Array.isArray(state) ? (state as PickleValue[]) : [state];
      for (const part of parts) if (part instanceof Map) for (const [key, value] of part) target.set(key, value);
    }
  }
}

function isBuildable(value: PickleValue): value is Buildable {
  return typeof (value as Partial<Buildable> | null | undefined)?.build === 'function';
}
