// Reads the settings of an example from the command line, on top of a preset.

import path from 'node:path';
import { parseArgs } from 'node:util';

/** The folder of the data that comes with the repository. */
export const DATA = path.join(import.meta.dirname, '..', 'data');

/** Settings that every example has. */
export interface CommonSettings {
  /** Folder of the data set. */
  readonly data: string;
  readonly variant: string;
  /** File of ImageNet weights. If empty, they are downloaded once. */
  readonly weights: string;
  readonly backend: string;
  readonly seed: number;
  /** Folder for the results. */
  readonly out: string;
  /** Number of threads that decode and augment images; 0 uses none. */
  readonly workers: number;
  /** Alpha of MixUp; 0 turns it off. */
  readonly mixup: number;
  /** Alpha of CutMix; 0 turns it off. */
  readonly cutmix: number;
}

/** The settings of an example: those of its source, and what differs for the images in the repository and for tests. */
export interface Presets<S> {
  readonly full: S;
  readonly repository: Partial<S>;
  readonly quick: Partial<S>;
}

type Setting = string | number;

/** Returns every preset with all of its settings. */
export function completePresets<S extends CommonSettings>({ full, repository, quick }: Presets<S>): Record<keyof Presets<S>, S> {
  return { full, repository: { ...full, ...repository }, quick: { ...full, ...repository, ...quick } };
}

/** The name of a setting on the command line: `inputSize` is `--input-size`. */
export function flagOf(setting: string): string {
  return `--${kebab(setting)}`;
}

/**
 * Reads settings such as `--input-size 96`. Settings that are not given come from the preset, which is `full` if `--data` is given and
 * `repository` otherwise.
 *
 * `--help` prints every setting with its value in each preset and ends the process. A setting that is unknown or not a number ends it with
 * an error message.
 */
export function readSettings<S extends CommonSettings>(command: string, presets: Presets<S>): S {
  const byName = completePresets(presets) as unknown as Record<string, Record<string, Setting>>;
  const names = Object.keys(presets.full);
  const help = helpOf(command, names, byName);
  const options = Object.fromEntries(['preset', ...names].map((name) => [kebab(name), { type: 'string' as const }]));
  let values: Record<string, string | boolean | undefined>;
  try {
    ({ values } = parseArgs({ options: { ...options, help: { type: 'boolean' } } }));
  } catch (error) {
    return exit(1, `${(error as Error).message}\n\n${help}`);
  }
  if (values['help'] === true) return exit(0, help);
  const name = (values['preset'] ?? (values['data'] === undefined ? 'repository' : 'full')) as string;
  const preset = byName[name];
  if (preset === undefined) return exit(1, `--preset: expected full, repository or quick, received '${name}'.`);
  const settings = Object.fromEntries(
    Object.entries(preset).map(([key, value]) => {
      const given = values[kebab(key)] as string | undefined;
      if (given === undefined) return [key, value];
      if (typeof value === 'string') return [key, given];
      if (given.trim() === '' || !Number.isFinite(Number(given))) return exit(1, `${flagOf(key)}: expected a number, received '${given}'.`);
      return [key, Number(given)];
    }),
  );
  const shown = Object.entries(settings).filter(([, value]) => value !== '');
  console.log(`Settings (${name}): ${shown.map(([key, value]) => `${kebab(key)} ${value}`).join(', ')}`);
  return settings as unknown as S;
}

function helpOf(command: string, names: readonly string[], presets: Record<string, Record<string, Setting>>): string {
  const rows = [
    ['setting', ...Object.keys(presets)],
    ...names.map((name) => [flagOf(name), ...Object.values(presets).map((preset) => String(preset[name]))]),
  ];
  const lines = rows.map((row) =>
    row
      .map((cell) => cell.padEnd(24))
      .join('')
      .trimEnd(),
  );
  return [`npm run ${command} -- [--preset full|repository|quick] [settings]`, '', ...lines].join('\n');
}

function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function exit(code: number, text: string): never {
  (code === 0 ? console.log : console.error)(text);
  process.exit(code);
}
