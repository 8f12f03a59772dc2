// Gives damaged and generated inputs to every parser. Each must be rejected with an error of the library or read correctly, within limits
// of time and memory.

import { afterAll, describe, expect, test } from 'vitest';
import { fuzz, SEED, type FuzzReport } from './fuzz/fuzz.js';

/** Inputs for each parser; `FUZZ_SCALE` multiplies them. */
const INPUTS = {
  safetensors: 25_000,
  tfrecord: 20_000,
  example: 20_000,
  torchArchive: 12_000,
  torchPickle: 16_000,
  checkpoint: 8_000,
  hdf5: 4_000,
  keras: 4_000,
  model: 4_000,
  csv: 4_000,
  image: 4_000,
  onnx: 4_000,
} as const;
/** What memory may grow by, in MB. The HDF5 library believes the length a text claims, up to the end of its own memory. */
const MEGABYTES = (name: string): number => (name === 'hdf5' ? 2400 : 200);
const SCALE = Number(process.env['FUZZ_SCALE'] ?? 1);
const reports = new Map<string, FuzzReport>();

describe('no input causes a hang, a crash, excessive memory use or a foreign error', { concurrent: true }, () => {
  test.each(Object.entries(INPUTS))('%s', async (name, inputs) => {
    const report = await fuzz(name, Math.round(inputs * SCALE));
    reports.set(name, report);
    expect(report.failures.join('\n\n')).toBe('');
    expect(report.megabytes).toBeLessThan(MEGABYTES(name));
  });
});

afterAll(() => {
  const rows = [...reports].map(([parser, { inputs, faults, refused, survivors, failures, megabytes }]) => ({
    parser,
    inputs,
    'faults injected': faults,
    refused,
    survivors,
    failures: failures.length,
    'MB at peak': megabytes,
  }));
  const sum = (key: 'inputs' | 'faults' | 'refused' | 'survivors'): number =>
    [...reports.values()].reduce((total, report) => total + report[key], 0);
  console.log(`\nfuzzing, seed ${SEED}`);
  console.table(rows);
  console.log(
    `inputs tried ${sum('inputs')}, faults injected ${sum('faults')}, refused ${sum('refused')}, ` +
      `survivors (read right) ${sum('survivors')}`,
  );
});
