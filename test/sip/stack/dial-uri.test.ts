import { expect, test } from 'vitest';
import type { LegId } from '../../../core/kernel/ids.ts';
import type { DialRequest } from '../../../core/ports.ts';
import type { Request } from '../../../sip/message.ts';
import { kinds, OFFER, Rig, type Sent, words } from './rig.ts';

/** Number of the only leg that these rigs have. */
const FIRST = 1 as LegId;
const body = new TextEncoder().encode(OFFER);

/** Dials a SIP URI that nobody has registered: what is sent, and the rig. */
function dialled(contact: string, extra: Partial<DialRequest> = {}): { rig: Rig; sent: readonly Sent[] } {
  const rig = new Rig();
  const target = { contact, path: [], via: undefined, localPort: undefined };
  const request = { target, fromUser: '+4930123', fromName: 'Ada', toUser: 'bob', offer: body, ...extra };
  return { rig, sent: rig.execute({ kind: 'dial', leg: rig.nextLeg(), request }) };
}

test.each([
  ['sip:bob@203.0.113.9', 'udp', '203.0.113.9', 5060],
  ['sip:bob@203.0.113.9:5080', 'udp', '203.0.113.9', 5080],
  ['sip:bob@203.0.113.9:5080;transport=tcp', 'tcp', '203.0.113.9', 5080],
  ['sip:bob@[2001:db8::9]:5080', 'udp', '2001:db8::9', 5080],
  ['sip:bob@localhost:5080', 'udp', '127.0.0.1', 5080],
  ['sip:bob@192.168.7.9', 'udp', '192.168.7.9', 5060],
])('an INVITE for %s goes there over %s, with the URI as Request-URI', (contact, transport, address, port) => {
  const { sent } = dialled(contact);
  expect(sent.map(({ destination, localPort }) => ({ destination, localPort }))).toEqual([
    { destination: { transport, address, port }, localPort: undefined },
  ]);
  const invite = sent[0]!.message as Request;
  expect(invite.uri.text).toBe(contact);
  expect(invite.first('Via')).toContain(`SIP/2.0/${transport.toUpperCase()} 192.0.2.1:5060`);
  expect(invite.to.uri).toMatchObject({ user: 'bob', host: invite.uri.host, port: 0 });
});

test('what follows in the dialog goes where the answer says, and back to the address that was dialled when that is private', () => {
  const { rig, sent } = dialled('sip:bob@203.0.113.9:5080');
  const contact = (uri: string): readonly [string, string][] => [['Contact', `<${uri}>`]];
  const [ack] = rig.answer(sent[0]!.message as Request, 200, { fields: contact('sip:bob@10.0.0.9:5060') });
  expect([words([ack!]), ack!.destination.address, ack!.destination.port]).toEqual([['ACK'], '203.0.113.9', 5080]);
  const [bye] = rig.execute({ kind: 'hangup', leg: FIRST, cause: 'normal' });
  expect(bye!.destination).toEqual(sent[0]!.destination);
});

test.each(['sip:bob@pbx.example', 'sip:bob@pbx.example:5080;transport=tcp', 'tel:+4930123', 'bob', ''])(
  'a call to "%s" fails at once: names are not looked up yet, and other URIs lead nowhere',
  (contact) => {
    const { rig, sent } = dialled(contact);
    expect(sent).toEqual([]);
    expect(rig.events).toEqual([{ kind: 'failed', leg: 1, cause: 'network-failed', status: 503 }]);
    expect(rig.stack.counters).toMatchObject({ legs: 0, dialogs: 0, timersArmed: 0 });
  },
);

test('a peer that cannot be sent to fails the call', () => {
  const { rig, sent } = dialled('sip:bob@203.0.113.9;transport=tcp');
  rig.transportFailed(sent[0]!.destination);
  expect(kinds(rig.events)).toEqual(['failed network-failed']);
});

test('a caller who stays unknown is told to the network alone', () => {
  const { rig, sent } = dialled('sip:bob@203.0.113.9', { isAnonymous: true });
  const invite = sent[0]!.message as Request;
  expect(invite.first('From')).toMatch(/^"Anonymous" <sip:anonymous@anonymous\.invalid>;tag=/);
  expect(invite.first('P-Asserted-Identity')).toBe('"Ada" <sip:+4930123@192.0.2.1>');
  expect(invite.first('Privacy')).toBe('id');
  rig.answer(invite, 200);
  const [bye] = rig.execute({ kind: 'hangup', leg: FIRST, cause: 'normal' });
  expect(bye!.message.first('From')).toBe(invite.first('From'));
});

test('a caller who is known shows name and number, and asserts nothing', () => {
  const { sent } = dialled('sip:bob@203.0.113.9');
  const invite = sent[0]!.message as Request;
  expect(invite.first('From')).toMatch(/^"?Ada"? <sip:\+4930123@192\.0\.2\.1>;tag=/);
  expect([invite.first('P-Asserted-Identity'), invite.first('Privacy')]).toEqual([undefined, undefined]);
});
