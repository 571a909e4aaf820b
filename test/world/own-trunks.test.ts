import { expect, test } from 'vitest';
import type { Request } from '../../sip/message.ts';
import { type OwnTrunk, ownTrunkOf, storeOwnTrunks } from '../sim/own-trunks.ts';
import type { PhoneOptions } from '../sim/phone.ts';
import { calleesThrough, dialsOut, ECHO, OUTSIDE, OWN_NUMBER, providerOf } from '../sim/providers.ts';
import { Scene } from '../sim/scene.ts';
import { CUSTOMER, SimulatedSwitch } from '../sim/switch.ts';
import { expectLadder } from './golden.ts';
import { expectNothingLeft } from './invariants.ts';

const ANSWERS: Partial<PhoneOptions> = { manner: { kind: 'answers', afterMs: 2_000 }, hangsUpAfterMs: 3_000 };
const PEER = { transport: 'udp', address: '192.0.2.2', port: 5060 } as const;

/** Alice dials out at 1 s through the exchange that her customer owns; a provider would carry her calls as well. */
function callOut(trunk: OwnTrunk, number = OUTSIDE) {
  const scene = new Scene();
  const alice = dialsOut(scene, number);
  const pbx = scene.stranger('pbx', '', ANSWERS);
  const carrier = scene.stranger('carrier', '', ANSWERS);
  storeOwnTrunks(scene.tandem, [ownTrunkOf(1, { hostname: pbx.addresses[0]!.address, ...trunk })]);
  calleesThrough(scene.tandem, [providerOf(1, { hostname: carrier.addresses[0]!.address })], ECHO);
  return { scene, alice, pbx };
}

function invite(scene: Scene, to = 'pbx'): Request {
  const hop = scene.world.hops.find((one) => one.to === to && one.message.type === 'request');
  return hop!.message as Request;
}

/** A call of the exchange at 1 s, and one of its other half a moment later. */
function callIn(trunk: OwnTrunk, to: string) {
  const scene = new Scene();
  const [pbx, half] = [scene.stranger('pbx', '+498911111111'), scene.stranger('half', '+498911111112')];
  const allowedIps = [pbx, half].map((peer) => peer.addresses[0]!.address);
  storeOwnTrunks(scene.tandem, [ownTrunkOf(1, { allowedIps, ...trunk })]);
  calleesThrough(scene.tandem, [], ECHO);
  pbx.plan(1_000, { kind: 'call', to });
  half.plan(1_100, { kind: 'call', to });
  return { scene, pbx, half };
}

const types = ({ tandem }: Scene, start: string) =>
  tandem.events.map(({ body }) => body.type).filter((type) => type.startsWith(start));

test("a route leads through a customer's own trunk as it would through a provider", () => {
  const { scene, alice } = callOut({ terms: { numberFormat: 'digits', identity: 'p-asserted-identity' } });
  scene.run(60_000);
  expect(alice.heard.slice(1)).toEqual(['ringing 180', 'answered', 'ended normal remote']);
  const request = invite(scene);
  expect(request.uri.user).toBe('498912345678');
  expect(request.first('P-Asserted-Identity')).toContain(OWN_NUMBER.slice(1));
  expect(scene.tandem.node.exchange.calls.dialler.carried.count).toBe(0);
  expectNothingLeft(scene);
  expectLadder(scene, 'own-trunk');
});

test('the record of a call names the trunk that carries it, and the one that brought it', () => {
  const trunksOf = ({ tandem }: Scene, direction: string) =>
    tandem.events.flatMap(({ body }) =>
      'call' in body && body.call.direction === direction ? [`${body.type} ${body.call.trunkId?.at(-1)}`] : [],
    );
  const out = callOut({}).scene;
  out.run(10_000);
  expect(trunksOf(out, 'outgoing')).toEqual([
    'call_created 1',
    'call_dialing 1',
    'call_ringing 1',
    'call_progressing 1',
    'call_hangup 1',
  ]);
  expect(new Set(trunksOf(out, 'incoming').map((text) => text.slice(-9)))).toEqual(new Set(['undefined']));
  // Nobody is there: a provider carries it in the end.
  const over = callOut({ hostname: '192.0.2.99' }).scene;
  over.run(60_000);
  const [created, , ringing] = trunksOf(over, 'outgoing');
  expect([created, ringing]).toEqual(['call_created 1', 'call_ringing undefined']);
  const { scene } = callIn({}, OWN_NUMBER);
  scene.run(10_000);
  expect(trunksOf(scene, 'incoming')[0]).toBe('call_created 1');
});

test('rules, header table, codecs, proxy and account of a trunk are those of a call through it', () => {
  const { scene, pbx } = callOut({
    hostname: 'pbx.example',
    codecs: 'PCMA,PCMU',
    terms: {
      outboundProxy: 'sip:192.0.2.12',
      fromUser: 'account7',
      fromDomain: 'pbx.example',
      numberRules: [{ prefix: '+4989', replacement: '7' }],
      headers: [{ action: 'add', name: 'X-Account', value: '7' }],
    },
  });
  expect(pbx.addresses[0]!.address).toBe('192.0.2.11');
  scene.run(10_000);
  const request = invite(scene, 'carrier');
  expect(request.uri.text).toBe('sip:712345678@pbx.example');
  expect(request.all('Route')).toEqual(['<sip:192.0.2.12;lr>']);
  expect([request.from.uri.text, request.first('X-Account')]).toEqual(['sip:account7@pbx.example', '7']);
  expect(new TextDecoder().decode(request.body)).toMatch(/m=audio \d+ RTP\/AVP 8 0 101/);
});

test('calls that a trunk brings count against its caps', () => {
  for (const terms of [{ callsMax: 1 }, { callsPerSecondMax: 1 }]) {
    const { scene, pbx, half } = callIn({ terms }, OWN_NUMBER);
    scene.run(4_000);
    expect([pbx.heard.at(-1), half.heard.at(-1)]).toEqual(['answered', 'failed 503']);
    expect(scene.tandem.node.exchange.calls.dialler.carried.refusedTotal).toBe(1);
    pbx.plan(5_000, { kind: 'hangup' });
    half.plan(6_500, { kind: 'call', to: OWN_NUMBER });
    scene.run(10_000);
    expect(half.heard.at(-1)).toBe('answered');
  }
});

test('help is called through a trunk at its cap', () => {
  const { scene, pbx, half } = callIn({ terms: { callsPerSecondMax: 1 } }, '112');
  scene.run(4_000);
  // No route leads there, but nothing else keeps them from it.
  expect([pbx.heard.at(-1), half.heard.at(-1)]).toEqual(['failed 404', 'failed 404']);
});

test('the number called is taken from where the trunk says it, in the form of its country', () => {
  const national = callIn({ terms: { country: 'DE' } }, '030123456');
  national.scene.run(4_000);
  expect(national.pbx.heard).toContain('answered');
  const elsewhere = callIn({ terms: { country: 'US' } }, '030123456');
  elsewhere.scene.run(4_000);
  expect(elsewhere.pbx.heard.at(-1)).toBe('failed 404');
});

test('a trunk with a number of its own brings calls for that number when they name none of ours, and never out again', () => {
  const { scene, pbx } = callIn({ terms: { number: OWN_NUMBER } }, '+498922222222');
  scene.run(4_000);
  expect(pbx.heard).toContain('answered');
});

test('we register at an exchange, and it calls us by our line', () => {
  const scene = new Scene();
  const exchange = new SimulatedSwitch({ name: 'exchange', address: PEER, random: scene.random });
  scene.world.add(exchange);
  const terms = { username: '1000', password: 'secret', registers: true, expiresS: 600, number: OWN_NUMBER };
  storeOwnTrunks(scene.tandem, [ownTrunkOf(1, { hostname: PEER.address, allowedIps: ['198.51.100.1'], terms })]);
  calleesThrough(scene.tandem, [], ECHO);
  const bob = scene.phoneOf('bob', '1001', exchange, { transport: 'udp', address: '192.0.2.50', port: 5060 });
  bob.plan(1_000, { kind: 'call', to: '1000' });
  scene.run(30_000);
  expect(exchange.directory.bindingCount).toBe(2);
  expect(bob.heard).toContain('answered');
  const call = scene.tandem.events.map(({ body }) => body).find(({ type }) => type === 'call_created');
  expect(call).toMatchObject({ call: { destination: { type: 'tel', target: OWN_NUMBER } } });
  scene.tandem.shutDown(scene.world.now);
  scene.run(40_000);
  expect(types(scene, 'trunk_')).toEqual(['trunk_registered', 'trunk_unregistered']);
  expectLadder({ ladder: scene.world.ladder(['bob', 'exchange', 'tandem']) }, 'own-trunk-registration');
});

test('a trunk that falls silent is told of and passed over, until it answers again', () => {
  const { scene, alice } = callOut({ hostname: '192.0.2.99', terms: { optionsIntervalS: 10, optionsFailuresMax: 1 } });
  alice.plan(60_000, { kind: 'call', to: OUTSIDE });
  scene.run(59_000);
  expect(types(scene, 'trunk_')).toEqual(['trunk_unhealthy']);
  const tried = scene.world.lines.filter((line) => line === 'tandem INVITE 192.0.2.99').length;
  scene.run(70_000);
  expect(alice.heard).toContain('answered');
  expect(scene.world.lines.filter((line) => line === 'tandem INVITE 192.0.2.99').length).toBe(tried);
});

test('a call that a trunk brings is not sent back to it', () => {
  const { scene, pbx } = callIn({ hostname: '192.0.2.10' }, OUTSIDE);
  expect(pbx.addresses[0]!.address).toBe('192.0.2.10');
  scene.run(4_000);
  expect(pbx.heard.at(-1)).toBe('failed 404');
});

/** The formats in the first description that went this way. */
function described(scene: Scene, from: string, to: string): string {
  const hop = scene.world.hops.find((one) => one.from === from && one.to === to && one.message.body.length > 0);
  return /m=audio \d+ RTP\/AVP ([\d ]+)/.exec(new TextDecoder().decode(hop!.message.body))![1]!;
}

test('of what a trunk or a phone offers the codec that is named for it is taken, and that is what it is offered', () => {
  const { scene } = callIn({ codecs: 'PCMA' }, OWN_NUMBER);
  scene.run(4_000);
  expect([described(scene, 'pbx', 'tandem'), described(scene, 'tandem', 'pbx')]).toEqual(['0 8 101', '8 101']);
  const phones = new Scene();
  const alice = phones.phone('alice', '1000');
  phones.phone('bob', '1001', ANSWERS);
  const { directory } = phones.tandem;
  for (const [id, codecs] of [
    ['1000', 'PCMA'],
    ['1001', 'PCMU'],
  ] as const) {
    directory.putExtension({ ...directory.extensionByName(CUSTOMER, id)!, codecs });
  }
  alice.plan(1_000, { kind: 'call', to: '1001' });
  phones.run(10_000);
  expect(alice.heard).toContain('answered');
  expect([described(phones, 'tandem', 'alice'), described(phones, 'tandem', 'bob')]).toEqual(['8 101', '0 101']);
});
