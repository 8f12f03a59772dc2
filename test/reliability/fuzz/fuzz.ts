// Fuzzes a parser in its own process. A hang is killed, and hangs and crashes are reported with the number of the input.

import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { bundleScript } from '../../support/bundleScript.js';

/** The results of the inputs. */
export interface FuzzReport {
  readonly inputs: number;
  /** Faults injected into valid files. */
  readonly faults: number;
  /** Inputs rejected with an error of the library. */
  readonly refused: number;
  /** Inputs read correctly: valid generated inputs, or faults without effect. */
  readonly survivors: number;
  /** Foreign errors and wrong results. */
  readonly failures: readonly string[];
  /** Peak memory growth. */
  readonly megabytes: number;
}

/** The seed of all inputs. Set `FUZZ_SEED` to try another. */
export const SEED = Number(process.env['FUZZ_SEED'] ?? 20_19);

/** Time limit per input in milliseconds, also on a busy machine. */
const PATIENCE = 20_000;

let bundle: Promise<string> | undefined;

/** Fuzzes a parser with a number of inputs, in as many processes as needed. */
export async function fuzz(name: string, inputs: number): Promise<FuzzReport> {
  let total: FuzzReport = { inputs: 0, faults: 0, refused: 0, survivors: 0, failures: [], megabytes: 0 };
  while (total.inputs < inputs && total.failures.length === 0) {
    const part = await fuzzPart(name, total.inputs, inputs);
    total = {
      inputs: total.inputs + part.inputs,
      faults: total.faults + part.faults,
      refused: total.refused + part.refused,
      survivors: total.survivors + part.survivors,
      failures: part.failures,
      megabytes: Math.max(total.megabytes, part.megabytes),
    };
  }
  return total;
}

async function fuzzPart(name: string, from: number, to: number): Promise<FuzzReport> {
  const folder = mkdtempSync(path.join(tmpdir(), 'fuzz-'));
  const heartbeat = path.join(folder, 'heartbeat');
  const child = fork(
    await (bundle ??= bundleScript(path.join(import.meta.dirname, 'child.ts'), true)),
    [name, String(from), String(to), String(SEED), heartbeat],
    {
      // Small limits for garbage, so that the memory reflects the use of the parser.
      execArgv: ['--enable-source-maps', '--max-old-space-size=256', '--max-semi-space-size=4'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    },
  );
  const at = (): string => {
    try {
      return readFileSync(heartbeat, 'utf8').trim();
    } catch {
      return 'none';
    }
  };
  return new Promise<FuzzReport>((resolve, reject) => {
    let last = '';
    let hung = false;
    const watch = setInterval(() => {
      const now = at();
      if (now === last) {
        hung = true;
        child.kill('SIGKILL');
      }
      last = now;
    }, PATIENCE);
    let report: FuzzReport | undefined;
    child.on('message', (message) => {
      report = message as FuzzReport;
    });
    child.on('close', (code, signal) => {
      clearInterval(watch);
      const input = at();
      rmSync(folder, { recursive: true, force: true });
      if (report !== undefined) resolve(report);
      else reject(new Error(`${name} ${hung ? 'hung' : `crashed (${String(signal ?? code)})`} at input ${input} of seed ${SEED}`));
    });
  });
}
