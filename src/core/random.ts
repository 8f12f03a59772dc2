// Seeded random numbers. Each stream is identified by a seed and keys, so streams do not depend on the order in which they are used.

/** A stream of random numbers. */
export interface Random {
  /** Returns the next number in [0, 1), with 32 random bits. */
  next(): number;
  /** Returns the next integer in [0, limit). */
  integer(limit: number): number;
  /** Returns the next number in [low, high). */
  uniform(low: number, high: number): number;
  /** Returns the next number from the standard normal distribution. */
  normal(): number;
}

/**
 * Derives a new seed from a seed and keys. Different keys, such as the indices of adjacent items, give independent streams.
 *
 * @example
 * deriveSeed(42, 'stem_conv') === deriveSeed(42, 'stem_conv') // true
 */
export function deriveSeed(seed: number, ...keys: readonly (string | number)[]): number {
  let hash = mix(seed ^ mix(Math.floor(seed / 0x1_0000_0000)));
  for (const key of keys) {
    const bytes = String(key);
    for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes.charCodeAt(i), 0x01000193);
    hash = mix(hash ^ 0x9e3779b9);
  }
  return hash >>> 0;
}

/** Creates a stream of random numbers. Without a seed, the stream is different each time. */
export function createRandom(seed: number = Math.floor(Math.random() * 0x1_0000_0000)): Random {
  // The sfc32 generator (Chris Doty-Humphrey, PractRand), with its state derived from the seed.
  let a = deriveSeed(seed, 'a');
  let b = deriveSeed(seed, 'b');
  let c = deriveSeed(seed, 'c');
  let counter = 1;
  let spare: number | undefined;

  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 0x1_0000_0000;
  };
  for (let i = 0; i < 12; i++) next();

  return {
    next,
    integer: (limit) => Math.floor(next() * limit),
    uniform: (low, high) => low + next() * (high - low),
    normal() {
      if (spare !== undefined) {
        const value = spare;
        spare = undefined;
        return value;
      }
      // Box-Muller transform. 1 - next() is never zero, so the logarithm is finite.
      const radius = Math.sqrt(-2 * Math.log(1 - next()));
      const angle = 2 * Math.PI * next();
      spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    },
  };
}

/** Returns a shuffled copy of the items (Fisher-Yates). */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const copy = [...items];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [copy[i], copy[j]] = [copy[j] as T, copy[i] as T];
  }
  return copy;
}

/** The 32-bit finalizer of murmur3. */
function mix(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}
