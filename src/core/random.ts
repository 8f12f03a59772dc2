// Seeded random numbers that do not depend on the order of their use: a stream is named by its seed and keys.

/** A stream of random numbers. */
export interface Random {
  /** The next number in [0, 1), with 32 random bits. */
  next(): number;
  /** The next integer in [0, limit). */
  integer(limit: number): number;
  /** The next number in [low, high). */
  uniform(low: number, high: number): number;
  /** The next number of the standard normal distribution. */
  normal(): number;
}

/**
 * Derives the seed of a named stream, so that neighbors (the next item, the next layer) are independent.
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

/** Starts the stream of a seed; without one, an unpredictable stream. */
export function createRandom(seed: number = Math.floor(Math.random() * 0x1_0000_0000)): Random {
  // sfc32 (Chris Doty-Humphrey, PractRand), its state filled from the seed.
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
      // Box-Muller; 1 - next() keeps the logarithm finite.
      const radius = Math.sqrt(-2 * Math.log(1 - next()));
      const angle = 2 * Math.PI * next();
      spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    },
  };
}

/** A shuffled copy of the items (Fisher-Yates). */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const copy = [...items];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [copy[i], copy[j]] = [copy[j] as T, copy[i] as T];
  }
  return copy;
}

/** murmur3's 32-bit finaliser. */
function mix(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}
