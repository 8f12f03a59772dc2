// Changes the compiled kernels so that they import the shared memory of TensorFlow.js' threaded build.

/** The import section of the kernels: its identifier, its length, and the import of `env.memory` with a minimum of 0 pages. */
const ORDINARY = section(2, 0, 0);
/** The same for a shared memory of 0 to 65,536 pages, whose maximum is a LEB128 number. */
const SHARED = section(2, 3, 0, 0x80, 0x80, 4);

function section(...limits: readonly number[]): Uint8Array {
  const content = [1, 3, ...new TextEncoder().encode('env'), 6, ...new TextEncoder().encode('memory'), ...limits];
  return Uint8Array.of(2, content.length, ...content);
}

/** Returns kernels that import an ordinary memory, changed to import a shared one. */
export function withSharedMemory(kernels: Uint8Array): Uint8Array<ArrayBuffer> {
  const start = kernels.findIndex((_, at) => ORDINARY.every((byte, i) => kernels[at + i] === byte));
  if (start < 0) throw new Error('The kernels do not import a memory.');
  return Uint8Array.of(...kernels.subarray(0, start), ...SHARED, ...kernels.subarray(start + ORDINARY.length));
}
