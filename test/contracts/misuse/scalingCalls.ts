import type { BaseCalls } from './baseCall.js';

export const scalingCalls: BaseCalls = {
  roundFilters: { args: () => [32, 1.1, { divisor: 8 }] },
  planModel: { args: () => ['b0', { classes: 3, inputSize: 64 }] },
};
