// What the stories have in common: settings from the command line, a network with its weights, and a sentence for what went wrong.
// Nothing of this is needed to use the library; the stories themselves are the files to read.

import path from 'node:path';
import { parseArgs } from 'node:util';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { callback, isEffnetError, pretrained, progressBar, selectBackend, type TrainingCallback } from 'effnet-ts/node';

/** The data of the repository. */
export const DATA = path.join(import.meta.dirname, 'data');

/** What every story can be told. */
export interface CommonSettings {
  readonly data: string;
  readonly variant: string;
  readonly weights: string;
  readonly backend: string;
  readonly seed: number;
  readonly out: string;
}

type Setting = string | number;
export type Settings<S> = { readonly [K in keyof S]: S[K] };

/** The settings of a story under three names: its own, those for the pictures in the repository, and those of a test. */
export interface Presets<S> {
  readonly full: S;
  readonly repo: Partial<S>;
  readonly quick: Partial<S>;
}

/**
 * Reads `--input-size 96` into `inputSize: 96`, on top of a preset: `full` where `--data` is given, else `repo`.
 *
 * `--help` prints every setting with its value in each preset, and ends the process.
 */
export function readSettings<S extends CommonSettings>(command: string, presets: Presets<S>): S {
  const full = presets.full as unknown as Record<string, Setting>;
  const repo: Record<string, Setting> = { ...full, ...presets.repo };
  const quick: Record<string, Setting> = { ...repo, ...presets.quick };
  const byName: Record<string, Record<string, Setting>> = { full, repo, quick };
  const flags = Object.fromEntries(['preset', ...Object.keys(full)].map((key) => [kebab(key), { type: 'string' as const }]));
  const rows = Object.keys(full).map((key) => [`--${kebab(key)}`, ...Object.values(byName).map((preset) => String(preset[key]))]);
  const help = [
    `npm run ${command} -- [--preset full|repo|quick] [settings]`,
    '',
    ...[['setting', 'full', 'repo', 'quick'], ...rows].map((row) =>
      row
        .map((cell) => cell.padEnd(24))
        .join('')
        .trimEnd(),
    ),
  ].join('\n');

  let values: Record<string, string | boolean | undefined>;
  try {
    ({ values } = parseArgs({ options: { ...flags, help: { type: 'boolean' } } }));
  } catch (error) {
    return exit(1, `${(error as Error).message}\n\n${help}`);
  }
  if (values['help'] === true) return exit(0, help);
  const name = (values['preset'] ?? (values['data'] === undefined ? 'repo' : 'full')) as string;
  const preset = byName[name];
  if (preset === undefined) return exit(1, `--preset: expected full, repo or quick, received '${name}'.`);
  const settings = Object.fromEntries(
    Object.entries(preset).map(([key, value]) => {
      const given = values[kebab(key)] as string | undefined;
      if (given === undefined) return [key, value];
      if (typeof value === 'string') return [key, given];
      if (given.trim() === '' || !Number.isFinite(Number(given)))
        return exit(1, `--${kebab(key)}: expected a number, received '${given}'.`);
      return [key, Number(given)];
    }),
  );
  console.log(
    `Settings (${name}): ${Object.entries(settings)
      .filter(([, value]) => value !== '')
      .map(([key, value]) => `${kebab(key)} ${value}`)
      .join(', ')}`,
  );
  return settings as unknown as S;
}

/** Starts the backend and builds the network with ImageNet weights: Lite0's are in the repository, others are downloaded once. */
export async function loadBackbone({
  variant,
  weights,
  backend,
  inputSize,
}: CommonSettings & { readonly inputSize: number }): Promise<LayersModel> {
  const report = await selectBackend(backend.split(','), { gradients: true });
  const file = weights !== '' ? weights : variant === 'lite0' ? path.join(DATA, 'weights', 'efficientnet-lite0.safetensors') : undefined;
  const model = await pretrained(variant, {
    inputSize: inputSize,
    onProgress: progressBar(),
    ...(file === undefined ? {} : { weights: file }),
  });
  console.log(`Backend ${report.backend}; ${model.name} at ${inputSize} pixels with ImageNet weights\n`);
  return model;
}

/** Prints a line an epoch. */
export function printEpochs(name: string): TrainingCallback {
  return callback({
    onEpochEnd: (epoch, figures) => {
      const shown = Object.entries(figures).map(
        ([key, value]) => `${key} ${key === 'learningRate' ? value.toExponential(1) : value.toFixed(3)}`,
      );
      console.log(`${name} epoch ${epoch + 1}: ${shown.join('  ')}`);
    },
  });
}

/** A signal that Ctrl-C aborts: the run is kept, and the same command goes on with it. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  process.once('SIGINT', () => {
    console.error('\nStopping after this step. The same command goes on from here.');
    controller.abort(new Stopped());
  });
  return controller.signal;
}

class Stopped extends Error {}

/** Runs a story: a sentence for what the caller can mend, the whole stack for what they cannot. */
export async function tell(story: () => Promise<void>): Promise<void> {
  try {
    await story();
  } catch (error) {
    if (error instanceof Stopped) return;
    console.error(isEffnetError(error) ? error.message : error);
    process.exitCode = 1;
  }
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function exit(code: number, text: string): never {
  (code === 0 ? console.log : console.error)(text);
  process.exit(code);
}
