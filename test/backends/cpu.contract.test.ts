import { selectBackend } from '../../src/node.js';
import { backendContract } from '../contracts/backend.js';

// A step takes seconds on this backend.
backendContract({ name: 'cpu', steps: 5, start: () => selectBackend(['cpu']) });
