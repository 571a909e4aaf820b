import { address } from '../../core/calls/address.ts';
import type { Random } from '../../core/kernel/random.ts';
import type { Link } from '../sim/network.ts';
import { REFERRED_LEG, Referee } from '../sim/referee.ts';
import { Scene, type SceneOptions } from '../sim/scene.ts';
import { earlyReferTo, Transferor } from '../sim/transferor.ts';

/** Datagrams are lost, doubled and overtaken as on the worst of networks. */
export const BAD_LINK: Link = { delayMs: 10, jitterMs: 120, loss: 0.2, duplication: 0.2 };

/** When Alice calls 1001. By then every phone has registered, as likely as not at the second attempt or third. */
export const CALLED_AT = 40_000;
/** By then every call is over, whatever was lost: an INVITE without an end is given up after 180 s. */
export const OVER_AT = 500_000;

/** Longer than a side waits for the acknowledgement of its answer: who misses it would hang up by then. */
const TALK_MS = 45_000;

export interface Scenario {
  readonly name: string;
  /** Adds the other phones and plans what they do. Alice calls 1001 at `CALLED_AT`. */
  readonly plan: (scene: Scene, random: Random) => void;
  /** How the calls end, as `outcomeOf` tells it, unless the network was worse than bad; undefined when anything may be. */
  readonly outcomes?: readonly string[];
}

const alice = (scene: Scene) => scene.phones[0]!;
const answers = (afterMs: number) => ({ manner: { kind: 'answers', afterMs } }) as const;
const RINGS = { manner: { kind: 'rings' } } as const;

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'the caller hangs up',
    outcomes: ['incoming answered normal remote, outgoing answered normal local'],
    plan: (scene, random) => {
      scene.phone('bob', '1001', answers(random.next() * 3_000));
      alice(scene).plan(CALLED_AT + TALK_MS, { kind: 'hangup' });
    },
  },
  {
    name: 'the callee hangs up',
    outcomes: ['incoming answered normal local, outgoing answered normal remote'],
    plan: (scene, random) => {
      scene.phone('bob', '1001', { ...answers(random.next() * 3_000), hangsUpAfterMs: random.next() * 5_000 });
    },
  },
  {
    name: 'the callee is busy',
    outcomes: ['incoming busy local, outgoing busy remote'],
    plan: (scene) => {
      scene.phone('bob', '1001', { manner: { kind: 'is busy' } });
    },
  },
  {
    name: 'the caller gives up at some moment',
    outcomes: ['', 'incoming canceled remote, outgoing canceled local'],
    plan: (scene, random) => {
      scene.phone('bob', '1001', RINGS);
      alice(scene).plan(CALLED_AT + random.next() * 4_000, { kind: 'hangup' });
    },
  },
  {
    name: 'nobody answers',
    outcomes: ['incoming no-answer local, outgoing no-answer local'],
    plan: (scene) => {
      scene.phone('bob', '1001', RINGS);
    },
  },
  {
    name: 'one side holds and resumes, then the other',
    outcomes: ['incoming answered normal remote, outgoing answered normal local'],
    plan: (scene, random) => {
      const bob = scene.phone('bob', '1001', answers(random.next() * 1_000));
      for (const [index, phone] of [alice(scene), bob, alice(scene)].entries()) {
        const at = CALLED_AT + 8_000 + 2_000 * index + random.next() * 2_000;
        phone.plan(at, { kind: 'hold' });
        phone.plan(at + random.next() * 2_000, { kind: 'resume' });
      }
      alice(scene).plan(CALLED_AT + 8_000 + random.next() * TALK_MS, { kind: 'hangup' });
    },
  },
  {
    name: 'both hang up at once',
    outcomes: [
      'incoming answered normal remote, outgoing answered normal local',
      'incoming answered normal local, outgoing answered normal remote',
    ],
    plan: (scene, random) => {
      const bob = scene.phone('bob', '1001', answers(random.next() * 1_000));
      const at = CALLED_AT + TALK_MS;
      alice(scene).plan(at + random.next() * 200, { kind: 'hangup' });
      bob.plan(at + random.next() * 200, { kind: 'hangup' });
    },
  },
  {
    name: 'two phones of one extension ring, and one answers',
    outcomes: ['incoming answered normal remote, outgoing answered normal local, outgoing answered-elsewhere local'],
    plan: (scene, random) => {
      scene.phone('bob', '1001', RINGS);
      scene.phone('carol', '1001', answers(random.next() * 3_000));
      alice(scene).plan(CALLED_AT + TALK_MS, { kind: 'hangup' });
    },
  },
  {
    name: 'two phones of one extension answer at once',
    outcomes: ['incoming answered normal remote, outgoing answered normal local, outgoing answered-elsewhere local'],
    plan: (scene, random) => {
      const afterMs = random.next() * 2_000;
      scene.phone('bob', '1001', answers(afterMs));
      scene.phone('carol', '1001', answers(afterMs + random.next() * 50));
      alice(scene).plan(CALLED_AT + TALK_MS, { kind: 'hangup' });
    },
  },
  {
    name: 'the callee answers as the caller cancels',
    outcomes: [
      '',
      'incoming canceled remote, outgoing canceled local',
      'incoming answered normal remote, outgoing answered normal local',
    ],
    plan: (scene, random) => {
      const bob = scene.phone('bob', '1001', RINGS);
      const at = CALLED_AT + random.next() * 5_000;
      alice(scene).plan(at, { kind: 'hangup' });
      bob.plan(at + random.next() * 100, { kind: 'answer' });
    },
  },
  {
    name: 'the callee gives up before its answer is acknowledged',
    outcomes: [
      'incoming answered normal local, outgoing answered normal remote',
      'incoming canceled remote, outgoing canceled local',
      'incoming answered normal remote, outgoing answered normal local',
      'incoming unavailable local, outgoing unavailable remote',
      'incoming normal local, outgoing normal remote',
    ],
    plan: (scene, random) => {
      const bob = scene.phone('bob', '1001', RINGS);
      const at = CALLED_AT + random.next() * 3_000;
      bob.plan(at, { kind: 'answer' });
      bob.plan(at + random.next() * 300, { kind: 'hangup' });
      alice(scene).plan(CALLED_AT + TALK_MS, { kind: 'hangup' });
    },
  },
  {
    name: 'the callee loses its power at some moment',
    plan: (scene, random) => {
      const bob = scene.phone('bob', '1001', answers(1_000));
      bob.plan(CALLED_AT + random.next() * 5_000, { kind: 'unplug' });
      if (random.next() < 0.5) alice(scene).plan(CALLED_AT + TALK_MS, { kind: 'hangup' });
    },
  },
  {
    name: 'the caller loses its power at some moment',
    plan: (scene, random) => {
      scene.phone('bob', '1001', answers(random.next() * 4_000));
      scene.phone('carol', '1001', RINGS);
      alice(scene).plan(CALLED_AT + random.next() * 5_000, { kind: 'unplug' });
    },
  },
  {
    name: 'the callee transfers the caller',
    plan: (scene, random) => {
      const bob = scene.phone('bob', '1001', answers(random.next() * 1_000));
      scene.phone('carol', '1002', random.next() < 0.7 ? answers(random.next() * 5_000) : RINGS);
      const keys = new Transferor(bob, '1001');
      const at = CALLED_AT + 8_000 + random.next() * 5_000;
      keys.transfer(at, '1002');
      if (random.next() < 0.5) bob.plan(at + random.next() * 3_000, { kind: 'hangup' });
      else bob.plan(at + TALK_MS, { kind: 'hangup' });
      alice(scene).plan(at + random.next() * TALK_MS, { kind: 'hangup' });
    },
  },
  {
    name: 'the callee brings the caller together with whom it consults',
    plan: (scene, random) => {
      const bob = scene.phone('bob', '1001', answers(random.next() * 1_000));
      const carol = scene.phone('carol', '1002', answers(random.next() * 1_000));
      const keys = new Transferor(bob, '1001');
      const at = CALLED_AT + 8_000;
      keys.consult(at, '1002');
      keys.join(at + 5_000 + random.next() * 5_000);
      bob.plan(at + TALK_MS, { kind: 'hangup' });
      keys.hangupSecond(at + TALK_MS);
      carol.plan(at + 12_000 + random.next() * TALK_MS, { kind: 'hangup' });
      alice(scene).plan(at + 12_000 + random.next() * TALK_MS, { kind: 'hangup' });
    },
  },
  {
    name: 'the callee transfers the caller to whom it calls, who may still ring',
    plan: (scene, random) => {
      const bob = scene.phone('bob', '1001', answers(random.next() * 1_000));
      const carol = scene.phone('carol', '1002', random.next() < 0.7 ? answers(random.next() * 5_000) : RINGS);
      const keys = new Transferor(bob, '1001');
      const at = CALLED_AT + 8_000;
      keys.consult(at, '1002');
      keys.referTo(at + random.next() * 6_000, () => earlyReferTo(scene.world, 'bob') ?? '<sip:1002@192.0.2.1>');
      bob.plan(at + TALK_MS, { kind: 'hangup' });
      keys.hangupSecond(at + random.next() * TALK_MS);
      for (const phone of [carol, alice(scene)]) {
        phone.plan(at + 12_000 + random.next() * TALK_MS, { kind: 'hangup' });
      }
    },
  },
  {
    name: 'a command transfers one of two, who may be on hold, by us or by their phone',
    plan: (scene, random) => {
      const bob = scene.phone('bob', '1001', answers(random.next() * 1_000));
      const carol = scene.phone('carol', '1002', random.next() < 0.7 ? answers(random.next() * 5_000) : RINGS);
      new Referee(alice(scene), '1000', pick(random, ['tells', 'keeps silent', 405, 603]));
      const at = CALLED_AT + 8_000 + random.next() * 5_000;
      if (random.next() < 0.5) bob.plan(at - random.next() * 3_000, { kind: 'hold' });
      const manner = pick(random, ['blind', 'attended'] as const);
      const method = pick(random, ['bridge', 'refer'] as const);
      const direction = pick(random, ['incoming', 'outgoing'] as const);
      commandTransfer(scene, at, { manner, method, direction });
      for (const phone of [bob, carol, alice(scene)]) phone.plan(at + random.next() * TALK_MS, { kind: 'hangup' });
      alice(scene).plan(at + TALK_MS, {
        kind: 'do',
        what: (now) => alice(scene).sessions.execute({ kind: 'hangup', leg: REFERRED_LEG, cause: 'normal' }, now),
      });
    },
  },
  {
    name: 'a third phone takes the place of the callee, which rings or talks',
    plan: (scene, random) => {
      const bob = scene.phone('bob', '1001', random.next() < 0.5 ? RINGS : answers(random.next() * 1_000));
      const carol = scene.phone('carol', '1002', RINGS);
      const keys = new Transferor(bob, '1001');
      const taker = new Transferor(carol, '1002');
      taker.replace(CALLED_AT + 3_000 + random.next() * 10_000, () => keys.replacesOf());
      taker.hangupSecond(CALLED_AT + 30_000 + random.next() * TALK_MS);
      alice(scene).plan(CALLED_AT + TALK_MS, { kind: 'hangup' });
    },
  },
  {
    name: 'four phones do what comes to their minds',
    plan: (scene, random) => {
      scene.phone('bob', '1001', answers(random.next() * 5_000));
      scene.phone('carol', '1001', RINGS);
      scene.phone('dave', '1002', { ...answers(random.next() * 5_000), formats: random.next() < 0.5 ? '0' : '3' });
      for (const phone of scene.phones) {
        for (let act = 0; act < 12; act++) {
          const to = pick(random, ['1000', '1001', '1002', '1003', '4711']);
          const what = pick(random, [
            { kind: 'call', to },
            { kind: 'answer' },
            { kind: 'hangup' },
            { kind: 'hold' },
            { kind: 'resume' },
            { kind: 'register', expiresS: pick(random, [0, 60, 3600]) },
          ] as const);
          phone.plan(CALLED_AT + random.next() * 100_000, what);
        }
        // Whoever was never told rings on: its owner gives up.
        phone.plan(OVER_AT - 200_000, { kind: 'hangup' });
      }
    },
  },
];

/** The party of this direction is told to transfer the other to 1002. */
function commandTransfer(
  { phones, tandem, world }: Scene,
  at: number,
  {
    direction,
    ...wish
  }: { manner: 'blind' | 'attended'; method: 'bridge' | 'refer'; direction: 'incoming' | 'outgoing' },
): void {
  const what = (now: number): void => {
    if (!tandem.isRunning) return;
    const records = tandem.node.exchange.calls.ledger.records();
    const id = records.find((record) => record.direction === direction)?.id;
    if (id === undefined) return;
    const destinations = [address('extension', '1002')];
    tandem.execute(1, { kind: 'transferCall', id, destinations, ...wish }, { kind: 'operator' }, now);
    world.settle();
  };
  phones.at(-1)!.plan(at, { kind: 'do', what });
}

function pick<Value>(random: Random, values: readonly Value[]): Value {
  return values[Math.floor(random.next() * values.length)]!;
}

/** The scene of a seed before anything has happened. */
export function staged(seed: number, scenario: Scenario, options: SceneOptions = {}): Scene {
  const scene = new Scene({ seed, link: BAD_LINK, ...options });
  scene.phone('alice', '1000').plan(CALLED_AT, { kind: 'call', to: '1001' });
  scenario.plan(scene, scene.random);
  return scene;
}
