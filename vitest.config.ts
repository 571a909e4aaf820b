import { defineConfig } from 'vitest/config';

const PROGRAMS = ['test/interop/**/*.test.ts', 'test/cli/**/*.test.ts'];
/** Those that judge how regularly packets come have the machine to themselves. */
const ALONE = ['test/interop/disk.test.ts'];
/** Tests of sound run again in other ways: with a port for each stream, and through Node's own sockets (`cli/build/long.ts`). */
const isLong = process.env['TANDEM_WAYS_OF_MEDIA'] === 'each';
const WORLDS_OF_SOUND = [
  'test/media/{families,media-plane,mix-sounds,mix-storm,plane-conference,recording-pause,steering}.test.ts',
  'test/media/srtp/agreed.test.ts',
  isLong ? 'test/{flows,world}/**/*.test.ts' : 'test/world/{conferences,families,hold-music,media}.test.ts',
];
const PROGRAMS_OF_SOUND = [
  'test/interop/{conference,families,media-streams}.test.ts',
  ...(isLong ? ['test/interop/{browser-phone,first-service,load,nat,phones,tls-call,transfers,trunks}.test.ts'] : []),
];
const APART = { TANDEM_RTP_SHARING: 'off' };
const BY_DGRAM = { TANDEM_RTP_IO: 'dgram' };
/** A short run tries both in one. */
const OTHER_WAYS = isLong
  ? [
      { name: 'programs, ports apart', env: APART },
      { name: 'programs, by dgram', env: BY_DGRAM },
    ]
  : [{ name: 'programs, ports apart and by dgram', env: { ...APART, ...BY_DGRAM } }];

/** Real programs mostly wait for each other, on ports that no two files share: so many files go side by side. */
const PROGRAMS_AT_ONCE = 3;
/** How long a program takes to start is a matter of what else the machine does. */
const PATIENCE = { testTimeout: 60_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
    pool: 'forks',
    projects: [
      { extends: true, test: { name: 'machines', include: ['test/**/*.test.ts'], exclude: PROGRAMS } },
      { extends: true, test: { name: 'machines, ports apart', include: WORLDS_OF_SOUND, env: APART } },
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
      ...OTHER_WAYS.map((way, index) => ({
        extends: true as const,
        test: {
          ...way,
          include: PROGRAMS_OF_SOUND,
          maxWorkers: PROGRAMS_AT_ONCE,
          sequence: { groupOrder: 3 + index },
          ...PATIENCE,
        },
      })),
    ],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // A test that leaves sockets or threads behind is named instead of hanging the run.
    teardownTimeout: 10_000,
    // Inherited settings of the shell must not change what is tested.
    env: { FORCE_COLOR: '0' },
  },
});
