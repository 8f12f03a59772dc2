// One measurement of sharp alone, decoding whole and resizing, as many at once as the pipeline: node --import tsx sharp.ts FOLDER.

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
await pass();
const [elapsed, { user, system }] = [performance.now() - start, process.cpuUsage(used)];
console.log(JSON.stringify({ rate: (1000 * files.length) / elapsed, milliseconds: (user + system) / 1000 / files.length, version: sharp.versions.sharp }));
