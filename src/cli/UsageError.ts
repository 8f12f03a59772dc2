import { EffnetError } from '../node.js';

/** The command line itself is wrong: the exit code is 2. */
export class UsageError extends EffnetError {
  override name = 'UsageError';
}
