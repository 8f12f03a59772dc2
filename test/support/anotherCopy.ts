// A program in which a dependency has loaded its own copy of tfjs-core first. Prints the error of probeBackend.

import { createRequire } from 'node:module';

createRequire(process.argv[2] as string)('@tensorflow/tfjs-core');
const { probeBackend } = await import('../../src/backends/index.js');
console.log(await probeBackend().catch(String));
