// The memory that training threads share: the values of the weights, followed by the results of each thread.

import { OptionError } from '../core/index.js';

/** Shared memory with parts of the same length. Part 0 contains the weights, part i + 1 the results of thread i. */
export interface Exchange {
  readonly memory: WebAssembly.Memory;
  /** Number of floats in each part. */
  readonly floats: number;
}

/** The size of a page of WebAssembly memory, and the largest number of pages. */
const PAGE = 2 ** 16;
const MOST_PAGES = 2 ** 16;

/** @throws {OptionError} when a WebAssembly memory cannot contain the parts of so many threads. */
export function createExchange(where: string, floats: number, threads: number): Exchange {
  const pages = Math.ceil((4 * floats * (threads + 1)) / PAGE);
  if (pages > MOST_PAGES) {
    throw new OptionError(
      `${where}: expected at most ${Math.floor((PAGE * MOST_PAGES) / (4 * floats)) - 1} threads for \`workers\`, whose gradients of ` +
        `${floats} weights fit in 4 GB, received ${threads}. Use fewer threads, or freeze more layers.`,
    );
  }
  return { memory: new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }), floats };
}

/** Returns a view of a part. */
export function partOf({ memory, floats }: Exchange, part: number): Float32Array {
  return new Float32Array(memory.buffer, addressOfPart({ floats }, part), floats);
}

/** Returns the address of a part in bytes. */
export function addressOfPart({ floats }: Pick<Exchange, 'floats'>, part: number): number {
  return 4 * floats * part;
}
