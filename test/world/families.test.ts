import { expect, test } from 'vitest';
import type { Request } from '../../sip/message.ts';
import { ownTrunkOf, storeOwnTrunks } from '../sim/own-trunks.ts';
import { calleesThrough, dialsOut, ECHO, OWN_NUMBER, providerOf } from '../sim/providers.ts';
import { Scene, SERVER_IPV6 } from '../sim/scene.ts';
import { Voices } from '../sim/voices.ts';
import { expectLadder } from './golden.ts';
import { expectConnectedCalls, expectNothingLeft, expectStoredCalls } from './invariants.ts';

/** Alice, over IPv6, is going to call Bob, over IPv4, at 1 s, or he her. */
function talking(from: 'IPv6' | 'IPv4') {
  const scene = new Scene({ ipv6: SERVER_IPV6 });
  const answers = { manner: { kind: 'answers', afterMs: 1_000 } } as const;
  const alice = scene.phone('alice', '1000', { family: from === 'IPv6' ? 6 : 4 });
  const bob = scene.phone('bob', '1001', { family: from === 'IPv6' ? 4 : 6, ...answers });
  alice.plan(1_000, { kind: 'call', to: '1001' });
  const voices = new Voices(scene.tandem, scene.phones);
  scene.world.add(voices);
  return { scene, alice, bob, voices };
}

/** The INVITEs of the switch, and the descriptions that it sent, to a party. */
function toldTo(scene: Scene, party: string): { invites: Request[]; descriptions: string[] } {
  const told = scene.world.hops.filter(({ from, to }) => from === 'tandem' && to === party);
  const invites = told.flatMap(({ message }) =>
    message.type === 'request' && message.method === 'INVITE' ? [message] : [],
  );
  const bodies = told.filter(({ message }) => message.body.length > 0);
  return { invites, descriptions: bodies.map(({ message }) => new TextDecoder().decode(message.body)) };
}

test('a phone of IPv6 calls one of IPv4: each sees its own family alone, and they hear each other', () => {
  const { scene, alice, bob, voices } = talking('IPv6');
  alice.plan(6_000, { kind: 'hangup' });
  scene.run(60_000);
  expect(alice.heard.slice(1)).toEqual(['ringing 180', 'answered', 'ended normal local']);
  expect(voices.heardBy(bob).length).toBeGreaterThan(150);
  expect(voices.heardBy(alice).length).toBeGreaterThan(150);
  const { descriptions } = toldTo(scene, 'alice');
  expect(descriptions.every((text) => text.includes(`c=IN IP6 ${SERVER_IPV6}\r\n`))).toBe(true);
  const { invites, descriptions: offers } = toldTo(scene, 'bob');
  expect(invites.map((invite) => invite.all('Via').join() + invite.all('Contact').join()).join()).not.toContain('[');
  expect(offers.every((text) => text.includes('c=IN IP4 192.0.2.1\r\n'))).toBe(true);
  expectLadder(scene, 'call-from-ipv6');
  expectConnectedCalls(scene);
  expectStoredCalls(scene);
  expectNothingLeft(scene);
});

test('a phone of IPv4 calls one of IPv6: addresses stand in brackets there (RFC 3261 §25.1), also in what comes back', () => {
  const { scene, alice, bob, voices } = talking('IPv4');
  bob.plan(4_000, { kind: 'hold' });
  bob.plan(5_000, { kind: 'resume' });
  bob.plan(8_000, { kind: 'hangup' });
  scene.run(60_000);
  expect(alice.heard.slice(1)).toEqual(['ringing 180', 'answered', 'ended normal remote']);
  expect(voices.heardBy(bob).length).toBeGreaterThan(200);
  expect(voices.heardBy(alice).length).toBeGreaterThan(200);
  const { invites, descriptions } = toldTo(scene, 'bob');
  expect(invites[0]!.all('Via')[0]).toContain(`SIP/2.0/UDP [${SERVER_IPV6}]:5060`);
  expect(invites[0]!.all('Contact')[0]).toBe(`<sip:[${SERVER_IPV6}]:5060>`);
  expect(invites[0]!.uri.text).toBe('sip:1001@[2001:db8::11]:5060');
  expect(descriptions.every((text) => text.includes(`c=IN IP6 ${SERVER_IPV6}\r\n`))).toBe(true);
  expectLadder(scene, 'call-to-ipv6');
  expectNothingLeft(scene);
});

const ANSWERS = { manner: { kind: 'answers', afterMs: 1_000 }, hangsUpAfterMs: 3_000 } as const;

test.each([
  ['a literal address', '2001:db8::b', {}],
  ['a literal address in brackets, with a port', '[2001:db8::b]:5060', {}],
  ['a name that has an IPv6 address alone', 'carrier.example', { 'AAAA carrier.example': ['2001:db8::b'] }],
])('a phone of IPv4 calls out through a provider of IPv6, given as %s', (_title, hostname, zone) => {
  const scene = new Scene({ ipv6: SERVER_IPV6, zone });
  const alice = dialsOut(scene);
  const carrier = scene.stranger('carrier', '', { family: 6, host: '2001:db8::b', ...ANSWERS });
  calleesThrough(scene.tandem, [providerOf(1, { hostname })]);
  const voices = new Voices(scene.tandem, scene.phones);
  scene.world.add(voices);
  scene.run(60_000);
  expect(alice.heard.slice(1)).toEqual(['ringing 180', 'answered', 'ended normal remote']);
  expect(voices.heardBy(carrier).length).toBeGreaterThan(100);
  expect(toldTo(scene, 'carrier').descriptions[0]).toContain(`c=IN IP6 ${SERVER_IPV6}\r\n`);
  expectNothingLeft(scene);
});

test('a trunk of an IPv6 network calls in without a challenge, whatever address of it it has; others are challenged', () => {
  const scene = new Scene({ ipv6: SERVER_IPV6 });
  const [pbx, other] = [
    scene.stranger('pbx', '+498911111111', { family: 6, host: '2001:db8:0:7:1:2:3:4' }),
    scene.stranger('other', '+498911111111', { family: 6, host: '2001:db8:0:8::4' }),
  ];
  storeOwnTrunks(scene.tandem, [ownTrunkOf(1, { allowedIps: ['2001:db8:0:7::/64'] })]);
  calleesThrough(scene.tandem, [], ECHO);
  for (const caller of [pbx, other]) caller.plan(1_000, { kind: 'call', to: OWN_NUMBER });
  const voices = new Voices(scene.tandem, scene.phones);
  scene.world.add(voices);
  scene.run(60_000);
  expect(pbx.heard).toContain('answered');
  expect(other.heard).not.toContain('answered');
  const challenged = scene.world.lines.filter((line) => line === 'tandem 401 INVITE other');
  expect(challenged.length).toBeGreaterThan(0);
  expect(scene.world.lines).not.toContain('tandem 401 INVITE pbx');
  expectNothingLeft(scene);
});
