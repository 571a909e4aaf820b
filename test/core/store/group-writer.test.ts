import { expect, test } from 'vitest';
import { seeded } from '../../../core/kernel/random.ts';
import { GroupWriter } from '../../../core/store/group-writer.ts';
import { migrate } from '../../../core/store/migrate.ts';
import { openSqlite, type Sqlite } from '../../../core/store/native.ts';
import { Seal } from '../../../core/store/seal.ts';
import type { WriteGroup } from '../../../core/store/store-protocol.ts';
import { bindWrite, WRITE_SQL } from '../../../core/store/write-statements.ts';
import { callNumber } from './rows.ts';

const seal = new Seal(new Uint8Array(32), seeded(1));

function opened(): Sqlite {
  const database = openSqlite(':memory:', { timeoutMs: 0 });
  migrate(database);
  return database;
}

function groups(from: number, count: number): WriteGroup[] {
  return Array.from({ length: count }, (_, i) => ({
    receipt: from + i,
    writes: bindWrite({ kind: 'saveCall', row: callNumber(from + i) }, seal),
  }));
}

test('on a full disk what does not fit fails, and writing goes on once there is room', () => {
  const database = opened();
  const writer = new GroupWriter(database, WRITE_SQL);
  const pages = Number(database.pragma('page_count', { simple: true }));
  database.pragma(`max_page_count = ${pages + 4}`);
  const failed = writer.commit(groups(0, 200));
  expect(failed.length).toBeGreaterThan(100);
  expect(failed[0]!.detail).toMatch(/disk is full/);
  const kept = database.prepare('select count(*) as count from calls').get();
  expect(kept).toEqual({ count: 200 - failed.length });
  database.pragma('max_page_count = 100000');
  expect(writer.commit(groups(1_000, 200))).toEqual([]);
});
