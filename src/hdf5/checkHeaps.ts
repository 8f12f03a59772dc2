// Refuses global heaps (where HDF5 keeps texts) on which the HDF5 library would run in a circle: an object that takes no space.
// Format: HDF5 File Format Specification 3.0, III.E, "Disk Format: Level 1E - Global Heap".

import { WeightsError } from '../core/index.js';

const SIGNATURE = [0x47, 0x43, 0x4f, 0x4c, 1, 0, 0, 0]; // 'GCOL', version 1
const HEADER = 16;

/** @throws {WeightsError} when an object of a global heap takes no space or more than the heap has. */
export function checkHeaps(where: string, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = bytes.indexOf(0x47); at >= 0; at = bytes.indexOf(0x47, at + 1)) {
    if (at + HEADER > bytes.length || !SIGNATURE.every((byte, i) => bytes[at + i] === byte)) continue;
    const end = at + Number(view.getBigUint64(at + 8, true));
    let object = at + HEADER;
    while (object + HEADER <= Math.min(end, bytes.length)) {
      const size = Number(view.getBigUint64(object + 8, true));
      // Object 0 is the free space, its header included.
      const taken = view.getUint16(object, true) === 0 ? size : HEADER + Math.ceil(size / 8) * 8;
      if (taken < HEADER || object + taken > end) throw new WeightsError(`${where}: a heap of the HDF5 file holds an object of an impossible size. The file is damaged.`);
      object += taken;
    }
  }
}
