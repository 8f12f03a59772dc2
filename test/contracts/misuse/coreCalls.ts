import type { BaseCalls } from './baseCall.js';

export const coreCalls: BaseCalls = {
  isEffnetError: { args: () => [new Error('of another library')] },
};
