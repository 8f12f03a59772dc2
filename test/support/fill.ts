// Computes weights and inputs from their names, so that golden values need no weight file.
// test/fixtures/golden/fill.py does the same for the reference frameworks.

/** `count` float64 numbers in [0, 1): murmur3's 32-bit finaliser of fnv1a32(text) + i * 0x9E3779B9. */
export function uniform(text: string, count: number): Float64Array {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return Float64Array.from({ length: count }, (_, i) => {
    let x = (hash + Math.imul(i, 0x9e3779b9)) | 0;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    return ((x ^ (x >>> 16)) >>> 0) / 0x1_0000_0000;
  });
}

/** The pixels a golden file names: float32 RGB in [0, scale], row-major. */
export function inputPixels({ seed, shape, scale }: { seed: string; shape: readonly number[]; scale: number }): Float32Array {
  return Float32Array.from(uniform(seed, size(shape)), (u) => u * scale);
}

/** The values of a weight named as in Keras, `stem_conv/kernel`. */
export function fillKeras(name: string, shape: readonly number[], gain: number): Float32Array {
  const u = uniform(name, size(shape));
  const kind = name.slice(name.lastIndexOf('/') + 1);
  switch (kind) {
    case 'kernel':
      return kernel(u, gain, size(shape.slice(0, -1)));
    case 'depthwise_kernel':
      return kernel(u, gain, size(shape.slice(0, 2)));
    case 'gamma':
    case 'moving_variance':
      return nearOne(u);
    case 'beta':
    case 'bias':
    case 'moving_mean':
      return nearZero(u);
    default:
      throw new Error(`no fill rule for ${name}`);
  }
}

/** The values of a tensor named as in PyTorch, `conv_stem.weight`. */
export function fillTorch(name: string, shape: readonly number[], gain: number): Float32Array {
  const u = uniform(name, size(shape));
  const kind = name.slice(name.lastIndexOf('.') + 1);
  if (kind === 'num_batches_tracked') return new Float32Array(size(shape));
  if (kind === 'weight' && shape.length > 1) return kernel(u, gain, size(shape.slice(1)));
  if (kind === 'weight' || kind === 'running_var') return nearOne(u);
  if (kind === 'bias' || kind === 'running_mean') return nearZero(u);
  throw new Error(`no fill rule for ${name}`);
}

const size = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);
const kernel = (u: Float64Array, gain: number, fanIn: number): Float32Array => {
  const bound = Math.sqrt((3 * gain) / fanIn);
  return Float32Array.from(u, (x) => (2 * x - 1) * bound);
};
const nearOne = (u: Float64Array): Float32Array => Float32Array.from(u, (x) => 0.5 + x);
const nearZero = (u: Float64Array): Float32Array => Float32Array.from(u, (x) => 0.2 * x - 0.1);
