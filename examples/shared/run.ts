// Runs an example: error messages, and stopping with Ctrl-C.

import { isEffnetError } from 'effnet-ts/node';

class Stopped extends Error {}

/** Runs an example. Prints the message of an error of the library, and the whole stack of any other error. */
export async function runExample(example: () => Promise<void>): Promise<void> {
  try {
    await example();
  } catch (error) {
    if (error instanceof Stopped) return;
    console.error(isEffnetError(error) ? error.message : error);
    process.exitCode = 1;
  }
}

/** Returns a signal that Ctrl-C aborts. `resumes` says whether training then stores its state, so that the same command resumes it. */
export function interruption(resumes = true): AbortSignal {
  const controller = new AbortController();
  process.once('SIGINT', () => {
    console.error(`\nStopping after this step.${resumes ? ' Run the same command again to resume.' : ''}`);
    controller.abort(new Stopped());
  });
  return controller.signal;
}
