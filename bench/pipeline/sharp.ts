// One measurement of sharp alone: decodes at full size and resizes, with as many images at once as the pipeline reads.
// node --import tsx sharp.ts FOLDER. Four passes are measured after a first. Prints one line of JSON.

import sharp from 'sharp';
import { imageFolder } from '../../src/node.js';

const { files } = await imageFolder(process.argv[2] ?? '', { shuffle: false });
const concurrency = 2 * ((globalThis as { navigator?: { hardwareConcurrency?: number } }).navigator?.hardwareConcurrency ?? 2);

async function pass(): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    for (let file = files[next++]; file !== undefined; file = files[next++]) {
      await sharp(file.path).resize(224, 224, { fit: 'fill', kernel: 'linear', fastShrinkOnLoad: false }).removeAlpha().raw().toBuffer();
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
}

await pass();
const [start, used] = [performance.now(), process.cpuUsage()];
for (let measured = 0; measured < 4; measured++) await pass();
const [elapsed, { user, system }] = [performance.now() - start, process.cpuUsage(used)];
const count = 4 * files.length;
console.log(
  JSON.stringify({ rate: (1000 * count) / elapsed, milliseconds: (user + system) / 1000 / count, version: sharp.versions.sharp }),
);
