// Measures how long importing an entry takes once TensorFlow.js is imported, in a fresh process. Prints milliseconds as JSON.
// Argument: the entry's file.

import '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers';

const [start, used] = [performance.now(), process.cpuUsage()];
await import(process.argv[2] ?? '');
const [wall, { user, system }] = [performance.now() - start, process.cpuUsage(used)];
console.log(JSON.stringify({ wall, cpu: (user + system) / 1000 }));
