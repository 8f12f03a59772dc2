// The process in which one parser is fuzzed: child.ts PARSER INPUTS SEED HEARTBEAT [INDEX]. Before each input its number goes to
// the heartbeat file, so that the parent knows which one hung or crashed; with an index, that one alone is run.

import { openSync, writeSync } from 'node:fs';
import { setImmediate as soon } from 'node:timers/promises';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { createRandom, deriveSeed, EffnetError } from '../../../src/core/index.js';
import type { FuzzReport } from './fuzz.js';
import { damaged } from './mutate.js';
import type { Parser } from './parser.js';

const [name = '', inputs = '0', seed = '0', heartbeat = '', index] = process.argv.slice(2);
const { parser } = (await import(`./parsers/${name}.ts`)) as { readonly parser: Parser };
const files = await parser.files();
const beat = openSync(heartbeat, 'w');
const report = { inputs: 0, faults: 0, refused: 0, survivors: 0, failures: [] as string[], megabytes: 0 };

const fail = (error: unknown, bytes: Uint8Array): void => {
  report.failures.push(`input ${report.inputs - 1}: ${inspect(error)}\n${Buffer.from(bytes.subarray(0, 600)).toString('latin1')}`);
};
let current: Uint8Array = new Uint8Array(0);
process.on('uncaughtException', (error) => { fail(error, current); });
process.on('unhandledRejection', (error) => { fail(error, current); });

async function attempt(bytes: Uint8Array): Promise<void> {
  current = bytes;
  writeSync(beat, String(report.inputs).padStart(8), 0);
  report.inputs += 1;
  try {
    await parser.read(bytes);
    report.survivors += 1;
  } catch (error) {
    if (error instanceof EffnetError) report.refused += 1;
    else fail(error, bytes);
  }
  if (report.inputs % 16 === 0) await soon();
}

async function run(): Promise<void> {
  // The intact files come first: they are read right, and warm up what is measured.
  for (const file of files) await attempt(file);
  report.inputs = report.refused = report.survivors = 0;
  await soon();
  const before = process.resourceUsage().maxRSS;

  const random = (i: number) => createRandom(deriveSeed(Number(seed), name, i));
  const made = Math.floor(Number(inputs) / 4);
  if (index === undefined) {
    // A few at a time: fast-check keeps what it would shrink.
    for (let chunk = 0; chunk < made / 50 && report.failures.length < 5; chunk++) {
      for (const sample of fc.sample(parser.inputs, { numRuns: 50, seed: deriveSeed(Number(seed), name, chunk) | 0 })) await attempt(sample);
    }
  }
  for (let i = index === undefined ? made : Number(index); i <= Number(index ?? Number(inputs) - 1) && report.failures.length < 5; i++) {
    if (index !== undefined) report.inputs = i;
    const { bytes, faults } = damaged(files, random(i));
    report.faults += faults;
    await attempt(bytes);
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
  report.megabytes = Math.round((process.resourceUsage().maxRSS - before) / 1024);
}

try {
  await run();
} catch (error) {
  fail(error, current);
}
process.send?.(report satisfies FuzzReport, () => process.exit(0));
if (process.send === undefined) {
  console.log(report);
  process.exit(0);
}
