// Interprets Python pickles (protocols 1 to 5) without running code of the file: it calls only functions that the caller provides by name.
// Objects of unknown classes become maps of their attributes.

import { WeightsError } from '../core/index.js';
import { PickleBytes } from './pickleBytes.js';
import { PickleStack, RefusedName } from './pickleStack.js';
import type { PickleContext, PickleValue } from './pickleValues.js';

/**
 * Reads one pickle.
 *
 * @returns the value and the offset where the pickle ends.
 * @throws {WeightsError} when the pickle is damaged or calls a function that the context does not provide.
 */
export function readPickle(where: string, bytes: Uint8Array, context: PickleContext, start = 0): { value: PickleValue; end: number } {
  const source = new PickleBytes(bytes, start);
  try {
    return { value: run(source, new PickleStack(context)), end: source.at };
  } catch (cause) {
    if (cause instanceof RefusedName) {
      throw new WeightsError(
        `${where}: the file asks for \`${cause.message}\`, which is neither a tensor nor a container. Nothing was run. ` +
          `In Python, save only \`model.state_dict()\`.`,
      );
    }
    throw new WeightsError(`${where}: the pickle is damaged or uses features that no weight file needs (byte ${source.at}).`, { cause });
  }
}

const STOP = 0x2e;

function run(bytes: PickleBytes, stack: PickleStack): PickleValue {
  for (let opcode = bytes.byte(); opcode !== STOP; opcode = bytes.byte()) {
    const step = OPCODES[opcode];
    if (step === undefined) throw new RangeError(`opcode 0x${opcode.toString(16)}`);
    step(stack, bytes);
  }
  return stack.pop();
}

/* eslint-disable @typescript-eslint/no-confusing-void-expression -- one line per opcode */
/** What each opcode does. Names and values are those of Python's Lib/pickletools.py. */
const OPCODES: Readonly<Record<number, (stack: PickleStack, bytes: PickleBytes) => unknown>> = {
  0x80: (_, bytes) => bytes.byte(), // PROTO
  0x95: (_, bytes) => bytes.take(8), // FRAME
  0x28: (stack) => stack.mark(), // MARK
  0x30: (stack) => stack.pop(), // POP
  0x31: (stack) => stack.popMark(), // POP_MARK
  0x32: (stack) => stack.push(stack.top()), // DUP
  0x4e: (stack) => stack.push(null), // NONE
  0x88: (stack) => stack.push(true), // NEWTRUE
  0x89: (stack) => stack.push(false), // NEWFALSE
  0x4a: (stack, bytes) => stack.push(bytes.int32()), // BININT
  0x4b: (stack, bytes) => stack.push(bytes.byte()), // BININT1
  0x49: (stack, bytes) => stack.push(bytes.digits()), // INT
  0x4c: (stack, bytes) => stack.push(bytes.digits()), // LONG
  0x4d: (stack, bytes) => stack.push(bytes.uint16()), // BININT2
  0x8a: (stack, bytes) => stack.push(bytes.long(bytes.byte())), // LONG1
  0x8b: (stack, bytes) => stack.push(bytes.long(bytes.uint32())), // LONG4
  0x47: (stack, bytes) => stack.push(bytes.float64()), // BINFLOAT
  0x58: (stack, bytes) => stack.push(bytes.text(bytes.uint32())), // BINUNICODE
  0x8c: (stack, bytes) => stack.push(bytes.text(bytes.byte())), // SHORT_BINUNICODE
  0x8d: (stack, bytes) => stack.push(bytes.text(bytes.uint64())), // BINUNICODE8
  0x54: (stack, bytes) => stack.push(bytes.text(bytes.uint32())), // BINSTRING
  0x55: (stack, bytes) => stack.push(bytes.text(bytes.byte())), // SHORT_BINSTRING
  0x42: (stack, bytes) => stack.push(bytes.take(bytes.uint32())), // BINBYTES
  0x43: (stack, bytes) => stack.push(bytes.take(bytes.byte())), // SHORT_BINBYTES
  0x8e: (stack, bytes) => stack.push(bytes.take(bytes.uint64())), // BINBYTES8
  0x96: (stack, bytes) => stack.push(bytes.take(bytes.uint64())), // BYTEARRAY8
  0x5d: (stack) => stack.list(), // EMPTY_LIST
  0x29: (stack) => stack.list(), // EMPTY_TUPLE
  0x8f: (stack) => stack.list(), // EMPTY_SET
  0x7d: (stack) => stack.dictionary(), // EMPTY_DICT
  0x74: (stack) => stack.list(stack.popMark()), // TUPLE
  0x6c: (stack) => stack.list(stack.popMark()), // LIST
  0x91: (stack) => stack.list(stack.popMark()), // FROZENSET
  0x85: (stack) => stack.list([stack.pop()]), // TUPLE1
  0x86: (stack) => stack.list(stack.popMany(2)), // TUPLE2
  0x87: (stack) => stack.list(stack.popMany(3)), // TUPLE3
  0x61: (stack) => stack.append(stack.popMany(1)), // APPEND
  0x65: (stack) => stack.append(stack.popMark()), // APPENDS
  0x90: (stack) => stack.append(stack.popMark()), // ADDITEMS
  0x64: (stack) => stack.dictionary(stack.popMark()), // DICT
  0x73: (stack) => stack.setItems(stack.popMany(2)), // SETITEM
  0x75: (stack) => stack.setItems(stack.popMark()), // SETITEMS
  0x71: (stack, bytes) => stack.memoize(bytes.byte()), // BINPUT
  0x72: (stack, bytes) => stack.memoize(bytes.uint32()), // LONG_BINPUT
  0x94: (stack) => stack.memoize(), // MEMOIZE
  0x68: (stack, bytes) => stack.recall(bytes.byte()), // BINGET
  0x6a: (stack, bytes) => stack.recall(bytes.uint32()), // LONG_BINGET
  0x63: (stack, bytes) => stack.pushGlobal([bytes.line(), bytes.line()]), // GLOBAL
  0x93: (stack) => stack.pushGlobal(stack.popMany(2)), // STACK_GLOBAL
  0x51: (stack) => stack.load(stack.pop()), // BINPERSID
  0x52: (stack) => stack.call(stack.popMany(2)), // REDUCE
  0x81: (stack) => stack.create(stack.popMany(2)), // NEWOBJ
  0x92: (stack) => stack.create(stack.popMany(3).slice(0, 2)), // NEWOBJ_EX
  0x62: (stack) => stack.build(stack.pop()), // BUILD
};
