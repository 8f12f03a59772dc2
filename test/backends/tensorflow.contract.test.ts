// tfjs-node is no dependency of this repository, its install script downloads. A project that has it, built by
// scripts/buildTensorFlow.ts or installed as usual, is named by EFFNET_TENSORFLOW_PROJECT.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { selectBackend } from '../../src/node.js';
import { backendContract } from '../contracts/backend.js';

const project = process.env['EFFNET_TENSORFLOW_PROJECT'];

backendContract({
  name: 'tensorflow',
  skip: project === undefined ? 'EFFNET_TENSORFLOW_PROJECT names no project with @tensorflow/tfjs-node' : undefined,
  start: () =>
    selectBackend([
      {
        name: 'tensorflow',
        load: () => import(pathToFileURL(createRequire(join(project ?? '', 'package.json')).resolve('@tensorflow/tfjs-node')).href),
      },
    ]),
});
