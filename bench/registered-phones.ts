import type { Binding, Extension } from '../core/directory/records.ts';
import type { CustomerId, ExtensionId } from '../core/kernel/ids.ts';
import type { WallTime } from '../core/kernel/time.ts';
import { GroupWriter } from '../core/store/group-writer.ts';
import type { Sqlite } from '../core/store/native.ts';
import type { Seal } from '../core/store/seal.ts';
import { bindWrite, WRITE_SQL } from '../core/store/write-statements.ts';
import type { Write } from '../core/write.ts';

const GROUP = 5_000;

/** Writes as many rows as asked for, in groups as the store does. */
export function fillRows(database: Sqlite, seal: Seal, count: number, write: (index: number) => Write): void {
  const writer = new GroupWriter(database, WRITE_SQL);
  for (let first = 0; first < count; first += GROUP) {
    const indexes = Array.from({ length: Math.min(GROUP, count - first) }, (_, i) => first + i);
    writer.commit([{ receipt: 0, writes: indexes.flatMap((index) => bindWrite(write(index), seal)) }]);
  }
}

export function nameOf(index: number): string {
  return String(1_000_000 + index);
}

export function idOf(index: number): ExtensionId {
  return `e0000000-0000-4000-8000-${index.toString(16).padStart(12, '0')}` as ExtensionId;
}

export function passwordOf(index: number): string {
  return `word-of-${nameOf(index)}`;
}

/** The extension with this number; its phone is `bindingOf` the same. */
export function extensionOf(customerId: CustomerId, index: number, now: WallTime): Extension {
  const name = nameOf(index);
  const row = {
    id: idOf(index),
    customerId,
    extension: name,
    name: '',
    detail: '',
    password: passwordOf(index),
    codecs: '',
    srtp: 'off' as const,
  };
  return { ...row, createdAt: now + index / 1000, updatedAt: null, deletedAt: null };
}

export function bindingOf(customerId: CustomerId, index: number, now: WallTime): Binding {
  const address = `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;
  return {
    customerId,
    extensionId: idOf(index),
    contact: `sip:${nameOf(index)}@${address}:5060`,
    path: [],
    transport: 'udp',
    address,
    port: 5060,
    localPort: 5060,
    sipCallId: `${index.toString(36)}-0123456789abcdef@${address}`,
    cseq: 1 + (index % 1000),
    instance: `<urn:uuid:00000000-0000-1000-8000-${index.toString(16).padStart(12, '0')}>`,
    regId: 0,
    q: 1000,
    userAgent: 'Phone/1.0 (a model of many)',
    registeredAt: now - (index % 3_600) * 1000,
    expiresAt: now + 1 + 60_000 + (index % 3_540) * 1000,
  };
}
