import { defineConfig } from 'vitest/config';

const PROGRAMS = ['test/interop/**/*.test.ts', 'test/cli/**/*.test.ts'];
/** Those that judge how regularly packets come have the machine to themselves. */
const ALONE = ['test/interop/disk.test.ts'];
/** Real programs mostly wait for each other, on ports that no two files share: so many files go side by side. */
const PROGRAMS_AT_ONCE = 3;
/** How long a program takes to start is a matter of what else the machine does. */
const PATIENCE = { testTimeout: 60_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
    pool: 'forks',
    projects: [
      { extends: true, test: { name: 'machines', include: ['test/**/*.test.ts'], exclude: PROGRAMS } },
      {
        extends: true,
        test: {
          name: 'programs',
          include: PROGRAMS,
          exclude: ALONE,
          maxWorkers: PROGRAMS_AT_ONCE,
          sequence: { groupOrder: 1 },
          ...PATIENCE,
        },
      },
      {
        extends: true,
        test: {
          name: 'programs alone',
          include: ALONE,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
          ...PATIENCE,
        },
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
