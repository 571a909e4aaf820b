import { expect, test } from 'vitest';
import type { ProviderTerms } from '../../core/directory/provider-terms.ts';
import type { Provider } from '../../core/directory/records.ts';
import type { Request } from '../../sip/message.ts';
import type { PhoneOptions } from '../sim/phone.ts';
import { calleesThrough, dialsOut, ECHO, OUTSIDE, OWN_NUMBER, type Peer, providerOf } from '../sim/providers.ts';
import { Scene, type SceneOptions } from '../sim/scene.ts';
import { expectLadder } from './golden.ts';
import { expectLegalJournal, expectNothingLeft } from './invariants.ts';
import { BAD_LINK } from './scenarios.ts';

const ANSWERS: Partial<PhoneOptions> = { manner: { kind: 'answers', afterMs: 2_000 }, hangsUpAfterMs: 3_000 };

/** Alice dials out at 1 s; the carriers, phones that trust everybody, are tried in their order. */
function callOut(
  peers: readonly Peer[],
  manners: readonly Partial<PhoneOptions>[] = [ANSWERS],
  number = OUTSIDE,
  around: SceneOptions = {},
) {
  const scene = new Scene(around);
  const alice = dialsOut(scene, number);
  const providers: Provider[] = peers.map((peer, index) => {
    const carrier = scene.stranger(`carrier${index + 1}`, '', manners[index] ?? {});
    return providerOf(index + 1, { hostname: carrier.addresses[0]!.address, ...peer });
  });
  calleesThrough(scene.tandem, providers);
  return { scene, alice };
}

/** The INVITE that a carrier got first. */
function invite(scene: Scene, to = 'carrier1'): Request {
  const hop = scene.world.hops.find((one) => one.to === to && one.message.type === 'request');
  return hop!.message as Request;
}

/** The INVITE to a carrier with these terms. */
function inviteWith(terms: Partial<ProviderTerms>, peer: Peer = {}): Request {
  const { scene } = callOut([{ ...peer, terms }]);
  scene.run(60_000);
  return invite(scene);
}

test('a number outside is called through a provider, and the call ends with either side', () => {
  const { scene, alice } = callOut([{}]);
  scene.run(60_000);
  expect(alice.heard.slice(1)).toEqual(['ringing 180', 'answered', 'ended normal remote']);
  expect(scene.tandem.node.exchange.calls.dialler.carried.count).toBe(0);
  expectNothingLeft(scene);
  expectLadder(scene, 'provider');
});

test('a provider that is overloaded is followed by the next one in the same call', () => {
  const { scene, alice } = callOut([{}, {}], [{ manner: { kind: 'is overloaded' } }, ANSWERS]);
  scene.run(60_000);
  expect(alice.heard.slice(1)).toEqual(['ringing 180', 'answered', 'ended normal remote']);
  const ids = new Set(scene.tandem.events.flatMap(({ body }) => ('call' in body ? [body.call.id] : [])));
  expect(ids.size).toBe(2);
  expectNothingLeft(scene);
  expectLadder(scene, 'provider-overloaded');
});

test('a callee who is busy is not called through another provider', () => {
  const { scene, alice } = callOut([{}, {}], [{ manner: { kind: 'is busy' } }, ANSWERS]);
  scene.run(60_000);
  expect(alice.heard.at(-1)).toBe('failed 486');
  expect(scene.world.lines.some((line) => line.endsWith('carrier2'))).toBe(false);
});

test('a provider that is silent is followed by the next one after timer B', () => {
  const { scene, alice } = callOut([{ hostname: '192.0.2.99' }, {}], [{}, ANSWERS]);
  scene.run(120_000);
  expect(alice.heard).toContain('answered');
  expectNothingLeft(scene);
});

test('the number is written as the provider wants it', () => {
  const user = (terms: Partial<ProviderTerms>, peer: Peer = {}) => inviteWith(terms, peer).uri.user;
  expect(user({})).toBe('+498912345678');
  expect(user({ numberFormat: 'digits' })).toBe('498912345678');
  expect(user({ numberFormat: 'national', country: 'DE' })).toBe('08912345678');
  expect(user({ numberFormat: 'national', country: 'US' })).toBe('011498912345678');
  expect(user({ numberRules: [{ prefix: '+4989', replacement: '0' }] })).toBe('012345678');
  expect(user({}, { techPrefix: '9', techPostfix: '#' })).toBe('9+498912345678#');
});

test('RFC 3325 §9.1, §9.2: who calls is asserted or preferred, or told by Remote-Party-ID, as the provider wants it', () => {
  const self = `<sip:${OWN_NUMBER}@192.0.2.1>`;
  const plain = inviteWith({});
  expect(plain.from.uri.user).toBe(OWN_NUMBER);
  expect(plain.first('P-Asserted-Identity')).toBeUndefined();
  expect(inviteWith({ identity: 'p-asserted-identity' }).first('P-Asserted-Identity')).toContain(self);
  expect(inviteWith({ identity: 'p-preferred-identity' }).first('P-Preferred-Identity')).toContain(self);
  expect(inviteWith({ identity: 'remote-party-id' }).first('Remote-Party-ID')).toContain(
    `${self};party=calling;screen=yes;privacy=off`,
  );
});

test('a provider that knows us by an account gets it in From, and the number beside', () => {
  const request = inviteWith({ fromUser: 'account7', fromDomain: 'carrier.example', identity: 'p-preferred-identity' });
  expect(request.from.uri.text).toBe('sip:account7@carrier.example');
  expect(request.first('P-Preferred-Identity')).toContain(`<sip:${OWN_NUMBER}@carrier.example>`);
});

test('an outbound proxy is the first hop, and named in Route', () => {
  const scene = new Scene();
  dialsOut(scene);
  const proxy = scene.stranger('carrier1', '', ANSWERS);
  const terms = { outboundProxy: `sip:${proxy.addresses[0]!.address}` };
  calleesThrough(scene.tandem, [providerOf(1, { hostname: 'carrier.example', terms })]);
  scene.run(60_000);
  const request = invite(scene);
  expect(request.uri.host).toBe('carrier.example');
  expect(request.all('Route')).toEqual([`<sip:${proxy.addresses[0]!.address};lr>`]);
});

test('the header table adds, removes and rewrites, and tech headers add what they may', () => {
  const request = inviteWith(
    {
      headers: [
        { action: 'add', name: 'X-Account', value: '7' },
        { action: 'remove', name: 'allow', value: '' },
        { action: 'rewrite', name: 'User-Agent', value: 'Exchange' },
      ],
    },
    {
      techHeaders: {
        'X-Good': 'ok',
        '': 'x',
        'X-Bad\r\nX': 'x',
        'X-(': 'x',
        'X-Value': 'a\r\nX-Evil: b',
        'P-Asserted-Identity': '<sip:+1@x>',
        Privacy: 'none',
        'VBOUT-CODECS': 'x',
        Route: '<sip:192.0.2.66;lr>',
      },
    },
  );
  expect([request.first('X-Account'), request.first('User-Agent'), request.first('Allow')]).toEqual([
    '7',
    'Exchange',
    undefined,
  ]);
  expect(request.first('X-Good')).toBe('ok');
  for (const name of ['X-Value', 'X-Evil', 'X-(', 'P-Asserted-Identity', 'Privacy', 'VBOUT-CODECS', 'Route']) {
    expect(request.first(name), name).toBeUndefined();
  }
});

test('a provider is offered the codecs that are named for it, in their order', () => {
  const lines = (peer: Peer) =>
    /m=audio \d+ RTP\/AVP ([\d ]+)/.exec(new TextDecoder().decode(inviteWith({}, peer).body))![1];
  expect(lines({})).toBe('0 8 9 101');
  expect(lines({ codecs: 'PCMA' })).toBe('8 101');
  expect(lines({ codecs: 'PCMA,PCMU' })).toBe('8 0 101');
  expect(lines({ codecs: 'G722,PCMU' })).toBe('9 0 101');
  expect(lines({ codecs: 'AMR' })).toBe('0 8 9 101');
});

test('a call beyond a cap takes the next provider, and without one gets 503', () => {
  for (const terms of [{ callsMax: 1 }, { callsPerSecondMax: 1 }]) {
    const { scene } = callOut([{ terms }], [{ manner: { kind: 'rings' } }]);
    const bob = scene.phone('bob', '1001');
    bob.plan(1_100, { kind: 'call', to: OUTSIDE });
    scene.run(10_000);
    expect(bob.heard.at(-1)).toBe('failed 503');
    expect(scene.tandem.node.exchange.calls.dialler.carried.refusedTotal).toBe(1);
  }
});

test('a country that the customer may not call is forbidden, a number without a route unknown, and emergencies pass', () => {
  const forbidden = callOut([{}], [ANSWERS], '+18765551234');
  forbidden.scene.run(60_000);
  expect(forbidden.alice.heard.at(-1)).toBe('failed 403');
  const unknown = callOut([]);
  unknown.scene.run(60_000);
  expect(unknown.alice.heard.at(-1)).toBe('failed 404');
  const emergency = callOut(
    [{ terms: { numberFormat: 'digits', numberRules: [{ prefix: '', replacement: '9' }] } }],
    [ANSWERS],
    '112',
  );
  emergency.scene.run(60_000);
  expect(emergency.alice.heard).toContain('answered');
  expect(invite(emergency.scene).uri.user).toBe('112');
});

test('nobody calls out without proving who they are', () => {
  const scene = new Scene();
  const mallory = scene.stranger('mallory', '1000', { password: 'guessed' });
  const carrier = scene.stranger('carrier1', '', ANSWERS);
  calleesThrough(scene.tandem, [providerOf(1, { hostname: carrier.addresses[0]!.address })]);
  mallory.plan(1_000, { kind: 'call', to: OUTSIDE });
  // A provider's own address opens no way to another provider.
  carrier.plan(2_000, { kind: 'call', to: OUTSIDE });
  scene.run(60_000);
  expect(carrier.heard.at(-1)).toBe('failed 404');
  expect(scene.world.lines).not.toContain('tandem INVITE carrier1');
});

test('calls that a provider brings count against its caps as well', () => {
  const scene = new Scene();
  const first = scene.stranger('carrier1', '');
  const second = scene.stranger('carrier2', '');
  const addresses = [first, second].map((carrier) => carrier.addresses[0]!.address);
  const terms = { addresses, callsMax: 1 };
  calleesThrough(scene.tandem, [providerOf(1, { terms })], ECHO);
  first.plan(1_000, { kind: 'call', to: OWN_NUMBER });
  second.plan(1_100, { kind: 'call', to: OWN_NUMBER });
  first.plan(3_000, { kind: 'hangup' });
  second.plan(4_000, { kind: 'call', to: OWN_NUMBER });
  scene.run(5_000);
  expect(first.heard).toContain('answered');
  expect(second.heard.slice(-2)).toEqual(['failed 503', 'answered']);
  expect(scene.tandem.node.exchange.calls.dialler.carried.refusedTotal).toBe(1);
});

test("a customer's cap on calls outside is kept whatever the provider", () => {
  const { scene, alice } = callOut([{}], [{ manner: { kind: 'rings' } }]);
  const bob = scene.phone('bob', '1001');
  const [config] = [...scene.tandem.directory.outboundConfigs.values()];
  scene.tandem.directory.putOutboundConfig({ ...config!, callsMax: 1 });
  bob.plan(1_500, { kind: 'call', to: OUTSIDE });
  scene.run(5_000);
  expect(alice.heard.at(-1)).toBe('ringing 180');
  expect(bob.heard.at(-1)).toBe('failed 503');
});

test('on the worst of networks a call through providers ends, and leaves nothing', () => {
  for (let seed = 1; seed <= 10; seed++) {
    const manners = seed % 2 === 0 ? [{ manner: { kind: 'is overloaded' } } as const, ANSWERS] : [ANSWERS];
    const { scene, alice } = callOut([{}, {}].slice(0, manners.length), manners, OUTSIDE, { seed, link: BAD_LINK });
    scene.run(500_000);
    expect(alice.isIdle, `seed ${seed}`).toBe(true);
    expect(scene.tandem.node.exchange.calls.dialler.carried.count).toBe(0);
    expectLegalJournal(scene);
    expectNothingLeft(scene);
  }
});
