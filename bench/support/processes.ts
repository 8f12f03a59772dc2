// Runs measurements in their own processes, which print the result as JSON on the last line.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

export interface ProcessOptions {
  /** A file that must exist. @defaultValue the program */
  readonly needs?: string;
  /** How to set up the program, for the message if `needs` does not exist. */
  readonly setup?: string;
  /** Milliseconds after which the process is killed. @defaultValue no limit */
  readonly timeout?: number;
}

/** Runs a program and returns what it printed as its last line, or the reason why there is nothing. */
export function runProcess(command: readonly string[], options: ProcessOptions = {}): object | string {
  const [program = '', ...parameters] = command;
  const { needs = program, setup = 'install it', timeout } = options;
  if (needs.includes('/') && !existsSync(needs)) return `missing: ${setup}`;
  const { status, stdout, stderr, error } = spawnSync(program, parameters, {
    encoding: 'utf8',
    ...(timeout === undefined ? {} : { timeout }),
  });
  if (status === 0) return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as object;
  if (error !== undefined && 'code' in error && error.code === 'ENOENT') return `missing: ${setup}`;
  const lines = ((stderr as string | null) ?? '').trim().split('\n');
  return `failed: ${(error?.message ?? lines.findLast((line) => line.includes('Error')) ?? lines.at(-1) ?? '').trim()}`;
}

/** Runs a program that must succeed. */
export function runOwnProcess(command: readonly string[]): object {
  const outcome = runProcess(command);
  if (typeof outcome === 'string') throw new Error(`${command.join(' ')}: ${outcome}`);
  return outcome;
}

/** The command that runs a TypeScript file in a process of its own. */
export function tsxCommand(file: string): readonly string[] {
  return [process.execPath, '--import', 'tsx', file];
}
