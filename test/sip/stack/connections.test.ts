import { expect, test } from 'vitest';
import type { LegId } from '../../../core/kernel/ids.ts';
import type { TransportAddress } from '../../../core/ports.ts';
import type { Request } from '../../../sip/message.ts';
import { kinds, OFFER, Rig, words } from './rig.ts';

const PHONE: TransportAddress = { transport: 'tcp', address: '198.51.100.7', port: 40_000 };
const TRUNK: TransportAddress = { transport: 'tcp', address: '203.0.113.9', port: 51_000 };
const VIA = 'SIP/2.0/TCP 198.51.100.7:5060;branch=z9hG4bK';

let branches = 0;
const overTcp = (fields: Readonly<Record<string, string>> = {}) => ({ Via: `${VIA}t${++branches}`, ...fields });

function registered(contact = '<sip:1000@198.51.100.7:5060;transport=tcp>'): Rig {
  const rig = new Rig();
  const fields = overTcp({ To: '<sip:1000@192.0.2.1>', Contact: contact });
  rig.authenticated('REGISTER', fields, '', PHONE, { uri: 'sip:192.0.2.1' });
  const event = rig.events[0];
  if (event?.kind !== 'bound') throw new Error('not registered');
  rig.directory.putBinding(event.binding);
  return rig;
}

function called(rig: Rig): Request {
  const leg = rig.nextLeg();
  const target = { contact: 'sip:1000@198.51.100.7:5060;transport=tcp', path: [], via: PHONE, localPort: 5060 };
  const request = { target, fromUser: '1001', fromName: '', toUser: '1000', offer: new TextEncoder().encode(OFFER) };
  const [sent] = rig.execute({ kind: 'dial', leg, request });
  return sent?.message as Request;
}

test('RFC 5626 §5.3: what is bound to a connection is bound no more when it breaks', () => {
  const rig = registered();
  rig.transportFailed({ ...PHONE, port: 40_001 });
  expect(kinds(rig.events)).toEqual(['bound']);
  rig.transportFailed(PHONE);
  expect(rig.events[1]).toMatchObject({ kind: 'unbound', binding: { contact: expect.stringContaining('1000@') } });
  rig.transportFailed(PHONE);
  expect(kinds(rig.events)).toEqual(['bound', 'unbound']);
});

test('RFC 5626 §5.3: a phone that registered anew over another connection stays bound when the old one breaks', () => {
  const rig = registered();
  const again = { ...PHONE, port: 40_002 };
  const fields = overTcp({
    To: '<sip:1000@192.0.2.1>',
    'Call-ID': 'again',
    Contact: '<sip:1000@198.51.100.7:5060;transport=tcp>',
  });
  rig.authenticated('REGISTER', fields, '', again, { uri: 'sip:192.0.2.1' });
  const event = rig.events.at(-1);
  if (event?.kind !== 'bound') throw new Error('not registered');
  rig.directory.putBinding(event.binding);
  rig.transportFailed(PHONE);
  expect(kinds(rig.events)).toEqual(['bound', 'bound']);
  rig.transportFailed(again);
  expect(kinds(rig.events).at(-1)).toBe('unbound');
});

test('RFC 5626 §11.5: a call to a phone whose connection is gone fails at once, as to one that is not there', () => {
  const rig = new Rig();
  called(rig);
  rig.transportFailed(PHONE);
  expect(rig.events).toEqual([{ kind: 'failed', leg: 1, cause: 'unavailable', status: 430 }]);
});

/** A call from a trunk over a connection that it opened, answered; its Contact is this. */
function answered(contact: string): { readonly rig: Rig; readonly leg: LegId } {
  const rig = new Rig();
  const leg = rig.offered(overTcp({ Contact: contact }), TRUNK);
  const [ok] = rig.execute({ kind: 'answer', leg, body: new TextEncoder().encode(OFFER) });
  const to = ok!.message.first('To')!;
  rig.receive(rig.request('ACK', overTcp({ To: to, CSeq: '2 ACK' })), TRUNK);
  return { rig, leg };
}

test('RFC 3261 §18.1.1: a BYE that finds the connection gone goes to where the peer listens, over a new one', () => {
  const { rig, leg } = answered('<sip:gateway@203.0.113.9:5060;transport=tcp>');
  const [bye] = rig.execute({ kind: 'hangup', leg, cause: 'normal' });
  expect([bye!.destination, bye!.localPort]).toEqual([TRUNK, 5060]);
  rig.transportFailed(TRUNK);
  const again = rig.sent.at(-1)!;
  expect(again.destination).toEqual({ transport: 'tcp', address: '203.0.113.9', port: 5060 });
  expect([again.localPort, again.message.cseq]).toEqual([undefined, bye!.message.cseq]);
  expect((again.message as Request).topVia.branch).not.toBe((bye!.message as Request).topVia.branch);
  rig.transportFailed(again.destination);
  expect(words(rig.sent.slice(-2))).toEqual(['BYE', 'BYE']);
  expect(kinds(rig.events).at(-1)).toBe('ended normal');
});

test.each([
  ['a browser', '<sip:x7@k2.invalid;transport=ws>'],
  ['a phone behind NAT', '<sip:phone@192.168.1.20:5060;transport=tcp>'],
])('a BYE to %s whose connection is gone goes nowhere', (_, contact) => {
  const { rig, leg } = answered(contact);
  rig.execute({ kind: 'hangup', leg, cause: 'normal' });
  const { length } = rig.sent;
  rig.transportFailed(TRUNK);
  expect(rig.sent.length).toBe(length);
  expect(kinds(rig.events).at(-1)).toBe('ended normal');
});

/** Bob's phone over a connection, in a call; whatever has this contact is the phone. */
function talking(contact: string): { readonly rig: Rig; readonly leg: LegId } {
  const rig = new Rig();
  const leg = rig.nextLeg();
  const target = { contact: contact.slice(1, -1), path: [], via: PHONE, localPort: 5060 };
  const request = { target, fromUser: '1001', fromName: '', toUser: '1000', offer: new TextEncoder().encode(OFFER) };
  const [invite] = rig.execute({ kind: 'dial', leg, request });
  rig.answer(invite!.message as Request, 200, {
    fields: [['Contact', contact]],
    body: new TextEncoder().encode(OFFER),
  });
  return { rig, leg };
}

function register(rig: Rig, contact: string, source: TransportAddress, callId = 'register'): void {
  const fields = overTcp({ To: '<sip:1000@192.0.2.1>', 'Call-ID': callId, Contact: contact });
  rig.authenticated('REGISTER', fields, '', source, { uri: 'sip:192.0.2.1' });
  const event = rig.events.at(-1);
  if (event?.kind !== 'bound') throw new Error('not registered');
  rig.directory.putBinding(event.binding);
}

test.each([
  ['from the same address', '198.51.100.7', true],
  ['from another address, which may be anybody', '198.51.100.8', false],
])(
  'RFC 5626 §5.3: a BYE finds a phone whose connection broke over the one that it registered by since, %s',
  (_, address, isFound) => {
    const contact = '<sip:x7@k2.invalid;transport=ws>';
    const { rig, leg } = talking(contact);
    register(rig, contact, PHONE);
    rig.transportFailed(PHONE);
    const again = { ...PHONE, address, port: 40_009 };
    register(rig, contact, again, 'again');
    const [bye] = rig.execute({ kind: 'hangup', leg, cause: 'normal' });
    expect(bye!.destination).toEqual(PHONE);
    const { length } = rig.sent;
    rig.transportFailed(PHONE);
    const repeated = rig.sent.slice(length);
    expect(words(repeated)).toEqual(isFound ? ['BYE'] : []);
    if (isFound) expect([repeated[0]!.destination, repeated[0]!.localPort]).toEqual([again, 5060]);
  },
);

test('RFC 5922 §4: in a dialog too the name that was dialled must be proved, whenever the connection is opened again', () => {
  const names = { 'A pbx.example': ['203.0.113.80'] };
  const rig = new Rig({ reachable: { transports: ['udp', 'tls'], families: [4] } });
  rig.names.zone = names;
  const leg = rig.nextLeg();
  const target = { contact: 'sips:bob@pbx.example', path: [], via: undefined, localPort: undefined };
  rig.execute({ kind: 'locate', leg, target });
  rig.until(100);
  const offer = new TextEncoder().encode(OFFER);
  const [invite] = rig.execute({
    kind: 'dial',
    leg,
    request: { target, fromUser: '1', fromName: '', toUser: 'bob', offer },
  });
  const server = { transport: 'tls', address: '203.0.113.80', port: 5061, name: 'pbx.example' };
  expect(invite!.destination).toEqual(server);
  expect(invite!.message.first('Via')).toMatch(/^SIP\/2\.0\/TLS /);
  expect(invite!.message.first('Contact')).toMatch(/^<sips:/);
  rig.answer(invite!.message as Request, 200, { fields: [['Contact', '<sips:bob@203.0.113.81>']], body: offer });
  expect(rig.sent.at(-1)).toMatchObject({ destination: server, message: { method: 'ACK' } });
  const stored = rig.events.find((event) => event.kind === 'answered')!.dialog;
  rig.execute({ kind: 'restore', leg: 77 as LegId, dialog: stored });
  const [bye] = rig.execute({ kind: 'hangup', leg: 77 as LegId, cause: 'crashed' });
  expect(bye!.destination).toEqual(server);
});

test.each([
  ['that is an address', 'SIP/2.0/TCP 203.0.113.9:5080', 5080],
  ['that is a name', 'SIP/2.0/TCP gateway.example', 5060],
])('RFC 3261 §18.2.2: a response that finds the connection gone goes to the sent-by of the Via, %s', (_, via, port) => {
  const rig = new Rig();
  const leg = rig.offered({ Via: `${via};branch=z9hG4bKgone${port}`, Contact: '<sip:gateway@203.0.113.9>' }, TRUNK);
  rig.transportFailed(TRUNK);
  const [ok] = rig.execute({ kind: 'answer', leg, body: new TextEncoder().encode(OFFER) });
  expect(ok!.destination).toEqual({ transport: 'tcp', address: '203.0.113.9', port });
  expect([ok!.localPort, words([ok!])]).toEqual([undefined, ['200 INVITE']]);
});

test.each(['offered', 'ringing'])(
  'RFC 3261 §17.2.4: nobody listens behind NAT: a call that is %s ends at once with the connection of its caller',
  (state) => {
    const rig = new Rig();
    const leg = rig.offered({ Via: 'SIP/2.0/TCP 192.168.1.9:5060;branch=z9hG4bKnat' }, TRUNK);
    if (state === 'ringing') rig.execute({ kind: 'ring', leg, early: undefined });
    rig.transportFailed(TRUNK);
    expect(rig.events.at(-1)).toEqual({ kind: 'ended', leg, cause: 'network-failed', by: 'local' });
    expect(rig.execute({ kind: 'answer', leg, body: new TextEncoder().encode(OFFER) })).toEqual([]);
    rig.until(60_000);
    expect(rig.stack.counters).toMatchObject({ legs: 0, inviteServerTransactions: 0 });
  },
);

test('RFC 5626 §4.2.2: a dialog leaves a connection as soon as it is gone, and is stored with its new way', () => {
  const { rig, leg } = answered('<sip:gateway@203.0.113.9:5060;transport=tcp>');
  rig.transportFailed(TRUNK);
  expect(kinds(rig.events).at(-1)).toBe('dialogChanged');
  const [bye] = rig.execute({ kind: 'hangup', leg, cause: 'normal' });
  expect([bye!.destination, bye!.localPort]).toEqual([{ ...TRUNK, port: 5060 }, undefined]);
});

const HOUR_MS = 3_600_000;
const BROWSER = '<sip:x7@k2.invalid;transport=ws>';

test('RFC 5626 §4.2.2: a call whose peer does not come back within the time of a registration is over', () => {
  const { rig } = answered(BROWSER);
  rig.transportFailed(TRUNK);
  rig.until(HOUR_MS);
  expect(kinds(rig.events)).not.toContain('ended network-failed');
  rig.until(2 * HOUR_MS);
  expect(kinds(rig.events).at(-1)).toBe('ended network-failed');
  expect(rig.stack.counters).toMatchObject({ legs: 0, dialogs: 0, timersArmed: 0 });
});

test('RFC 5626 §4.2.2: a call whose peer registers over another connection, or says something, is not over', () => {
  const contact = BROWSER;
  const { rig: phone } = talking(contact);
  phone.transportFailed(PHONE);
  register(phone, contact, { ...PHONE, port: 40_009 });
  phone.until(2 * HOUR_MS);
  expect(kinds(phone.events)).not.toContain('ended network-failed');

  const { rig } = answered(contact);
  rig.transportFailed(TRUNK);
  const to = rig.sent
    .find(({ message }) => message.type === 'response' && message.status === 200)!
    .message.first('To')!;
  rig.receive(rig.request('OPTIONS', overTcp({ To: to, CSeq: '3 OPTIONS' })), { ...TRUNK, port: 51_001 });
  expect(words(rig.sent).at(-1)).toBe('200 OPTIONS');
  rig.until(2 * HOUR_MS);
  expect(kinds(rig.events)).not.toContain('ended network-failed');
});

test('a re-INVITE whose sender loses its connection is answered to nobody, and the call goes on as it was', () => {
  const { rig, leg } = answered(BROWSER);
  const [ok] = rig.sent.filter(({ message }) => message.type === 'response' && message.status === 200);
  const To = ok!.message.first('To')!;
  rig.receive(rig.request('INVITE', overTcp({ To, CSeq: '4 INVITE', Contact: BROWSER }), OFFER), TRUNK);
  expect(kinds(rig.events).at(-1)).toBe('reoffered');
  const { length } = rig.sent;
  rig.transportFailed(TRUNK);
  rig.execute({ kind: 'acceptOffer', leg, answer: new TextEncoder().encode(OFFER) });
  rig.until(60_000);
  expect([rig.sent.length, rig.stack.counters.dialogs]).toEqual([length, 1]);
  // The next one, over another connection, is answered there.
  const again = { ...TRUNK, port: 51_002 };
  rig.receive(rig.request('INVITE', overTcp({ To, CSeq: '5 INVITE', Contact: BROWSER }), OFFER), again);
  const [answer] = rig.execute({ kind: 'acceptOffer', leg, answer: new TextEncoder().encode(OFFER) });
  expect([words([answer!]), answer!.destination]).toEqual([['200 INVITE'], again]);
});

test('of the requests that a lost connection leaves unanswered those go another way that somebody still waits for', () => {
  const { rig, leg } = answered('<sip:gateway@203.0.113.9:5060;transport=tcp>');
  rig.execute({ kind: 'reoffer', leg, offer: new TextEncoder().encode(OFFER) });
  rig.execute({ kind: 'hangup', leg, cause: 'normal' });
  const { length } = rig.sent;
  rig.transportFailed(TRUNK);
  const again = rig.sent.slice(length);
  expect(words(again)).toEqual(['BYE']);
  expect(again[0]!.destination.port).toBe(5060);
});

test('RFC 5922 §4: a BYE in a call that came over a connection of ours opens it again, for the same name', () => {
  const ours: TransportAddress = { transport: 'tls', address: '203.0.113.80', port: 5061, name: 'pbx.example' };
  const rig = new Rig();
  const via = {
    Via: 'SIP/2.0/TLS 203.0.113.80:5061;branch=z9hG4bKours',
    Contact: '<sip:pbx@203.0.113.81;transport=tls>',
  };
  const leg = rig.offered(via, ours);
  const [ok] = rig.execute({ kind: 'answer', leg, body: new TextEncoder().encode(OFFER) });
  rig.receive(rig.request('ACK', { ...via, To: ok!.message.first('To')!, CSeq: '2 ACK' }), ours);
  rig.execute({ kind: 'hangup', leg, cause: 'normal' });
  rig.transportFailed(ours);
  expect([rig.sent.at(-1)!.destination, rig.sent.at(-1)!.localPort]).toEqual([ours, undefined]);
});
