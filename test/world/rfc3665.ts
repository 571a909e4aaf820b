import type { ProviderTerms } from '../../core/directory/provider-terms.ts';
import { INCOMING_ONLY } from '../../core/directory/provider-terms.ts';
import type { Flow, PhoneNumber, Trunk } from '../../core/directory/records.ts';
import type { FlowId, NumberId, TrunkId } from '../../core/kernel/ids.ts';
import { seeded } from '../../core/kernel/random.ts';
import type { Instant } from '../../core/kernel/time.ts';
import { compile } from '../../flows/compile.ts';
import { forward } from '../sim/forward.ts';
import type { Phone } from '../sim/phone.ts';
import { calleesThrough, OUTSIDE, providerOf } from '../sim/providers.ts';
import { Scene, type SceneOptions, SERVER } from '../sim/scene.ts';
import { CUSTOMER, EPOCH, SimulatedSwitch } from '../sim/switch.ts';

/** A call flow of RFC 3665 as it is with a switch in the place of its proxies. */
export interface CallFlow {
  readonly section: string;
  /** Its title in the RFC, and what of it is ours. */
  readonly title: string;
  /** Name of its ladder. */
  readonly name: string;
  readonly stage: (options: SceneOptions, at: Instant) => StagedFlow;
}

export interface StagedFlow {
  readonly scene: Scene;
  /** From left to right on the ladder. */
  readonly columns: readonly string[];
  /** The switch that the first one calls through, where there is one. */
  readonly second?: SimulatedSwitch;
  /** What is heard without any loss: the phone's name, a colon, and what its owner notices. */
  readonly heard: () => readonly string[];
  readonly expected: readonly string[];
  /** Bindings that the first switch has at the end. */
  readonly bindings?: number;
}

const ANSWERS = { manner: { kind: 'answers', afterMs: 2_000 } } as const;
const STAMPS = { createdAt: EPOCH, updatedAt: null, deletedAt: null, customerId: CUSTOMER, name: '', detail: '' };
const TALK_MS = 45_000;
const SECOND = { transport: 'udp', address: '192.0.2.2', port: 5060 } as const;
const BOB = { transport: 'udp', address: '192.0.2.50', port: 5060 } as const;
const REGISTERED = 'registered 200';
const CALLED = 'called by 1000';
const WE_ENDED = 'ended normal local';
const THEY_ENDED = 'ended normal remote';

function staged(
  scene: Scene,
  heard: readonly (readonly [phone: Phone, ...expected: string[]])[],
  more: Partial<StagedFlow> = {},
): StagedFlow {
  const phones = heard.map(([phone]) => phone);
  return {
    scene,
    columns: [phones[0]!.name, 'tandem', ...phones.slice(1).map(({ name }) => name)],
    heard: () => phones.map((phone) => `${phone.name}: ${phone.heard.join(', ')}`),
    expected: heard.map(([phone, ...expected]) => `${phone.name}: ${expected.join(', ')}`),
    ...more,
  };
}

/** Alice calls Bob, a phone of the same switch. */
function calling(options: SceneOptions, at: Instant, bob: Parameters<Scene['phone']>[2] = ANSWERS) {
  const scene = new Scene(options);
  const alice = scene.phone('alice', '1000');
  const callee = scene.phone('bob', '1001', bob);
  alice.plan(at, { kind: 'call', to: '1001' });
  return { scene, alice, bob: callee };
}

/** A number outside leads to extension 1001. */
function leadsToBob({ directory }: SimulatedSwitch): void {
  const destination = { type: 'extension', target: `5f0f7c1e-6d59-4b5e-9d0e-0a3c6f3a1001` };
  const compiled = compile(
    [{ type: 'connect', option: { destinations: [destination] } }, { type: 'hangup' }],
    seeded(1),
  );
  const id = '9b000000-0000-4000-8000-000000000002' as FlowId;
  const actions = 'actions' in compiled ? compiled.actions : [];
  const flow: Flow = { ...STAMPS, id, type: 'flow', actions, onCompleteFlowId: null, directHash: '' };
  const number: PhoneNumber = {
    ...STAMPS,
    ...{ id: '9e000000-0000-4000-8000-000000000002' as NumberId, number: OUTSIDE, shortCode: '', type: 'normal' },
    ...{
      callFlowId: id,
      messageFlowId: null,
      status: 'active',
      isRtpDebugged: false,
      purchasedAt: null,
      renewedAt: null,
    },
  };
  directory.putFlow(flow);
  directory.putNumber(number);
}

/** The second switch takes calls from where the first one is. */
function trusts({ directory }: SimulatedSwitch): void {
  const trunk: Trunk = {
    ...STAMPS,
    id: '9a000000-0000-4000-8000-000000000001' as TrunkId,
    ...{ domainName: 'first', authTypes: ['ip'], username: '', password: '', allowedIps: [SERVER.address] },
    ...INCOMING_ONLY,
  };
  directory.putTrunk(trunk);
}

/** Alice calls Bob, a phone of another switch, through hers. */
function throughTwo(options: SceneOptions, at: Instant, terms: Partial<ProviderTerms>): StagedFlow {
  const scene = new Scene(options);
  const alice = scene.phone('alice', '1000');
  const second = new SimulatedSwitch({ name: 'second', address: SECOND, random: scene.random });
  scene.world.add(second);
  calleesThrough(scene.tandem, [providerOf(1, { hostname: SECOND.address, terms })]);
  leadsToBob(second);
  if (terms.username === undefined) trusts(second);
  const bob = scene.phoneOf('bob', '1001', second, BOB, ANSWERS);
  alice.plan(at, { kind: 'call', to: OUTSIDE });
  bob.plan(at + TALK_MS, { kind: 'hangup' });
  const heard = [
    [alice, REGISTERED, 'ringing 180', 'answered', THEY_ENDED],
    [bob, REGISTERED, `called by ${terms.fromUser ?? '+4930123456'}`, WE_ENDED],
  ] as const;
  return staged(scene, heard, { second, columns: ['alice', 'tandem', 'second', 'bob'] });
}

const REGISTRATIONS: readonly CallFlow[] = [
  {
    section: '2.1',
    title: 'Successful New Registration',
    name: 'registration-new',
    stage(options) {
      const scene = new Scene(options);
      return staged(scene, [[scene.phone('bob', '1001'), REGISTERED]], { bindings: 1 });
    },
  },
  {
    section: '2.2',
    title: 'Update of Contact List: a second phone adds its contact',
    name: 'registration-update',
    stage(options, at) {
      const scene = new Scene(options);
      const bob = scene.phone('bob', '1001');
      const other = scene.stranger('other', '1001');
      other.plan(at, { kind: 'register', expiresS: 3600 });
      const heard = [
        [bob, REGISTERED],
        [other, REGISTERED],
      ] as const;
      return staged(scene, heard, { bindings: 2 });
    },
  },
  {
    section: '2.3',
    title: 'Request for Current Contact List',
    name: 'registration-query',
    stage(options, at) {
      const scene = new Scene(options);
      const bob = scene.phone('bob', '1001');
      bob.plan(at, { kind: 'register', expiresS: 'asks only' });
      return staged(scene, [[bob, REGISTERED, REGISTERED]], { bindings: 1 });
    },
  },
  {
    section: '2.4',
    title: 'Cancellation of Registration',
    name: 'registration-cancellation',
    stage(options, at) {
      const scene = new Scene(options);
      const bob = scene.phone('bob', '1001');
      bob.plan(at, { kind: 'register', expiresS: 0 });
      return staged(scene, [[bob, REGISTERED, REGISTERED]], { bindings: 0 });
    },
  },
  {
    section: '2.5',
    title: 'Unsuccessful Registration',
    name: 'registration-unsuccessful',
    stage(options) {
      const scene = new Scene(options);
      return staged(scene, [[scene.phone('bob', '1001', { password: 'guessed' }), 'registered 401']], { bindings: 0 });
    },
  },
];

const SESSIONS: readonly CallFlow[] = [
  {
    section: '3.1',
    title: 'Successful Session Establishment, with the switch between the two',
    name: 'session',
    stage(options, at) {
      const { scene, alice, bob } = calling(options, at);
      bob.plan(at + TALK_MS, { kind: 'hangup' });
      return staged(scene, [
        [alice, REGISTERED, 'ringing 180', 'answered', THEY_ENDED],
        [bob, REGISTERED, CALLED, WE_ENDED],
      ]);
    },
  },
  {
    section: '3.2',
    title: 'Session Establishment Through Two Proxies: two switches',
    name: 'session-two-switches',
    stage: (options, at) => throughTwo(options, at, {}),
  },
  {
    section: '3.3',
    title: 'Session with Multiple Proxy Authentication: each switch challenges',
    name: 'session-two-challenges',
    stage: (options, at) => throughTwo(options, at, { username: '1000', password: 'secret', fromUser: '1000' }),
  },
  {
    section: '3.4',
    title: 'Successful Session with Proxy Failure: the next provider is tried',
    name: 'session-provider-failure',
    stage(options, at) {
      const scene = new Scene(options);
      const alice = scene.phone('alice', '1000');
      const silent = scene.stranger('silent', '');
      const bob = scene.stranger('bob', '', { ...ANSWERS, hangsUpAfterMs: TALK_MS });
      silent.plan(0, { kind: 'unplug' });
      const hosts = [silent, bob].map(({ addresses }) => addresses[0]!.address);
      calleesThrough(
        scene.tandem,
        hosts.map((hostname, index) => providerOf(index + 1, { hostname })),
      );
      alice.plan(at, { kind: 'call', to: OUTSIDE });
      const columns = ['alice', 'tandem', 'silent', 'bob'];
      return staged(
        scene,
        [
          [alice, REGISTERED, 'ringing 180', 'answered', THEY_ENDED],
          [bob, 'called by +4930123456', WE_ENDED],
        ],
        { columns },
      );
    },
  },
  {
    section: '3.5',
    title: 'Session Through a SIP ALG: a phone behind a translation of addresses',
    name: 'session-translated',
    stage(options, at) {
      const { scene, alice, bob } = calling(options, at, { ...ANSWERS, ownHost: '192.168.1.20' });
      scene.world.translate(bob.addresses[0]!, { transport: 'udp', address: '198.51.100.7', port: 40_000 });
      alice.plan(at + TALK_MS, { kind: 'hangup' });
      return staged(scene, [
        [alice, REGISTERED, 'ringing 180', 'answered', WE_ENDED],
        [bob, REGISTERED, CALLED, THEY_ENDED],
      ]);
    },
  },
  {
    section: '3.6',
    title: 'Session via Redirect: a phone forwards its calls to another',
    name: 'session-redirected',
    stage(options, at) {
      const { scene, alice, bob } = calling(options, at);
      const carol = scene.phone('carol', '1002', ANSWERS);
      forward(bob, '1002');
      alice.plan(at + TALK_MS, { kind: 'hangup' });
      return staged(scene, [
        [alice, REGISTERED, 'ringing 180', 'answered', WE_ENDED],
        [bob, REGISTERED],
        [carol, REGISTERED, CALLED, THEY_ENDED],
      ]);
    },
  },
  {
    section: '3.7',
    title: 'Session with re-INVITE (IP Address Change)',
    name: 'session-address-change',
    stage(options, at) {
      const { scene, alice, bob } = calling(options, at);
      bob.plan(at + 5_000, { kind: 'move', to: '192.0.2.77' });
      alice.plan(at + TALK_MS, { kind: 'hangup' });
      return staged(scene, [
        [alice, REGISTERED, 'ringing 180', 'answered', WE_ENDED],
        [bob, REGISTERED, CALLED, 'reanswered 200', THEY_ENDED],
      ]);
    },
  },
  {
    section: '3.8',
    title: 'Unsuccessful No Answer: the caller gives up',
    name: 'session-no-answer',
    stage(options, at) {
      const { scene, alice, bob } = calling(options, at, { manner: { kind: 'rings' } });
      alice.plan(at + 10_000, { kind: 'hangup' });
      return staged(scene, [
        [alice, REGISTERED, 'ringing 180', 'ended normal local'],
        [bob, REGISTERED, CALLED, 'ended canceled remote'],
      ]);
    },
  },
  {
    section: '3.9',
    title: 'Unsuccessful Busy',
    name: 'session-busy',
    stage(options, at) {
      const { scene, alice, bob } = calling(options, at, { manner: { kind: 'is busy' } });
      return staged(scene, [
        [alice, REGISTERED, 'ringing 180', 'failed 486'],
        [bob, REGISTERED, 'refused', 'ended busy local'],
      ]);
    },
  },
  {
    section: '3.10',
    title: 'Unsuccessful No Response from User Agent',
    name: 'session-no-response',
    stage(options, at) {
      const { scene, alice, bob } = calling(options, at);
      bob.plan(at - 100, { kind: 'unplug' });
      return staged(scene, [
        [alice, REGISTERED, 'ringing 180', 'failed 480'],
        [bob, REGISTERED],
      ]);
    },
  },
  {
    section: '3.11',
    title: 'Unsuccessful Temporarily Unavailable',
    name: 'session-unavailable',
    stage(options, at) {
      const { scene, alice, bob } = calling(options, at, { manner: { kind: 'is away' } });
      return staged(scene, [
        [alice, REGISTERED, 'ringing 180', 'failed 480'],
        [bob, REGISTERED, 'refused', 'ended unavailable local'],
      ]);
    },
  },
];

export const CALL_FLOWS: readonly CallFlow[] = [...REGISTRATIONS, ...SESSIONS];
