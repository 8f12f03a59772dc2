import type { BaseCalls } from './baseCall.js';

const done = (): Promise<void> => Promise.resolve();
const preferences = [{ name: 'cpu', load: done, prepare: done, note: 'It is slow.' }];

export const backendsCalls: BaseCalls = {
  'index.ensureBackend': { args: () => [preferences] },
  'index.selectBackend': { args: () => [preferences, { gradients: true, tolerance: 0.01, device: 'any' }] },
  probeBackend: { args: () => [{ gradients: true, tolerance: 0.01 }] },
  trackMemory: { args: () => [() => 1] },
};
