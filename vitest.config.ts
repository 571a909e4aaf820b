import { defineConfig } from 'vitest/config';

const PROGRAMS = ['test/interop/**/*.test.ts', 'test/cli/**/*.test.ts'];

export default defineConfig({
  test: {
    pool: 'forks',
    // Real programs share the machine's ears and ports: one file at a time, after everything that is pure.
    projects: [
      { extends: true, test: { name: 'machines', include: ['test/**/*.test.ts'], exclude: PROGRAMS } },
      {
        extends: true,
        test: { name: 'programs', include: PROGRAMS, fileParallelism: false, sequence: { groupOrder: 1 } },
      },
    ],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // A test that leaves sockets or threads behind is named instead of hanging the run.
    teardownTimeout: 10_000,
    // Inherited settings of the shell must not change what is tested.
    env: { FORCE_COLOR: '0' },
  },
});
