// Interprets Python pickles (protocols 1 to 5) without running code of the file: it calls only functions that the caller provides by name.
// Objects of unknown classes become maps of their attributes.

import { WeightsError } from '../core/index.js';

/** A value in a pickle: dictionaries are Maps, lists and tuples are arrays, integers beyond 2^53 are bigints. */
export type PickleValue = unknown;

/** Replaces a Python function that a pickle calls. It gets the arguments that Python would pass. */
export type PickleGlobal = (...parameters: readonly PickleValue[]) => PickleValue;

/** A value that gets its content after it is created, as with Python's `__setstate__`. */
export interface Buildable {
  readonly build: (state: PickleValue) => void;
}

/** Resolves the references of a pickle. */
export interface PickleContext {
  /** Returns the function or constant `module.name`. `undefined` makes it a {@link PickleName}, which cannot be called. */
  readonly resolve: (name: string) => PickleValue;
  /** Returns the object for a persistent id. */
  readonly load: (id: PickleValue) => PickleValue;
}

const MARK = Symbol('mark');
/** Maximum number of containers in a pickle: far more than a network needs, and few enough to fit in memory. */
const MAX_CONTAINERS = 1_000_000;

/** A class or function that the context does not provide. It is kept by name and never called. */
export class PickleName {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** An object of an unknown class, with its items and attributes. */
export class PickleObject extends Map<PickleValue, PickleValue> {}

/**
 * Reads one pickle.
 *
 * @returns the value and the offset where the pickle ends.
 * @throws {WeightsError} when the pickle is damaged or calls a function that the context does not provide.
 */
export function readPickle(where: string, bytes: Uint8Array, context: PickleContext, start = 0): { value: PickleValue; end: number } {
  const machine = new PickleMachine(bytes, context, start);
  try {
    return { value: machine.run(), end: machine.at };
  } catch (cause) {
    if (cause instanceof RefusedName) {
      throw new WeightsError(
        `${where}: the file asks for \`${cause.message}\`, which is no tensor and no container; nothing was run. ` +
          `In Python, save \`model.state_dict()\` alone.`,
      );
    }
    throw new WeightsError(`${where}: the pickle is damaged or uses what no weight file needs (byte ${machine.at}).`, { cause });
  }
}

class RefusedName extends Error {}

class PickleMachine {
  at: number;
  private readonly stack: PickleValue[] = [];
  private containers = 0;
  private readonly memo = new Map<number, PickleValue>();
  private readonly view: DataView;
  private readonly bytes: Uint8Array;
  private readonly context: PickleContext;

  constructor(bytes: Uint8Array, context: PickleContext, start: number) {
    this.bytes = bytes;
    this.context = context;
    this.at = start;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  run(): PickleValue {
    for (;;) {
      const opcode = this.byte();
      if (opcode === 0x2e) return this.pop(); // STOP
      this.step(opcode);
    }
  }

  // Opcode names and values are those of Python's Lib/pickletools.py.
  private step(opcode: number): void {
    switch (opcode) {
      case 0x80:
        this.byte();
        return; // PROTO
      case 0x95:
        this.take(8);
        return; // FRAME
      case 0x28:
        this.push(MARK);
        return; // MARK
      case 0x30:
        this.pop();
        return; // POP
      case 0x31:
        this.popMark();
        return; // POP_MARK
      case 0x32:
        this.push(this.top());
        return; // DUP
      case 0x4e:
        this.push(null);
        return; // NONE
      case 0x88:
        this.push(true);
        return; // NEWTRUE
      case 0x89:
        this.push(false);
        return; // NEWFALSE
      case 0x4a:
        this.push(this.view.getInt32(this.skip(4), true));
        return; // BININT
      case 0x4b:
        this.push(this.byte());
        return; // BININT1
      case 0x49:
        this.push(this.integer(this.line()));
        return; // INT
      case 0x4c:
        this.push(this.integer(this.line()));
        return; // LONG
      case 0x4d:
        this.push(this.view.getUint16(this.skip(2), true));
        return; // BININT2
      case 0x8a:
        this.push(this.long(this.byte()));
        return; // LONG1
      case 0x8b:
        this.push(this.long(this.uint32()));
        return; // LONG4
      case 0x47:
        this.push(this.view.getFloat64(this.skip(8), false));
        return; // BINFLOAT
      case 0x58:
        this.push(this.text(this.uint32()));
        return; // BINUNICODE
      case 0x8c:
        this.push(this.text(this.byte()));
        return; // SHORT_BINUNICODE
      case 0x8d:
        this.push(this.text(this.uint64()));
        return; // BINUNICODE8
      case 0x54:
        this.push(this.text(this.uint32()));
        return; // BINSTRING
      case 0x55:
        this.push(this.text(this.byte()));
        return; // SHORT_BINSTRING
      case 0x42:
        this.push(this.take(this.uint32()));
        return; // BINBYTES
      case 0x43:
        this.push(this.take(this.byte()));
        return; // SHORT_BINBYTES
      case 0x8e:
      case 0x96:
        this.push(this.take(this.uint64()));
        return; // BINBYTES8, BYTEARRAY8
      case 0x5d:
      case 0x29:
      case 0x8f:
        this.push(this.fresh([]));
        return; // EMPTY_LIST, EMPTY_TUPLE, EMPTY_SET
      case 0x7d:
        this.push(this.fresh(new Map()));
        return; // EMPTY_DICT
      case 0x74:
      case 0x6c:
      case 0x91:
        this.push(this.fresh(this.popMark()));
        return; // TUPLE, LIST, FROZENSET
      case 0x85:
        this.push(this.fresh([this.pop()]));
        return; // TUPLE1
      case 0x86:
        this.push(this.fresh(this.popMany(2)));
        return; // TUPLE2
      case 0x87:
        this.push(this.fresh(this.popMany(3)));
        return; // TUPLE3
      case 0x61:
        this.append(this.popMany(1));
        return; // APPEND
      case 0x65:
      case 0x90:
        this.append(this.popMark());
        return; // APPENDS, ADDITEMS
      case 0x64:
        this.dictionary(this.popMark());
        return; // DICT
      case 0x73:
        this.setItems(this.popMany(2));
        return; // SETITEM
      case 0x75:
        this.setItems(this.popMark());
        return; // SETITEMS
      case 0x71:
        this.memo.set(this.byte(), this.top());
        return; // BINPUT
      case 0x72:
        this.memo.set(this.uint32(), this.top());
        return; // LONG_BINPUT
      case 0x94:
        this.memo.set(this.memo.size, this.top());
        return; // MEMOIZE
      case 0x68:
        this.push(this.recall(this.byte()));
        return; // BINGET
      case 0x6a:
        this.push(this.recall(this.uint32()));
        return; // LONG_BINGET
      case 0x63:
        this.push(this.global(`${this.line()}.${this.line()}`));
        return; // GLOBAL
      case 0x93:
        this.stackGlobal(this.popMany(2));
        return; // STACK_GLOBAL
      case 0x51:
        this.push(this.context.load(this.pop()));
        return; // BINPERSID
      case 0x52:
        this.call(this.popMany(2));
        return; // REDUCE
      case 0x81:
        this.create(this.popMany(2));
        return; // NEWOBJ
      case 0x92:
        this.create(this.popMany(3).slice(0, 2));
        return; // NEWOBJ_EX
      case 0x62:
        this.build(this.pop());
        return; // BUILD
      default:
        throw new RangeError(`opcode 0x${opcode.toString(16)}`);
    }
  }

  private fresh<T>(container: T): T {
    if (++this.containers > MAX_CONTAINERS) throw new RangeError('too many containers');
    return container;
  }

  private push(value: PickleValue): void {
    this.stack.push(value);
  }

  private top(): PickleValue {
    if (this.stack.length === 0) throw new RangeError('empty stack');
    return this.stack.at(-1);
  }

  private pop(): PickleValue {
    const value = this.top();
    this.stack.pop();
    return value;
  }

  private popMany(count: number): PickleValue[] {
    if (this.stack.length < count) throw new RangeError('empty stack');
    return this.stack.splice(this.stack.length - count);
  }

  private popMark(): PickleValue[] {
    const mark = this.stack.lastIndexOf(MARK);
    if (mark < 0) throw new RangeError('no mark');
    return this.stack.splice(mark).slice(1);
  }

  private append(values: readonly PickleValue[]): void {
    const target = this.top();
    if (target instanceof PickleObject) for (const value of values) target.set(target.size, value);
    else if (Array.isArray(target)) for (const value of values) target.push(value);
    else throw new TypeError('no list');
  }

  private dictionary(items: readonly PickleValue[]): void {
    this.push(this.fresh(new Map()));
    this.setItems(items);
  }

  private setItems(items: readonly PickleValue[]): void {
    const target = this.top();
    if (!(target instanceof Map) || items.length % 2 !== 0) throw new TypeError('no dictionary');
    for (let i = 0; i < items.length; i += 2) target.set(items[i], items[i + 1]);
  }

  private recall(key: number): PickleValue {
    if (!this.memo.has(key)) throw new RangeError('no memo');
    return this.memo.get(key);
  }

  private global(name: string): PickleValue {
    // Protocol 2 uses the module names of Python 2.
    const today = name
      .replace(/^__builtin__\./, 'builtins.')
      .replace(/^copy_reg\./, 'copyreg.')
      .replace(/^numpy\._core\./, 'numpy.core.');
    return this.context.resolve(today) ?? this.fresh(new PickleName(name));
  }

  private stackGlobal([module, name]: readonly PickleValue[]): void {
    if (typeof module !== 'string' || typeof name !== 'string') throw new TypeError('no name');
    this.push(this.global(`${module}.${name}`));
  }

  private call([target, parameters]: readonly PickleValue[]): void {
    if (target instanceof PickleName) throw new RefusedName(target.name);
    if (typeof target !== 'function' || !Array.isArray(parameters)) throw new TypeError('no call');
    this.push((target as PickleGlobal)(...(parameters as PickleValue[])));
  }

  /** Creates an object. Objects of unknown classes become a `PickleObject`. */
  private create([target, parameters]: readonly PickleValue[]): void {
    if (target instanceof PickleName) this.push(this.fresh(new PickleObject()));
    else this.call([target, parameters]);
  }

  /** Sets the attributes of an object. The attributes of other values contain no weights and are ignored. */
  private build(state: PickleValue): void {
    const target = this.top();
    if (isBuildable(target)) target.build(state);
    else if (target instanceof PickleObject) {
      // Python stores either the attributes, or a pair of the attributes and the slots.
      const parts: readonly PickleValue[] = Array.isArray(state) ? (state as PickleValue[]) : [state];
      for (const part of parts) if (part instanceof Map) for (const [key, value] of part) target.set(key, value);
    }
  }

  private integer(text: string): number | bigint | boolean {
    if (text === '00' || text === '01') return text === '01';
    const digits = /^(-?\d{1,160})L?$/.exec(text)?.[1];
    if (digits === undefined) throw new RangeError('no number');
    return Number.isSafeInteger(Number(digits)) ? Number(digits) : BigInt(digits);
  }

  private long(length: number): number | bigint {
    if (length > 64) throw new RangeError('no such number');
    let value = 0n;
    const bytes = this.take(length);
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] as number);
    if (length > 0 && (bytes[length - 1] as number) >= 0x80) value -= 1n << BigInt(8 * length);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  private line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0) throw new RangeError('no end of line');
    const text = this.text(end - this.at);
    this.at += 1;
    return text;
  }

  private text(length: number): string {
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(this.take(length));
  }

  private byte(): number {
    return this.view.getUint8(this.skip(1));
  }

  private uint32(): number {
    return this.view.getUint32(this.skip(4), true);
  }

  private uint64(): number {
    return Number(this.view.getBigUint64(this.skip(8), true));
  }

  private take(length: number): Uint8Array {
    const start = this.skip(length);
    return this.bytes.subarray(start, start + length);
  }

  private skip(length: number): number {
    const start = this.at;
    if (start + length > this.bytes.length) throw new RangeError('end of file');
    this.at += length;
    return start;
  }
}

function isBuildable(value: PickleValue): value is Buildable {
  return typeof (value as Partial<Buildable> | null | undefined)?.build === 'function';
}
