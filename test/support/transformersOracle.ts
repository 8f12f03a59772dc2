// Opens exported folders with transformers in Python and with transformers.js.

import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { pipeline } from '@huggingface/transformers';
import { best, CLASS_NAMES } from './transformersExport.js';

/** Probabilities, one row per image. */
export type Rows = readonly (readonly number[])[];

/** What transformers in Python says about an exported folder. */
export interface PythonAnswer {
  readonly class: string;
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
  readonly labels: readonly string[];
  /** The probabilities by `torch`, `pipeline` and every ONNX file. */
  readonly answers: Readonly<Record<string, Rows>>;
}

/** A folder and the images to classify. `onnx` are files of its sub-folder `onnx`, without `.onnx`. */
export interface PythonJob {
  readonly folder: string;
  readonly images: readonly string[];
  readonly onnx: readonly string[];
}

/** Runs jobs in the interpreter that `ORACLE_TORCH_PYTHON` names. */
export function inPython(jobs: readonly PythonJob[]): PythonAnswer[] {
  const interpreter = process.env['ORACLE_TORCH_PYTHON'];
  if (interpreter === undefined) throw new Error('Run the oracles with `npm run test:oracles`.');
  const file = path.join(tmpdir(), `effnet-jobs-${process.pid}.json`);
  writeFileSync(file, JSON.stringify(jobs));
  const script = fileURLToPath(new URL('../oracles/export_transformers.py', import.meta.url));
  try {
    return JSON.parse(
      execFileSync(interpreter, [script, file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 2 ** 28 }),
    ) as PythonAnswer[];
  } finally {
    rmSync(file);
  }
}

/** Classifies images with transformers.js in Node, from the file that it chooses itself or that of a data type. */
export async function inTransformersJs(source: string, images: readonly string[], dtype?: 'fp16' | 'q8'): Promise<Rows> {
  const classifier = await pipeline('image-classification', source, dtype === undefined ? {} : { dtype });
  const rows: number[][] = [];
  for (const image of images) {
    const scores = new Map((await classifier(image, { top_k: 10 })).map(({ label, score }) => [label, score]));
    rows.push(CLASS_NAMES.map((name) => scores.get(name) ?? NaN));
  }
  await classifier.dispose();
  return rows;
}

/** The number of rows with the same most probable class. */
export function agreement(some: Rows, others: Rows): number {
  return some.filter((row, i) => best(row) === best(others[i]!)).length;
}
