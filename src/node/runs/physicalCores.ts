// Counts the physical cores that this process may use.

import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** Linux lists the processors of each core here. */
const CPUS = '/sys/devices/system/cpu';

/** Returns the number of physical cores, or of processors where the system does not tell. */
export function physicalCores(): number {
  const processors = availableParallelism();
  try {
    const cores = readdirSync(CPUS)
      .filter((name) => /^cpu\d+$/.test(name))
      .map((name) => readFileSync(`${CPUS}/${name}/topology/thread_siblings_list`, 'utf8'));
    return Math.max(1, Math.min(processors, new Set(cores).size));
  } catch {
    return processors;
  }
}
