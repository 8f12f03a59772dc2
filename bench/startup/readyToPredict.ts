// Measures how long B0 takes until it can predict, in a fresh process, with weights from a local safetensors file. Prints milliseconds
// as JSON: since the process began, and of each part. Arguments: the Node entry's file, the weights' file.

import type * as entry from '../../src/node.js';

const { efficientNet, loadWeights, selectBackend } = (await import(process.argv[2] ?? '')) as typeof entry;
const imported = performance.now();
await selectBackend();
const started = performance.now();
const model = efficientNet('b0');
const built = performance.now();
await loadWeights(model, process.argv[3] ?? '');
const wall = performance.now();
const { user, system } = process.cpuUsage();
console.log(
  JSON.stringify({
    wall,
    cpu: (user + system) / 1000,
    imports: imported,
    backend: started - imported,
    network: built - started,
    weights: wall - built,
  }),
);
