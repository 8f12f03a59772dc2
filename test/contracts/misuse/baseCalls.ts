// The working calls of every folder: each `<folder>Calls.ts` beside this file.

import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { BaseCalls } from './baseCall.js';

const files = readdirSync(import.meta.dirname).filter(
  (file) => file.endsWith('Calls.ts') && !['baseCalls.ts', 'wrongCalls.ts'].includes(file),
);
const modules = await Promise.all(
  files.map((file) => import(/* @vite-ignore */ path.join(import.meta.dirname, file)) as Promise<Record<string, BaseCalls>>),
);

export const baseCalls: BaseCalls = Object.assign({}, ...modules.flatMap((module) => Object.values(module))) as BaseCalls;

const HOOK = 'training calls it, and its user writes it';

/** Functions that the test does not call, and why. */
export const notCalled: Readonly<Record<string, string>> = {
  'TrainingCallback.onTrainBegin': HOOK,
  'TrainingCallback.onEpochBegin': HOOK,
  'TrainingCallback.onBatchBegin': HOOK,
  'TrainingCallback.onBatchEnd': HOOK,
  'TrainingCallback.onEpochEnd': HOOK,
  'TrainingCallback.onTrainEnd': HOOK,
};
