// Matchers every test may use, and the seeds of all random numbers.

import fc from 'fast-check';
import { beforeEach, expect } from 'vitest';
import { createRandom, deriveSeed } from '../src/core/internal.js';

// Every run gets the same numbers, in any order of the tests. `FC_SEED` tries others.
const seed = Number(process.env['FC_SEED'] ?? 2019);
fc.configureGlobal({ seed });

// TensorFlow.js seeds the initial weights of layers with Math.random.
function seedMath(...keys: readonly string[]): void {
  const random = createRandom(deriveSeed(seed, ...keys));
  Math.random = () => random.next();
}

seedMath();
beforeEach(({ task }) => {
  seedMath(task.fullTestName);
});

interface CloseOptions {
  /** The largest absolute difference allowed. @defaultValue 1e-6 */
  readonly tolerance?: number;
}

declare module 'vitest' {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- must equal vitest's own declaration
  interface Matchers<T = any> {
    /** Checks length, then every value within the tolerance; NaN equals nothing. */
    toBeAllclose(expected: ArrayLike<number>, options?: CloseOptions): T;
  }
}

expect.extend({
  toBeAllclose(received: ArrayLike<number>, expected: ArrayLike<number>, { tolerance = 1e-6 }: CloseOptions = {}) {
    if (received.length !== expected.length) {
      return { pass: false, message: () => `expected ${expected.length} values, received ${received.length}` };
    }
    let worst = 0;
    let at = -1;
    for (let i = 0; i < expected.length; i++) {
      const difference = Math.abs(received[i]! - expected[i]!);
      if (!(difference <= tolerance) && !(difference <= worst)) {
        worst = difference;
        at = i;
      }
    }
    return {
      pass: at < 0,
      message: () => `largest difference ${worst} at ${at}: expected ${expected[at]}, received ${received[at]} (tolerance ${tolerance})`,
    };
  },
});
