// Runs a command line in this process, with streams of its own.

import { runCli } from '../../src/cli/index.js';

/** What a command line printed, and its exit code. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `effnet-ts` with these arguments. */
export function run(...line: readonly string[]): Promise<CommandResult> {
  return runUntil(new AbortController().signal, () => undefined, ...line);
}

/** Runs `effnet-ts` with a signal in place of Ctrl-C. `onNote` gets what is written to stderr. */
export async function runUntil(signal: AbortSignal, onNote: (text: string) => void, ...line: readonly string[]): Promise<CommandResult> {
  let [stdout, stderr] = ['', ''];
  const code = await runCli(line, {
    stdout: { write: (text) => (stdout += text) },
    stderr: {
      write: (text) => {
        stderr += text;
        onNote(text);
      },
    },
    signal,
    version: '1.2.3',
  });
  return { code, stdout, stderr };
}
