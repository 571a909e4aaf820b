import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // A test that leaves sockets or threads behind is named instead of hanging the run.
    teardownTimeout: 10_000,
    // Inherited settings of the shell must not change what is tested.
    env: { FORCE_COLOR: '0' },
  },
});
