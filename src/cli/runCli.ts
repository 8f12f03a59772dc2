// Runs one command line and returns the exit code: 0 for success, 1 for failure, 2 for wrong usage, 130 for Ctrl-C.

import { Command, CommanderError } from 'commander';
import { isEffnetError, progressBar } from '../node.js';
import type { CliContext, CliProcess } from './CliCommand.js';
import { COMMANDS } from './commands.js';

const FAILED = 1;
const USAGE = 2;
const STOPPED = 130;

/**
 * Runs a command line, without the name of the program.
 *
 * Nothing is written to the global streams, and the process is not ended.
 *
 * @returns The exit code.
 */
export async function runCli(line: readonly string[], { stdout, stderr, signal, version }: CliProcess): Promise<number> {
  const state = { failed: false };
  const context: CliContext = {
    print: (text) => stdout.write(`${text}\n`),
    note: (text) => stderr.write(`${text}\n`),
    // Without a stream, the bar also respects TERM=dumb.
    onProgress: progressBar(stderr === process.stderr ? {} : { stream: stderr }),
    signal,
    version,
    fail: () => {
      state.failed = true;
    },
  };
  try {
    await programOf(context, { stdout, stderr, version }).parseAsync(line, { from: 'user' });
    return state.failed ? FAILED : 0;
  } catch (error) {
    // commander has printed its own message.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE;
    if (signal.aborted) {
      context.note('Stopped.');
      return STOPPED;
    }
    const shown = line.includes('--debug') ? (error instanceof Error ? withCauses(error) : String(error)) : messageOf(error);
    context.note(`error: ${shown}`);
    return isEffnetError(error) && ['UsageError', 'OptionError'].includes(error.name) ? USAGE : FAILED;
  }
}

function programOf(context: CliContext, { stdout, stderr, version }: Omit<CliProcess, 'signal'>): Command {
  const program = new Command('effnet-ts')
    .description('EfficientNet image classifiers: train, use, measure and export them.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      getOutHelpWidth: () => stdout.columns ?? 100,
      getErrHelpWidth: () => stderr.columns ?? 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .addHelpText('after', '\nExamples of each command: effnet-ts COMMAND --help\n')
    .showSuggestionAfterError();
  for (const { name, summary, examples, define } of COMMANDS) {
    const command = program.command(name).description(summary);
    define(command, context);
    command.option('--debug', 'print the whole stack of an error');
    const lines = examples.map(([example, does]) => `  $ npx effnet-ts ${example}\n      ${does}`);
    command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
  }
  return program;
}

function messageOf(error: unknown): string {
  if (isEffnetError(error)) return error.message;
  return `${error instanceof Error ? error.message : String(error)} (Add --debug to see where this comes from.)`;
}

function withCauses(error: Error): string {
  const stack = error.stack ?? error.message;
  return error.cause instanceof Error ? `${stack}\nCaused by: ${withCauses(error.cause)}` : stack;
}
