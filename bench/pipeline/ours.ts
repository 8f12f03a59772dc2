// One measurement of the built package: FOLDER resize|augment [fast] [threads|threads=N]. Four passes are measured after four that let each
// thread compile what it runs often. Prints one line of JSON.

import { readFile } from 'node:fs/promises';
import {
  augment,
  colorJitter,
  imageBatches,
  imageFolder,
  imageWorkers,
  randomAffine,
  randomFlip,
  selectBackend,
  sequence,
} from 'effnet-ts/node';

const [folder = '', task, ...how] = process.argv.slice(2);
const asked = how.find((word) => word.startsWith('threads'))?.split('=');
const workers = asked === undefined ? undefined : imageWorkers(asked[1] === undefined ? {} : { threads: Number(asked[1]) });
const threads = workers === undefined ? {} : { workers };
const { images } = await imageFolder(folder, {
  inputSize: 224,
  shuffle: false,
  dctMethod: how.includes('fast') ? 'fast' : 'accurate',
  ...threads,
});
const recipe = sequence(randomFlip(), colorJitter({ brightness: 0.1, contrast: 0.2, saturation: 0.2 }), randomAffine({ rotation: 10 }));
const batches = imageBatches(task === 'augment' ? augment(images, recipe, threads) : images, { batchSize: 32 });
await selectBackend();

async function pass(): Promise<number> {
  let count = 0;
  for await (const { xs, ys } of batches) {
    count += xs.shape[0];
    xs.dispose();
    ys.dispose();
  }
  return count;
}

for (let warm = 0; warm < 4; warm++) await pass();
const [start, used] = [performance.now(), process.cpuUsage()];
let count = 0;
for (let measured = 0; measured < 4; measured++) count += await pass();
const [elapsed, { user, system }] = [performance.now() - start, process.cpuUsage(used)];
const { version } = JSON.parse(await readFile(new URL(import.meta.resolve('effnet-ts/package.json')), 'utf8')) as { version: string };
console.log(JSON.stringify({ rate: (1000 * count) / elapsed, milliseconds: (user + system) / 1000 / count, version }));
await workers?.dispose();
