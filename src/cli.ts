#!/usr/bin/env node
// The program `effnet-ts`. Everything about its commands is in cli/; this file connects them to the process.

import { readFileSync } from 'node:fs';
import { runCli } from './cli/index.js';

const controller = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // A second signal ends the process at once.
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new Error('Stopped.'));
  });
}
// The reader of a pipe may close it early, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { readonly version: string };
const { stdout, stderr } = process;
process.exitCode = await runCli(process.argv.slice(2), { stdout, stderr, signal: controller.signal, version });
