import { expect, test } from 'vitest';
import type { LegId } from '../../../core/kernel/ids.ts';
import type { HeaderName, Request } from '../../../sip/message.ts';
import type { Zone } from '../../sim/name-server.ts';
import { kinds, OFFER, PEER, Rig, type Sent, words } from './rig.ts';

const LEG = 1 as LegId;
const body = new TextEncoder().encode(OFFER);
const FARM: Zone = {
  'SRV _sip._udp.farm.example': ['1 1 5060 one.farm.example', '2 1 5070 two.farm.example'],
  'A one.farm.example': ['203.0.113.1'],
  'A two.farm.example': ['203.0.113.2'],
};
const REACHABLE = { reachable: { transports: ['udp', 'tcp'], families: [4] } } as const;

function rigWith(zone: Zone): Rig {
  const rig = new Rig(REACHABLE);
  rig.names.zone = zone;
  return rig;
}

/** Asks for a target to be located, and lets the name server answer. */
function located(rig: Rig, contact: string, path: readonly string[] = []): void {
  const target = { contact, path, via: undefined, localPort: undefined };
  rig.execute({ kind: 'locate', leg: rig.nextLeg(), target });
  rig.until(rig.now + 100);
}

/** Dials what was located: the INVITE that is sent. */
function dialled(rig: Rig, contact: string, leg = LEG): Sent {
  const target = { contact, path: [], via: undefined, localPort: undefined };
  const credentials = { username: 'u', password: 'p' };
  const request = { target, fromUser: '1000', fromName: '', toUser: 'bob', offer: body, credentials };
  const [sent] = rig.execute({ kind: 'dial', leg, request });
  return sent!;
}

function invited(zone: Zone = FARM, contact = 'sip:bob@farm.example'): { rig: Rig; first: Sent } {
  const rig = rigWith(zone);
  located(rig, contact);
  return { rig, first: dialled(rig, contact) };
}

/** `INVITE 203.0.113.1:5060`, one for each message. */
function whereTo(sent: readonly Sent[]): readonly string[] {
  return sent.map((one, index) => `${words(sent)[index]} ${one.destination.address}:${one.destination.port}`);
}

function requestOf(sent: Sent): Request {
  return sent.message as Request;
}

test('a leg is located before it is dialled, and its INVITE names the URI that was asked for', () => {
  const { rig, first } = invited();
  expect(rig.events).toEqual([
    { kind: 'located', leg: 1, peer: { transport: 'udp', address: '203.0.113.1', port: 5060 } },
  ]);
  expect(whereTo([first])).toEqual(['INVITE 203.0.113.1:5060']);
  expect(requestOf(first).uri.text).toBe('sip:bob@farm.example');
  expect(rig.stack.counters).toMatchObject({ legs: 1, lookups: 5, locating: 0 });
});

test('the first hop is what is looked up when the way is given', () => {
  const rig = rigWith(FARM);
  located(rig, 'sip:bob@203.0.113.77', ['sip:farm.example;lr']);
  expect(rig.events[0]).toMatchObject({ kind: 'located', peer: { address: '203.0.113.1' } });
});

test.each([
  ['sip:bob@unknown.example', 'not-found', 404],
  ['sip:bob@closed.example', 'unavailable', 480],
  ['sip:bob@ill.example', 'network-failed', 503],
  ['sips:bob@farm.example', 'not-found', 404],
  ['tel:+4930123', 'network-failed', 503],
  ['sip:bob@host.invalid', 'not-found', 404],
])('%s leads nowhere: %s, %i', (contact, cause, status) => {
  const rig = rigWith({ ...FARM, 'SRV _sip._udp.closed.example': ['0 0 0 .'] });
  rig.names.failing = new Set(['A ill.example']);
  located(rig, contact);
  expect(rig.events).toEqual([{ kind: 'failed', leg: 1, cause, status }]);
  expect(rig.sent).toEqual([]);
  expect(rig.stack.counters).toMatchObject({ legs: 0, locating: 0, timersArmed: 0 });
});

test('without anything to send over no name is looked up', () => {
  const rig = new Rig();
  located(rig, 'sip:bob@farm.example');
  expect(rig.events).toEqual([{ kind: 'failed', leg: 1, cause: 'network-failed', status: 503 }]);
  expect(rig.names.asked).toEqual([]);
});

test('a leg that is hung up while it is being located, or before it is dialled, is over at once', () => {
  const rig = rigWith(FARM);
  const target = { contact: 'sip:bob@farm.example', path: [], via: undefined, localPort: undefined };
  rig.execute({ kind: 'locate', leg: LEG, target });
  expect(rig.stack.counters.legs).toBe(1);
  rig.execute({ kind: 'hangup', leg: LEG, cause: 'canceled' });
  rig.until(1_000);
  expect(kinds(rig.events)).toEqual(['ended canceled']);
  rig.execute({ kind: 'locate', leg: 2 as LegId, target });
  rig.until(2_000);
  rig.execute({ kind: 'hangup', leg: 2 as LegId, cause: 'media-overloaded' });
  expect(kinds(rig.events).slice(1)).toEqual(['located', 'ended media-overloaded']);
  rig.execute({ kind: 'hangup', leg: 2 as LegId, cause: 'normal' });
  rig.until(200_000);
  expect(rig.sent).toEqual([]);
  expect(rig.events).toHaveLength(3);
  expect(rig.stack.counters).toMatchObject({ legs: 0, locating: 0, timersArmed: 0 });
});

test('RFC 3263 §4.3: a server that refuses with 503 is followed by the next, as a new request of the same call', () => {
  const { rig, first } = invited();
  const [ack, second] = rig.answer(requestOf(first), 503);
  expect(whereTo([ack!, second!])).toEqual(['ACK 203.0.113.1:5060', 'INVITE 203.0.113.2:5070']);
  const [before, after] = [requestOf(first), requestOf(second!)];
  expect(after.callId).toBe(before.callId);
  expect(after.fromTag).toBe(before.fromTag);
  expect(after.topVia.text).not.toBe(before.topVia.text);
  expect(after.cseq.number).toBe(before.cseq.number + 1);
  expect(after.uri.text).toBe(before.uri.text);
  rig.answer(after, 180);
  rig.answer(after, 200);
  expect(kinds(rig.events)).toEqual(['located', 'ringing', 'answered']);
});

test('a server that is silent is followed by the next when its time is over, one that cannot be sent to at once', () => {
  const { rig } = invited();
  expect(whereTo(rig.until(rig.now + 31_000).filter(({ destination }) => destination.port === 5070))).toEqual([]);
  const [second] = rig.until(rig.now + 1_001).slice(-1);
  expect(whereTo([second!])).toEqual(['INVITE 203.0.113.2:5070']);
  rig.transportFailed(second!.destination);
  expect(kinds(rig.events)).toEqual(['located', 'failed network-failed']);
  expect(rig.stack.counters.legs).toBe(0);
});

test('a 100 does not keep the next server away, but somebody who rings does, and so does every other answer', () => {
  const trying = invited();
  trying.rig.answer(requestOf(trying.first), 100);
  expect(words(trying.rig.answer(requestOf(trying.first), 503))).toEqual(['ACK', 'INVITE']);
  const ringing = invited();
  ringing.rig.answer(requestOf(ringing.first), 180);
  expect(words(ringing.rig.answer(requestOf(ringing.first), 503))).toEqual(['ACK']);
  expect(ringing.rig.events.at(-1)).toMatchObject({ kind: 'failed', status: 503 });
  const busy = invited();
  expect(words(busy.rig.answer(requestOf(busy.first), 486))).toEqual(['ACK']);
  expect(busy.rig.events.at(-1)).toMatchObject({ kind: 'failed', cause: 'busy' });
});

test('a call that is given up is not taken to another server', () => {
  const { rig, first } = invited();
  rig.execute({ kind: 'hangup', leg: LEG, cause: 'canceled' });
  expect(words(rig.answer(requestOf(first), 503))).toEqual(['ACK']);
  expect(kinds(rig.events)).toEqual(['located', 'ended canceled']);
});

test('a challenge is answered to each server', () => {
  const { rig, first } = invited();
  const fields: [HeaderName, string][] = [['WWW-Authenticate', 'Digest realm="r", nonce="n"']];
  const [, authorized] = rig.answer(requestOf(first), 401, { fields });
  expect(whereTo([authorized!])).toEqual(['INVITE 203.0.113.1:5060']);
  const [, second] = rig.answer(requestOf(authorized!), 503);
  expect(requestOf(second!).first('Authorization')).toBeUndefined();
  const [, last] = rig.answer(requestOf(second!), 401, { fields });
  expect(whereTo([last!])).toEqual(['INVITE 203.0.113.2:5070']);
  expect(requestOf(last!).first('Authorization')).toContain('username="u"');
});

test('the next call begins with the server that did not fail, for as long as the other asked for', () => {
  const { rig, first } = invited();
  const [, second] = rig.answer(requestOf(first), 503, { fields: [['Retry-After', '50 (busy)']] });
  rig.answer(requestOf(second!), 486);
  const again = (): unknown => {
    located(rig, 'sip:bob@farm.example');
    return rig.events.at(-1);
  };
  expect(again()).toMatchObject({ kind: 'located', peer: { address: '203.0.113.2' } });
  rig.until(rig.now + 49_000);
  expect(again()).toMatchObject({ kind: 'located', peer: { address: '203.0.113.2' } });
  rig.until(rig.now + 1_000);
  expect(again()).toMatchObject({ kind: 'located', peer: { address: '203.0.113.1' } });
});

test('requests in a dialog go to the servers of the name in the Contact, in order and each when they are known', () => {
  const { rig, first } = invited({ ...FARM, 'A sbc.example': ['203.0.113.9', '203.0.113.8'] });
  const contact: [HeaderName, string][] = [['Contact', '<sip:bob@sbc.example:5090>']];
  expect(rig.answer(requestOf(first), 200, { fields: contact })).toEqual([]);
  expect(rig.execute({ kind: 'hangup', leg: LEG, cause: 'normal' })).toEqual([]);
  const sent = rig.until(rig.now + 20);
  expect(whereTo(sent)).toEqual(['ACK 203.0.113.9:5090', 'BYE 203.0.113.9:5090']);
  rig.answer(requestOf(sent[1]!), 200);
  expect(kinds(rig.events)).toEqual(['located', 'answered', 'ended normal']);
  // A repeated 200 is acknowledged by what is known.
  expect(whereTo(rig.answer(requestOf(first), 200, { fields: contact }))).toEqual(['ACK 203.0.113.9:5090']);
});

test('RFC 3263 §4.3: a request in a dialog whose server is silent or refuses with 503 goes to the next', () => {
  const { rig, first } = invited({ ...FARM, 'A sbc.example': ['203.0.113.9', '203.0.113.8'] });
  rig.answer(requestOf(first), 200, { fields: [['Contact', '<sip:bob@sbc.example:5090>']] });
  rig.until(rig.now + 20);
  const [reinvite] = rig.execute({ kind: 'reoffer', leg: LEG, offer: body });
  expect(whereTo([reinvite!])).toEqual(['INVITE 203.0.113.9:5090']);
  const refused = rig.answer(requestOf(reinvite!), 503);
  expect(whereTo(refused)).toEqual(['ACK 203.0.113.9:5090', 'INVITE 203.0.113.8:5090']);
  rig.answer(requestOf(refused[1]!), 200, { body, fields: [['Content-Type', 'application/sdp']] });
  expect(kinds(rig.events)).toEqual(['located', 'answered', 'reanswered']);
  // The one that refused is tried last for a while; the other is silent.
  rig.execute({ kind: 'hangup', leg: LEG, cause: 'normal' });
  const byes = whereTo(rig.until(rig.now + 100_000)).filter((words) => words.startsWith('BYE'));
  expect([...new Set(byes)]).toEqual(['BYE 203.0.113.8:5090', 'BYE 203.0.113.9:5090']);
  expect(kinds(rig.events).at(-1)).toBe('ended normal');
});

test('a re-INVITE that is refused with 503 when the call is being hung up already goes to nobody else', () => {
  const { rig, first } = invited({ ...FARM, 'A sbc.example': ['203.0.113.9', '203.0.113.8'] });
  rig.answer(requestOf(first), 200, { fields: [['Contact', '<sip:bob@sbc.example:5090>']] });
  rig.until(rig.now + 20);
  const [reinvite] = rig.execute({ kind: 'reoffer', leg: LEG, offer: body });
  rig.execute({ kind: 'hangup', leg: LEG, cause: 'normal' });
  expect(words(rig.answer(requestOf(reinvite!), 503))).toEqual(['ACK']);
});

test('requests in a dialog go to the servers of a named proxy that stays in the way', () => {
  const { rig, first } = invited({ ...FARM, 'A proxy.example': ['203.0.113.6'] });
  const fields: [HeaderName, string][] = [
    ['Contact', '<sip:bob@203.0.113.77>'],
    ['Record-Route', '<sip:proxy.example:5062;lr>'],
  ];
  rig.answer(requestOf(first), 200, { fields });
  const [ack] = rig.until(rig.now + 20);
  expect(whereTo([ack!])).toEqual(['ACK 203.0.113.6:5062']);
  expect([requestOf(ack!).uri.host, requestOf(ack!).first('Route')]).toEqual([
    '203.0.113.77',
    '<sip:proxy.example:5062;lr>',
  ]);
});

test('of the servers of a name in a dialog the one that answered is preferred', () => {
  const { rig, first } = invited();
  const [, second] = rig.answer(requestOf(first), 503);
  rig.answer(requestOf(second!), 200, { fields: [['Contact', '<sip:bob@farm.example>']] });
  expect(whereTo(rig.sent.slice(-1))).toEqual(['ACK 203.0.113.2:5070']);
});

test.each([
  ['a private address that the peer was not seen at', { 'A sbc.example': ['10.0.0.9'] }, 'sbc.example'],
  ['nothing', {}, 'sbc.example'],
  ['a name of a network of its own', {}, 'sbc.local'],
  ['a name without a dot', {}, 'sbc'],
])('a name in a dialog that means %s leads to where the peer was seen', (_, zone, host) => {
  const { rig, first } = invited({ ...FARM, ...zone });
  const asked = rig.names.asked.length;
  rig.answer(requestOf(first), 200, { fields: [['Contact', `<sip:bob@${host}>`]] });
  const acks = [...rig.sent.slice(1), ...rig.until(rig.now + 100)];
  expect(whereTo(acks)).toEqual(['ACK 203.0.113.1:5060']);
  if (!host.endsWith('.example')) expect(rig.names.asked).toHaveLength(asked);
});

test('a caller with a name in its Contact gets its BYE at the servers of that name', () => {
  const rig = rigWith({ 'A pbx.example': ['203.0.113.5'] });
  const leg = rig.offered({ Contact: '<sip:1000@pbx.example:5080>' });
  rig.execute({ kind: 'answer', leg, body });
  const ok = rig.sent.at(-1)!.message;
  rig.receive(rig.request('ACK', { CSeq: '2 ACK', To: ok.first('To') ?? '' }));
  rig.execute({ kind: 'hangup', leg, cause: 'normal' });
  expect(whereTo(rig.until(100))).toEqual(['BYE 203.0.113.5:5080']);
});

test('a phone that was seen over a connection is reached by it, whatever its Contact is called', () => {
  const rig = rigWith({ 'A pbx.example': ['203.0.113.5'] });
  const leg = rig.offered({ Contact: '<sip:1000@pbx.example>' }, { ...PEER, transport: 'tcp' });
  rig.execute({ kind: 'answer', leg, body });
  const ok = rig.sent.at(-1)!.message;
  rig.receive(rig.request('ACK', { CSeq: '2 ACK', To: ok.first('To') ?? '' }), { ...PEER, transport: 'tcp' });
  expect(whereTo(rig.execute({ kind: 'hangup', leg, cause: 'normal' }))).toEqual(['BYE 198.51.100.7:40000']);
  expect(rig.names.asked).toEqual([]);
});

/** A call whose peer is reached by a name, about to be referred to Carol; both servers of the name live. */
function referring(): Rig {
  const { rig, first } = invited({ ...FARM, 'A sbc.example': ['203.0.113.9', '203.0.113.8'] });
  rig.answer(requestOf(first), 200, { fields: [['Contact', '<sip:bob@sbc.example:5090>']] });
  rig.until(rig.now + 20);
  rig.events.length = 0;
  return rig;
}

const REFER = { kind: 'refer', leg: LEG, request: { toUser: 'carol', domain: 'theirs' } } as const;

test('RFC 3263 §4.3: a REFER of ours goes to the servers of a name, one after the other, as the other requests of its dialog', () => {
  const rig = referring();
  const [refer] = rig.execute(REFER);
  expect(whereTo([refer!])).toEqual(['REFER 203.0.113.9:5090']);
  const [again] = rig.answer(requestOf(refer!), 503);
  expect(whereTo([again!])).toEqual(['REFER 203.0.113.8:5090']);
  expect(requestOf(again!).cseq).toEqual(requestOf(refer!).cseq);
  rig.answer(requestOf(again!), 503);
  expect(rig.events).toEqual([{ kind: 'referSettled', leg: LEG, outcome: 'refused', status: 503 }]);
  expect(rig.stack.counters.referrals).toBe(0);
});

test('RFC 3263 §4.3: a REFER that no server of the name answers is given up, and the call goes on', () => {
  const rig = referring();
  rig.execute(REFER);
  const tried = whereTo(rig.until(rig.now + 100_000)).filter((words) => words.startsWith('REFER'));
  expect([...new Set(tried)]).toEqual(['REFER 203.0.113.9:5090', 'REFER 203.0.113.8:5090']);
  expect(rig.events).toEqual([{ kind: 'referSettled', leg: LEG, outcome: 'refused', status: 0 }]);
  expect(rig.stack.counters).toMatchObject({ referrals: 0, dialogs: 1 });
});

test('a REFER whose server is still looked for when the call ends is not sent', () => {
  const rig = referring();
  // What was known of the name is forgotten by now.
  rig.until(rig.now + 3_600_000);
  expect(rig.execute(REFER)).toEqual([]);
  const sent = rig.execute({ kind: 'hangup', leg: LEG, cause: 'normal' });
  expect(whereTo([...sent, ...rig.until(rig.now + 100)])).toEqual(['BYE 203.0.113.9:5090']);
});
