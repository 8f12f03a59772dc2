import { selectBackend } from '../../src/node.js';
import { backendContract } from '../contracts/backend.js';

backendContract({ name: 'cpu', start: () => selectBackend(['cpu']) });
