/**
 * The outside world that each part of the tree may touch: `node:` modules and packages by the start of the path. What
 * no line allows is forbidden. Sockets are in `sip/transport`, `media/io` and `api` alone.
 */
const ALLOWED: readonly { readonly where: string; readonly modules: readonly string[] }[] = [
  { where: 'core/kernel/random.ts', modules: ['node:crypto'] },
  { where: 'core/kernel/start-worker.ts', modules: ['node:sea', 'node:worker_threads'] },
  { where: 'core/kernel/config.ts', modules: ['node:net', 'node:os'] },
  { where: 'core/store/seal.ts', modules: ['node:crypto'] },
  { where: 'core/store/native.ts', modules: ['better-sqlite3', 'node:os', 'node:sea'] },
  { where: 'core/store/', modules: ['kysely', 'node:fs', 'node:path', 'node:worker_threads'] },
  // Literal addresses are told apart by `node:net` without a socket; digests and nonces are hashes.
  { where: 'sip/dialog/', modules: ['node:net'] },
  { where: 'sip/providers/', modules: ['node:crypto'] },
  { where: 'sip/user-agent/', modules: ['node:crypto', 'node:net'] },
  {
    where: 'sip/transport/',
    modules: [
      'node:buffer',
      'node:crypto',
      'node:dgram',
      'node:dns',
      'node:dns/promises',
      'node:events',
      'node:http',
      'node:https',
      'node:net',
      'node:os',
      'node:stream',
      'node:tls',
      'ws',
    ],
  },
  {
    where: 'media/io/',
    modules: [
      'koffi',
      'mpg123-decoder',
      'node:dgram',
      'node:fs',
      'node:module',
      'node:net',
      'node:os',
      'node:path',
      'node:sea',
      'node:worker_threads',
    ],
  },
  { where: 'media/srtp/', modules: ['node:crypto'] },
  ...['worker', 'workers', 'file-thread', 'file-worker'].map((name) => ({
    where: `media/${name}.ts`,
    modules: ['node:worker_threads', 'node:v8'],
  })),
  { where: 'media/file-system.ts', modules: ['node:fs'] },
  { where: 'media/recorder.ts', modules: ['node:path'] },
  { where: 'media/growing-file.ts', modules: ['node:crypto', 'node:path'] },
  {
    where: 'api/',
    modules: [
      'fast-jwt',
      'fastify',
      '@fastify/swagger',
      'node:crypto',
      'node:dns',
      'node:http',
      'node:https',
      'node:net',
      'node:stream',
      'typebox',
      'ws',
    ],
  },
];

const FREE = ['cli/', 'bench/', 'test/'];

/** Whether the file may use a module that is not of this project. */
export function mayTouch(path: string, module: string): boolean {
  if (FREE.some((folder) => path.startsWith(folder))) return true;
  return ALLOWED.some(({ where, modules }) => path.startsWith(where) && modules.some((name) => isWithin(module, name)));
}

/** `typebox/value` is within `typebox`; a `node:` module is itself alone. */
function isWithin(module: string, name: string): boolean {
  return module === name || (!name.startsWith('node:') && module.startsWith(`${name}/`));
}
