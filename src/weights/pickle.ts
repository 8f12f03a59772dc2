// An interpreter of Python pickles that knows containers and nothing else: what it may build is given to it by name, any other name is
// refused, and nothing is ever called that was not written here. Protocols 2 to 5. The tensors are readTorch.ts' business.

import { WeightsError } from '../core/index.js';

/** A value of a pickle: dictionaries are Maps, lists and tuples are arrays, integers beyond 2^53 are bigints. */
export type PickleValue = unknown;

/** Builds what a name of a pickle stands for; it is given the arguments Python would be. */
export type PickleGlobal = (...parameters: readonly PickleValue[]) => PickleValue;

/** What a pickle may refer to. */
export interface PickleContext {
  /** What `module.name` builds; `undefined` refuses it. */
  readonly resolve: (name: string) => PickleGlobal | undefined;
  /** What a persistent id stands for. */
  readonly load: (id: PickleValue) => PickleValue;
}

const MARK = Symbol('mark');
/** Containers a pickle may make: many more than a network has, and few enough for the memory. */
const MAX_CONTAINERS = 1_000_000;

/**
 * Reads one pickle.
 *
 * @returns the value and where the pickle ends.
 * @throws {WeightsError} when the pickle is damaged, or refers to a name the context does not know.
 */
export function readPickle(where: string, bytes: Uint8Array, context: PickleContext, start = 0): { value: PickleValue; end: number } {
  const machine = new PickleMachine(bytes, context, start);
  try {
    return { value: machine.run(), end: machine.at };
  } catch (cause) {
    if (cause instanceof RefusedName) {
      throw new WeightsError(`${where}: the file asks for \`${cause.message}\`, which is no tensor and no container; nothing was run. In Python, save \`model.state_dict()\` alone.`);
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

  // Names and codes as in Python's Lib/pickletools.py.
  private step(opcode: number): void {
    switch (opcode) {
      case 0x80: this.byte(); return; // PROTO
      case 0x95: this.take(8); return; // FRAME
      case 0x28: this.push(MARK); return; // MARK
      case 0x30: this.pop(); return; // POP
      case 0x31: this.popMark(); return; // POP_MARK
      case 0x32: this.push(this.top()); return; // DUP
      case 0x4e: this.push(null); return; // NONE
      case 0x88: this.push(true); return; // NEWTRUE
      case 0x89: this.push(false); return; // NEWFALSE
      case 0x4a: this.push(this.view.getInt32(this.skip(4), true)); return; // BININT
      case 0x4b: this.push(this.byte()); return; // BININT1
      case 0x4d: this.push(this.view.getUint16(this.skip(2), true)); return; // BININT2
      case 0x8a: this.push(this.long(this.byte())); return; // LONG1
      case 0x8b: this.push(this.long(this.uint32())); return; // LONG4
      case 0x47: this.push(this.view.getFloat64(this.skip(8), false)); return; // BINFLOAT
      case 0x58: this.push(this.text(this.uint32())); return; // BINUNICODE
      case 0x8c: this.push(this.text(this.byte())); return; // SHORT_BINUNICODE
      case 0x8d: this.push(this.text(this.uint64())); return; // BINUNICODE8
      case 0x54: this.push(this.text(this.uint32())); return; // BINSTRING
      case 0x55: this.push(this.text(this.byte())); return; // SHORT_BINSTRING
      case 0x42: this.push(this.take(this.uint32())); return; // BINBYTES
      case 0x43: this.push(this.take(this.byte())); return; // SHORT_BINBYTES
      case 0x5d: case 0x29: case 0x8f: this.push(this.fresh([])); return; // EMPTY_LIST, EMPTY_TUPLE, EMPTY_SET
      case 0x7d: this.push(this.fresh(new Map())); return; // EMPTY_DICT
      case 0x74: case 0x6c: case 0x91: this.push(this.fresh(this.popMark())); return; // TUPLE, LIST, FROZENSET
      case 0x85: this.push(this.fresh([this.pop()])); return; // TUPLE1
      case 0x86: this.push(this.fresh(this.popMany(2))); return; // TUPLE2
      case 0x87: this.push(this.fresh(this.popMany(3))); return; // TUPLE3
      case 0x61: this.append(this.popMany(1)); return; // APPEND
      case 0x65: case 0x90: this.append(this.popMark()); return; // APPENDS, ADDITEMS
      case 0x64: this.dictionary(this.popMark()); return; // DICT
      case 0x73: this.setItems(this.popMany(2)); return; // SETITEM
      case 0x75: this.setItems(this.popMark()); return; // SETITEMS
      case 0x71: this.memo.set(this.byte(), this.top()); return; // BINPUT
      case 0x72: this.memo.set(this.uint32(), this.top()); return; // LONG_BINPUT
      case 0x94: this.memo.set(this.memo.size, this.top()); return; // MEMOIZE
      case 0x68: this.push(this.recall(this.byte())); return; // BINGET
      case 0x6a: this.push(this.recall(this.uint32())); return; // LONG_BINGET
      case 0x63: this.push(this.global(this.line(), this.line())); return; // GLOBAL
      case 0x93: this.stackGlobal(this.popMany(2)); return; // STACK_GLOBAL
      case 0x51: this.push(this.context.load(this.pop())); return; // BINPERSID
      case 0x52: case 0x81: this.call(this.popMany(2)); return; // REDUCE, NEWOBJ
      case 0x62: this.build(this.pop()); return; // BUILD
      default: throw new RangeError(`opcode 0x${opcode.toString(16)}`);
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
    if (!Array.isArray(target)) throw new TypeError('no list');
    for (const value of values) target.push(value);
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

  private global(module: string, name: string): PickleGlobal {
    const known = this.context.resolve(`${module}.${name}`);
    if (known === undefined) throw new RefusedName(`${module}.${name}`);
    return known;
  }

  private stackGlobal([module, name]: readonly PickleValue[]): void {
    if (typeof module !== 'string' || typeof name !== 'string') throw new TypeError('no name');
    this.push(this.global(module, name));
  }

  private call([target, parameters]: readonly PickleValue[]): void {
    if (typeof target !== 'function' || !Array.isArray(parameters)) throw new TypeError('no call');
    this.push((target as PickleGlobal)(...(parameters as PickleValue[])));
  }

  /** State of an object: its attributes where it is a container, dropped where it is none. */
  private build(state: PickleValue): void {
    const target = this.top();
    const [attributes] = Array.isArray(state) ? (state as PickleValue[]) : [state];
    if (target instanceof Namespace && attributes instanceof Map) for (const [key, value] of attributes) target.set(key, value);
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
    return new TextDecoder().decode(this.take(length));
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

/** The attributes of a Python object that is a mere bag of them (`argparse.Namespace`). */
export class Namespace extends Map<PickleValue, PickleValue> {}
