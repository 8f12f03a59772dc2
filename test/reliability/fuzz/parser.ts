// What the fuzzer knows of a parser. Each has a file of its own in parsers/.

import type fc from 'fast-check';

export interface Parser {
  /** Small intact files; the fuzzer damages them. */
  readonly files: () => Promise<readonly Uint8Array[]> | readonly Uint8Array[];
  /** Inputs that need no file: made-up headers, noise. */
  readonly inputs: fc.Arbitrary<Uint8Array>;
  /** Whether the process should end and a new one go on. */
  readonly isSpent?: () => boolean;
  /** Reads all there is, and throws: an error of the library when it refuses, any other when the answer is wrong. */
  readonly read: (bytes: Uint8Array) => Promise<void> | void;
}

/** Throws what is no error of the library: an answer was wrong. */
export function expectRight(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`wrong answer: ${what}`);
}
