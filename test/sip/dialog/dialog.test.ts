import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Dialog } from '../../../sip/dialog/dialog.ts';
import { buildUri } from '../../../sip/grammar/uri.ts';
import type { HeaderName, Request } from '../../../sip/message.ts';
import { buildRequest, respond } from '../../../sip/writer.ts';

const FLOW = { remote: { transport: 'udp', address: '198.51.100.7', port: 40_000 }, localPort: 5060 } as const;

function invite(extra: readonly (readonly [HeaderName, string])[] = [], cseq = 1): Request {
  return buildRequest({
    method: 'INVITE',
    uri: buildUri({ user: 'bob', host: '192.0.2.1' }),
    fields: [
      ['From', '"Alice" <sip:alice@example.net>;tag=a'],
      ['To', '<sip:bob@192.0.2.1>'],
      ['Call-ID', 'c'],
      ['CSeq', `${cseq} INVITE`],
      ['Contact', '<sip:alice@198.51.100.7:40000>'],
      ...extra,
    ],
  });
}

const record = (method: string, cseq: number): Request =>
  buildRequest({ method, uri: buildUri({ host: '192.0.2.1' }), fields: [['CSeq', `${cseq} ${method}`]] });

test('as UAS, the route set is Record-Route in order, and From and To change sides', () => {
  const dialog = Dialog.fromRequest(invite([['Record-Route', '<sip:p1;lr>, <sip:p2;lr>']]), 'b', FLOW);
  const bye = dialog.request('BYE', []);
  expect(bye.all('Route')).toEqual(['<sip:p1;lr>', '<sip:p2;lr>']);
  expect([bye.first('From'), bye.first('To'), bye.uri.text, bye.cseq.number]).toEqual([
    '<sip:bob@192.0.2.1>;tag=b',
    '"Alice" <sip:alice@example.net>;tag=a',
    'sip:alice@198.51.100.7:40000',
    1,
  ]);
});

test('RFC 3261 §12.1.2: as UAC, the route set is turned round, and CSeq goes on from the INVITE', () => {
  const ok = respond(invite([], 5), 200, {
    toTag: 'b',
    fields: [
      ['Record-Route', '<sip:p2;lr>, <sip:p1;lr>'],
      ['Contact', '<sip:bob@198.51.100.9>'],
    ],
  });
  const dialog = Dialog.fromResponse(invite([], 5), ok, FLOW);
  expect(dialog.request('BYE', []).cseq.number).toBe(6);
  expect(dialog.acknowledgement(5, []).cseq).toEqual({ number: 5, method: 'ACK' });
  expect(dialog.request('INFO', []).all('Route')).toEqual(['<sip:p1;lr>', '<sip:p2;lr>']);
});

test('the dialog of another branch is as if the INVITE had met it alone, whatever the first one has done since', () => {
  const first = respond(invite([], 5), 200, {
    toTag: 'b',
    fields: [
      ['Record-Route', '<sip:p1;lr>'],
      ['Contact', '<sips:bob@198.51.100.9>'],
    ],
  });
  const moved = { remote: { transport: 'tcp', address: '198.51.100.9', port: 5060 }, localPort: undefined } as const;
  const withContact = respond(invite([], 5), 200, {
    toTag: 'c',
    fields: [
      ['Record-Route', '<sip:p2;lr>, <sip:p3;lr>'],
      ['Contact', '<sip:bob@198.51.100.10>'],
    ],
  });
  for (const other of [withContact, respond(invite([], 5), 200, { toTag: 'd' })]) {
    const dialog = Dialog.fromResponse(invite([], 5), first, FLOW);
    dialog.request('INFO', []);
    dialog.accept(record('INFO', 9));
    dialog.refresh(first, moved);
    const fork = dialog.forked(other, 5, invite().uri.text, FLOW);
    expect(fork.toText()).toBe(Dialog.fromResponse(invite([], 5), other, FLOW).toText());
    fork.request('BYE', []);
    expect(dialog.request('INFO', []).cseq.number).toBe(7);
  }
});

test('RFC 3261 §12.2.2: requests of the peer must have a growing CSeq', () => {
  const dialog = Dialog.fromRequest(invite(), 'b', FLOW);
  expect(dialog.accept(record('INFO', 3))).toBe('in order');
  expect(dialog.accept(record('INFO', 3))).toBe('out of order');
  expect(dialog.accept(record('INFO', 2))).toBe('out of order');
  expect(dialog.accept(record('BYE', 4))).toBe('in order');
});

test('a target refresh changes the remote target, and only that is news', () => {
  const dialog = Dialog.fromRequest(invite(), 'b', FLOW);
  expect(dialog.refresh(invite(), FLOW)).toBe(false);
  const moved = buildRequest({
    method: 'INVITE',
    uri: buildUri({ host: '192.0.2.1' }),
    fields: [['Contact', '<sip:alice@198.51.100.8?Subject=x>']],
  });
  expect(dialog.refresh(moved, FLOW)).toBe(true);
  expect(dialog.requestUri.text).toBe('sip:alice@198.51.100.8');
});

test('a dialog survives as text, with a CSeq above whatever was used since', () => {
  const dialog = Dialog.fromRequest(invite([['Record-Route', '<sip:p1;lr>']]), 'b', FLOW);
  const restored = Dialog.fromText(dialog.toText());
  expect(restored?.request('BYE', []).cseq.number).toBe(10_001);
  expect([restored?.flow, restored?.callId, restored?.localTag, restored?.remoteTag]).toEqual([FLOW, 'c', 'b', 'a']);
});

test('any other text is no dialog', () => {
  const text = Dialog.fromRequest(invite(), 'b', FLOW).toText();
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(JSON.parse(text))), fc.jsonValue(), (name, value) => {
      const state = { ...JSON.parse(text), [name]: value };
      const dialog = Dialog.fromText(JSON.stringify(state));
      return dialog === undefined || typeof state[name] === typeof JSON.parse(text)[name];
    }),
    { numRuns: 200 },
  );
  for (const broken of ['', '{', 'null', '[]', '{}', text.slice(1)]) expect(Dialog.fromText(broken)).toBeUndefined();
});
