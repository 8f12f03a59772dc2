import { defineConfig } from 'vitest/config';

// `npm run test:reliability`: what takes minutes, processes of their own, or a disk of their own.
export default defineConfig({
  test: {
    include: ['test/reliability/**/*.reliability.ts'],
    setupFiles: ['test/setup.ts'],
    testTimeout: 240_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    maxConcurrency: 2,
    // The counts are part of the result.
    disableConsoleIntercept: true,
  },
});
