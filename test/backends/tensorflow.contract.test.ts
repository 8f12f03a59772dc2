// tfjs-node's install script downloads, so this repository does not depend on it. EFFNET_TENSORFLOW_PROJECT names a project
// that has it, built by scripts/buildTensorFlow.ts or installed as usual.

import { selectBackend } from '../../src/node.js';
import { loadTensorFlow } from '../../src/node/backends/nativeBackends.js';
import { backendContract } from '../contracts/backend.js';
import { importFrom } from '../support/projectPackages.js';

const project = process.env['EFFNET_TENSORFLOW_PROJECT'];

backendContract({
  name: 'tensorflow',
  skip: project === undefined ? 'EFFNET_TENSORFLOW_PROJECT names no project with @tensorflow/tfjs-node' : undefined,
  start: () => selectBackend([{ name: 'tensorflow', load: () => loadTensorFlow('selectBackend', importFrom(project ?? '')) }]),
});
