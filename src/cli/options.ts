// Options that several commands share, and the checks of their values.

import { InvalidArgumentError, Option } from 'commander';
import type { RuntimeChoice } from './openModel.js';

/** Parses a whole number of at least `least`. */
export function wholeNumber(least: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < least) throw new InvalidArgumentError(`Expected a whole number, at least ${least}.`);
    return number;
  };
}

/** Parses a fraction in [0, 1). */
export function fraction(value: string): number {
  const number = Number(value);
  if (value.trim() === '' || !(number >= 0 && number < 1))
    throw new InvalidArgumentError('Expected a number from 0 to below 1, such as 0.2.');
  return number;
}

/** Parses a learning rate. */
export function positiveNumber(value: string): number {
  const number = Number(value);
  if (!(number > 0 && Number.isFinite(number))) throw new InvalidArgumentError('Expected a number above 0, such as 0.0001.');
  return number;
}

/** Options of {@link runtimeOptions}. */
export interface RuntimeOptions {
  readonly runtime: RuntimeChoice;
  readonly backend?: string | undefined;
}

/** `--runtime` and `--backend`. */
export function runtimeOptions(): Option[] {
  return [
    new Option('--runtime <name>', 'what computes where nothing is trained. auto: ONNX Runtime if onnxruntime-node is installed')
      .choices(['auto', 'onnx', 'tfjs'])
      .default('auto'),
    new Option('--backend <name>', 'backend of TensorFlow.js (default: wasm, or cpu if it is not installed)').choices([
      'wasm',
      'cpu',
      'tensorflow',
      'webgpu',
    ]),
  ];
}

/** Options of {@link csvOptions}. */
export interface CsvOptions {
  readonly pathColumn: string;
  readonly labelColumn: string;
  readonly groupColumn?: string | undefined;
  readonly images?: string | undefined;
  readonly skipBroken: boolean;
}

/** Options for labeled images: the columns of a CSV file, and `--skip-broken`. */
export function labeledOptions(): Option[] {
  return [
    new Option('--path-column <name>', 'for a CSV file: the column with the path of the image').default('file'),
    new Option('--label-column <name>', 'for a CSV file: the column with the class').default('label'),
    new Option('--images <folder>', 'for a CSV file: the folder that the paths are in (default: the folder of the CSV file)'),
    new Option('--skip-broken', 'leave out images that cannot be decoded, and report how many').default(false),
  ];
}
