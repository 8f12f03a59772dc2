// A program whose dependency brings its own copy of tfjs-core, which came first: prints what probeBackend says.

import { createRequire } from 'node:module';

createRequire(process.argv[2] as string)('@tensorflow/tfjs-core');
const { probeBackend } = await import('../../src/backends/index.js');
console.log(await probeBackend().catch(String));
