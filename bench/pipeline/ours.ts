// One measurement of this library: node --import tsx ours.ts FOLDER resize|augment. Prints images a second after a first, unmeasured pass.

import { augment, colorJitter, imageFolder, randomAffine, randomFlip, sequence } from '../../src/node.js';

const [folder = '', task] = process.argv.slice(2);
const { images } = await imageFolder(folder, { imageSize: 224, shuffle: false });
const recipe = sequence(randomFlip(), colorJitter({ brightness: 0.1, contrast: 0.2, saturation: 0.2 }), randomAffine({ rotation: 10 }));
const pipeline = task === 'augment' ? augment(images, recipe) : images;

async function pass(): Promise<number> {
  let count = 0;
  for await (const { pixels } of pipeline) count += pixels.width > 0 ? 1 : 0;
  return count;
}

await pass();
const start = performance.now();
const count = await pass();
console.log((1000 * count) / (performance.now() - start));
