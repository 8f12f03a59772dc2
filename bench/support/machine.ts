// Describes the machine that a benchmark ran on, with the same keys in every results file.

import { existsSync, readFileSync } from 'node:fs';
import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os';
import { fromRoot } from './paths.js';
import { round } from './statistics.js';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  /** Memory in GiB. */
  readonly memoryGigabytes: number;
  readonly os: string;
  readonly node: string;
  /** Versions of the installed packages that the benchmark measures. */
  readonly versions: Readonly<Record<string, string>>;
  /** Processes that were ready to run in the minute before. */
  readonly load: number;
}

/** Describes this machine and the packages that the benchmark measures. Call it before measuring, because of `load`. */
export function describeMachine(packages: readonly string[] = []): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    os: `${platform()} ${release()}, ${arch()}`,
    node: process.version,
    versions: Object.fromEntries(packages.flatMap((name) => versionOf(name))),
    load: round(loadavg()[0] ?? NaN),
  };
}

/** Writes the machine as one line for people. */
export function machineLine({ cpu, cores, memoryGigabytes, os, node, versions, load }: Machine): string {
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [cpu, `${cores} cores`, `${memoryGigabytes} GB`, os, `Node ${node}`, ...packages, `load before: ${load.toFixed(1)}`].join(', ');
}

function versionOf(name: string): [string, string][] {
  const file = fromRoot(`node_modules/${name}/package.json`);
  return existsSync(file) ? [[name, (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version]] : [];
}
