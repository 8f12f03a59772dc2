// The process in which one parser is fuzzed: child.ts PARSER FROM TO SEED HEARTBEAT. Before each input its number goes to the heartbeat
// file, so that the parent knows which one hung or crashed. Input i is the same whatever comes before it.

import { openSync, writeSync } from 'node:fs';
import { setImmediate as soon } from 'node:timers/promises';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { createRandom, deriveSeed } from '../../../src/core/internal.js';
import { EffnetError } from '../../../src/core/index.js';
import type { FuzzReport } from './fuzz.js';
import { damaged } from './mutate.js';
import type { Parser } from './parser.js';

const [name = '', from = '0', to = '0', seed = '0', heartbeat = ''] = process.argv.slice(2);
const { parser } = (await import(`./parsers/${name}.ts`)) as { readonly parser: Parser };
const files = await parser.files();
const beat = openSync(heartbeat, 'w');
let number = -1;
const report = { inputs: 0, faults: 0, refused: 0, survivors: 0, failures: [] as string[], megabytes: 0 };

const fail = (error: unknown, bytes: Uint8Array): void => {
  report.failures.push(`input ${number}: ${inspect(error)}\n${Buffer.from(bytes.subarray(0, 600)).toString('latin1')}`);
};
let current: Uint8Array = new Uint8Array(0);
process.on('uncaughtException', (error) => {
  fail(error, current);
});
process.on('unhandledRejection', (error) => {
  fail(error, current);
});

async function attempt(bytes: Uint8Array): Promise<void> {
  current = bytes;
  writeSync(beat, String(number).padStart(8), 0);
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

  // Every fourth input is made up, fifty at a time: fast-check keeps what it would shrink.
  let samples: Uint8Array[] = [];
  let chunk = -1;
  const madeUp = (i: number): Uint8Array => {
    if (Math.floor(i / 200) !== chunk) {
      chunk = Math.floor(i / 200);
      samples = fc.sample(parser.inputs, { numRuns: 50, seed: deriveSeed(Number(seed), name, chunk) | 0 });
    }
    return samples[(i % 200) / 4] as Uint8Array;
  };
  for (number = Number(from); number < Number(to) && report.failures.length < 5 && parser.isSpent?.() !== true; number++) {
    if (number % 4 === 0) {
      await attempt(madeUp(number));
      continue;
    }
    const { bytes, faults } = damaged(files, createRandom(deriveSeed(Number(seed), name, number)));
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
