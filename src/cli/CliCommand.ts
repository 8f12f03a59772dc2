// What a command of the command line is, and what it gets to work with.

import type { Command } from 'commander';
import type { ProgressListener, ProgressBarOptions } from '../node.js';

/** A stream for text, such as `process.stdout`. */
export type TextStream = NonNullable<ProgressBarOptions['stream']>;

/** What the command line gets from the process. */
export interface CliProcess {
  /** Gets results only. */
  readonly stdout: TextStream;
  /** Gets progress, notes and errors. */
  readonly stderr: TextStream;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  /** The version of the package. */
  readonly version: string;
}

/** What a command gets to work with. */
export interface CliContext {
  /** Writes a line of the result to stdout. */
  readonly print: (text: string) => void;
  /** Writes a line about the work to stderr. */
  readonly note: (text: string) => void;
  /** Shows progress on stderr: a bar on a terminal, a line every ten seconds elsewhere. */
  readonly onProgress: ProgressListener;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  /** The version of the package. */
  readonly version: string;
  /** Makes the process end with exit code 1 although the command itself returns, for example when one of many images is broken. */
  readonly fail: () => void;
}

/** A command. To add one to the command line, add it to `COMMANDS`. */
export interface CliCommand {
  readonly name: string;
  readonly summary: string;
  /** Command lines with what they do, for `--help`. They are written without `npx effnet-ts`. */
  readonly examples: readonly (readonly [line: string, does: string])[];
  /** Declares arguments and options, and the action. */
  readonly define: (command: Command, context: CliContext) => void;
}
