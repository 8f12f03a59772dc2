import { selectBackend } from '../../src/node.js';
import { backendContract } from '../contracts/backend.js';

backendContract({ name: 'wasm', start: () => selectBackend(['wasm']) });
