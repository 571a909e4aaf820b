import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { BindingExpiry } from '../core/directory/binding-expiry.ts';
import { Directory } from '../core/directory/directory.ts';
import type { Customer } from '../core/directory/records.ts';
import { systemClock } from '../core/kernel/clock.ts';
import type { CustomerId } from '../core/kernel/ids.ts';
import { secure } from '../core/kernel/random.ts';
import { GroupWriter } from '../core/store/group-writer.ts';
import { loadAll } from '../core/store/load.ts';
import { migrate } from '../core/store/migrate.ts';
import type { Sqlite } from '../core/store/native.ts';
import { openDatabase } from '../core/store/open-database.ts';
import { openSeal, type Seal } from '../core/store/seal.ts';
import { bindWrite, WRITE_SQL } from '../core/store/write-statements.ts';
import type { Write } from '../core/write.ts';
import { bindingOf, extensionOf, fillRows, idOf, nameOf } from './registered-phones.ts';

const COUNT = Number(process.env['TANDEM_BINDINGS'] ?? 1_000_000);
const LOOK_UPS = 200_000;
const REFRESHES = 200_000;
const CUSTOMER = 'c0000000-0000-4000-8000-000000000001' as CustomerId;
const NOW = systemClock.wallTime();

/** A million phones that an earlier process left registered: what they cost at the start, at rest and in use. */
export function run(): Record<string, number> {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-bindings-'));
  const seal = openSeal(folder, secure());
  const database = openDatabase(join(folder, 'tandem.db'), 'process');
  try {
    migrate(database);
    fill(database, seal, (i) => ({ kind: 'saveExtension', row: extensionOf(CUSTOMER, i, NOW) }));
    const accounts = restored(database, seal).figures;
    fill(database, seal, (i) => ({ kind: 'saveBinding', row: bindingOf(CUSTOMER, i, NOW) }));
    const { directory, expiry, figures } = restored(database, seal);
    if (directory.bindingCount !== COUNT || directory.nextBindingExpiryAt() === Number.POSITIVE_INFINITY)
      throw new Error('bindings are missing');
    return {
      restoreS: figures.seconds,
      bindingsRestoreS: figures.seconds - accounts.seconds,
      restoreCpuS: figures.cpuSeconds,
      bindingsRestoreCpuS: figures.cpuSeconds - accounts.cpuSeconds,
      heapBytesPerBinding: (figures.heapBytes - accounts.heapBytes) / COUNT,
      heapBytesPerExtension: accounts.heapBytes / COUNT,
      residentMb: process.memoryUsage.rss() / 1e6,
      ...used(directory, expiry),
    };
  } finally {
    database.close();
    rmSync(folder, { recursive: true });
  }
}

function fill(database: Sqlite, seal: Seal, write: (index: number) => Write): void {
  const customer: Write = { kind: 'saveCustomer', row: CUSTOMER_ROW };
  new GroupWriter(database, WRITE_SQL).commit([{ receipt: 0, writes: bindWrite(customer, seal) }]);
  fillRows(database, seal, COUNT, write);
}

function restored(database: Sqlite, seal: Seal) {
  const before = heapBytes();
  const started = performance.now();
  const cpu = process.cpuUsage();
  const directory = new Directory();
  const expiry = new BindingExpiry(directory, (now) => NOW + now);
  loadAll(database, directory, seal, NOW);
  expiry.renew(0);
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const cpuSeconds = (user + system) / 1e6;
  return { directory, expiry, figures: { seconds, cpuSeconds, heapBytes: heapBytes() - before } };
}

function used(directory: Directory, expiry: BindingExpiry): Record<string, number> {
  const stride = 7_919;
  const ids = Array.from({ length: LOOK_UPS }, (_, i) => nameOf((i * stride) % COUNT));
  let found = 0;
  const lookUpUs = microseconds(LOOK_UPS, (i) => {
    found += directory.bindings(directory.extensionByName(CUSTOMER, ids[i]!)!.id, NOW).length;
  });
  if (found !== LOOK_UPS) throw new Error(`${found} of ${LOOK_UPS} were found`);
  const refreshUs = microseconds(REFRESHES, (i) => {
    const row = { ...directory.bindings(idOf((i * stride) % COUNT), NOW)[0]!, expiresAt: NOW + 7_200_000 };
    directory.putBinding(row);
    expiry.renew(1);
  });
  const idleUs = microseconds(LOOK_UPS, () => {
    if (expiry.deadline() <= 1 || expiry.due(1) !== undefined) throw new Error('nothing was due');
  });
  return { lookUpUs, refreshUs, idleUs };
}

function microseconds(count: number, once: (index: number) => void): number {
  const begun = performance.now();
  for (let i = 0; i < count; i++) once(i);
  return ((performance.now() - begun) * 1000) / count;
}

/** Live objects alone. */
function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}

const CUSTOMER_ROW: Customer = {
  id: CUSTOMER,
  name: 'First',
  detail: '',
  email: '',
  status: 'active',
  ordinal: 1,
  createdAt: NOW,
  updatedAt: null,
  deletedAt: null,
};

if (import.meta.main) console.table(run());
