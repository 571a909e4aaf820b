import { expect, test } from 'vitest';
import { NEVER } from '../../../core/kernel/time.ts';
import { parseUri } from '../../../sip/grammar/uri.ts';
import { type RestedTransaction, RestedTransactions } from '../../../sip/transaction/rested-transactions.ts';
import { buildRequest } from '../../../sip/writer.ts';

const register = buildRequest({
  method: 'REGISTER',
  uri: parseUri('sip:a.example')!,
  fields: [['CSeq', '1 REGISTER']],
});

const rested: RestedTransaction = {
  id: 7,
  kind: 'nonInviteServer',
  destination: { transport: 'tls', address: '2001:db8::1', port: 5061, name: 'a.example' },
  localPort: 5060,
  mergeKey: 'REGISTER 1 a b',
  note: '',
  bytes: Uint8Array.from([0, 10, 13, 34, 92, 127, 128, 255]),
};

test('a transaction at rest repeats its bytes to where they went, whatever bytes they are', () => {
  const all = new RestedTransactions();
  all.add('key', rested, 32_000);
  const { destination, localPort, bytes } = rested;
  const said = all.receive('key', register);
  expect(said).toEqual({ kind: 'send', destination, localPort, bytes: expect.anything() });
  expect([...(said as { bytes: Uint8Array }).bytes]).toEqual([...bytes]);
  expect([all.retransmissions, all.receive('other', register)]).toEqual([1, undefined]);
});

test('a transaction at rest keeps its twins away until its time has come', () => {
  const all = new RestedTransactions();
  all.add('key', rested, 32_000);
  all.add('quiet', { ...rested, id: 8, kind: 'inviteClient', mergeKey: '', bytes: new Uint8Array(0) }, 5_000);
  expect([all.size, all.serverCount, all.isMerged('REGISTER 1 a b'), all.next()]).toEqual([2, 1, true, 5_000]);
  expect(all.receive('quiet', register)).toBe('nothing');
  expect([all.takeDue(4_999), all.takeDue(5_000)?.id, all.takeDue(31_999)]).toEqual([undefined, 8, undefined]);
  expect(all.takeDue(32_000)).toEqual({ ...rested, bytes: expect.anything() });
  expect([all.size, all.serverCount, all.isMerged('REGISTER 1 a b'), all.next()]).toEqual([0, 0, false, NEVER]);
});
