import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashPassword } from '../api/password.ts';
import { Directory } from '../core/directory/directory.ts';
import { systemClock } from '../core/kernel/clock.ts';
import { Fault } from '../core/kernel/fault.ts';
import { hexToken } from '../core/kernel/ids.ts';
import { secure } from '../core/kernel/random.ts';
import { openStore } from '../core/store/open.ts';
import { RunningProcess } from './running-process.ts';
import { type Format, print } from './terminal.ts';

const PASSWORD_CHARACTERS_MIN = 8;

export interface ResetPasswordOptions {
  readonly data: string;
  readonly format: Format;
  readonly username: string;
  /** Take the password from the first line of standard input instead of making one. */
  readonly source: 'random' | 'standard-input';
}

/** `tandem reset-password`: a new password for an agent, by the running process or in the store of a stopped one. */
export async function resetPassword(options: ResetPasswordOptions): Promise<void> {
  const { data, format, username, source } = options;
  const password = source === 'random' ? hexToken(secure(), 12) : readPassword();
  const running = RunningProcess.find(data);
  if (running !== undefined) await running.ask('POST', 'agent-password', { username, password });
  else await resetInStore(data, username, password);
  const shown = source === 'random' ? { username, password } : { username };
  print(format, shown, () =>
    source === 'random' ? `${username}  ${password}` : `The password of ${username} is set.`,
  );
}

function readPassword(): string {
  const password = readFileSync(0, 'utf8').split(/\r?\n/, 1)[0] ?? '';
  if (password.length >= PASSWORD_CHARACTERS_MIN) return password;
  throw new Fault(
    'INVALID_ARGUMENT',
    `the password is too short: expected at least ${PASSWORD_CHARACTERS_MIN} characters on standard input, got ${password.length}`,
  );
}

async function resetInStore(dataFolder: string, username: string, password: string): Promise<void> {
  if (!existsSync(join(dataFolder, 'tandem.db'))) {
    throw new Fault(
      'FILE_UNREADABLE',
      `the data folder ${dataFolder} holds no database: expected tandem.db, got none`,
      {
        path: dataFolder,
      },
    );
  }
  const directory = new Directory();
  const at = systemClock.wallTime();
  const { store } = await openStore(
    { databaseUrl: '', dataFolder, durability: 'full', keepCallsMs: Number.MAX_SAFE_INTEGER, random: secure() },
    directory,
    at,
  );
  try {
    const agent = directory.agentByUsername(username);
    if (agent === undefined) throw new Fault('RESOURCE_NOT_FOUND', `no agent ${username}`, { username });
    const row = { ...agent, passwordHash: await hashPassword(password, secure()), updatedAt: at };
    store.write([{ kind: 'saveAgent', row }], 1);
    await store.flush();
    if (store.failedCount > 0) throw new Fault('STORE_FAILED', store.lastFailure);
  } finally {
    await store.close();
  }
}
