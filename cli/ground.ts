import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Directory } from '../core/directory/directory.ts';
import { systemClock } from '../core/kernel/clock.ts';
import type { Settings } from '../core/kernel/config.ts';
import type { Disposal } from '../core/kernel/disposal.ts';
import { Fault } from '../core/kernel/fault.ts';
import { hexToken } from '../core/kernel/ids.ts';
import { secure } from '../core/kernel/random.ts';
import type { LeftBehind } from '../core/store/load.ts';
import { openStore } from '../core/store/open.ts';
import type { StoreWriter } from '../core/store/writer.ts';
import type { Write } from '../core/write.ts';
import { bootstrap, type GivenSecrets, type Secret } from './bootstrap.ts';
import { promptsFolder } from './prompts.ts';

/** What a Tandem stands on: its store, and what that held. */
export interface Ground {
  readonly store: StoreWriter;
  readonly directory: Directory;
  readonly left: LeftBehind;
  /** Secrets made by this start. */
  readonly secrets: readonly Secret[];
  /** Keys that outlive the process: tokens stay valid, and nonces too. */
  readonly tokenSecret: string;
  readonly nonceSecret: Uint8Array;
  readonly folders: { readonly prompts: string; readonly recordings: string; readonly cache: string };
}

/** Opens the store, fills the directory, and commits what a start finds missing. Throws the store's `Fault`s. */
export async function openGround(settings: Settings, given: GivenSecrets, disposal: Disposal): Promise<Ground> {
  const random = secure();
  const directory = new Directory(settings.domain, settings.country);
  const at = systemClock.wallTime();
  const { store, left } = await openStore(
    {
      databaseUrl: settings.database,
      dataFolder: settings.data,
      durability: settings.durability,
      keepCallsMs: settings.keepCallsMs,
      random,
    },
    directory,
    at,
  );
  disposal.add('store', () => store.close());
  const { writes, secrets } = await bootstrap(directory, given, random, at);
  const tokenSecret = left.facts.get('token-secret') ?? hexToken(random, 32);
  const nonceSecret = left.facts.get('nonce-secret') ?? hexToken(random, 32);
  const facts: Write[] = [
    { kind: 'saveFact', name: 'token-secret', value: tokenSecret },
    { kind: 'saveFact', name: 'nonce-secret', value: nonceSecret },
  ];
  await commit(store, [...writes, ...facts]);
  for (const write of writes) apply(directory, write);
  const folders = openFolders(settings.data);
  return { store, directory, left, secrets, tokenSecret, nonceSecret: Buffer.from(nonceSecret, 'hex'), folders };
}

/** What was downloaded is fetched anew by each process: nobody knows any more what it was. */
function openFolders(dataFolder: string): Ground['folders'] {
  const folder = resolve(dataFolder);
  const [recordings, cache] = [join(folder, 'recordings'), join(folder, 'cache')];
  rmSync(cache, { recursive: true, force: true });
  for (const made of [recordings, cache]) mkdirSync(made, { recursive: true, mode: 0o700 });
  return { prompts: promptsFolder(folder), recordings, cache };
}

/** Nothing is served, and no secret shown, before it is durable. */
async function commit(store: StoreWriter, writes: readonly Write[]): Promise<void> {
  store.write(writes, 1);
  await store.flush();
  const event = store.poll();
  if (event?.kind !== 'stored') {
    throw new Fault('STORE_FAILED', `the first rows could not be stored: ${event?.detail ?? 'no answer'}`);
  }
}

function apply(directory: Directory, write: Write): void {
  if (write.kind === 'saveCustomer') directory.putCustomer(write.row);
  else if (write.kind === 'saveAgent') directory.putAgent(write.row);
  else if (write.kind === 'saveAccesskey') directory.putAccesskey(write.row);
  else if (write.kind === 'saveExtension') directory.putExtension(write.row);
  else if (write.kind === 'saveConference') directory.putConference(write.row);
  else if (write.kind === 'saveFlow') directory.putFlow(write.row);
  else if (write.kind === 'saveNumber') directory.putNumber(write.row);
}
