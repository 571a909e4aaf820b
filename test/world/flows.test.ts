import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Scene } from '../sim/scene.ts';
import { Transferor } from '../sim/transferor.ts';
import { expectLadder } from './golden.ts';
import { expectLegalJournal, explained } from './invariants.ts';
import { BAD_LINK, CALLED_AT, OVER_AT } from './scenarios.ts';
import { CONFERENCE, NUMBER, staged } from './staged.ts';

const SEEDS = Number(process.env['TANDEM_SEEDS'] ?? 50);

/** Nothing of a call, flow, stay, recording or stream is left. */
function expectNothingLeft({ tandem }: Scene): void {
  const { exchange, flows } = tandem.node;
  const { ledger, conferences, recordings, sounds, timerCount, bridgeCount, listenedCount } = exchange.calls;
  expect({
    calls: ledger.liveCount,
    timers: timerCount,
    bridges: bridgeCount,
    listened: listenedCount,
    members: conferences.liveCount,
    recordings: recordings.liveCount,
    sounds: sounds.liveCount,
    flows: flows.runningCount,
    legs: tandem.plane.legCount,
  }).toEqual({ calls: 0, timers: 0, bridges: 0, listened: 0, members: 0, recordings: 0, sounds: 0, flows: 0, legs: 0 });
}

const OFFICE = { 'A office.example': ['192.0.2.11'] };
const connect = { type: 'connect', option: { destinations: [{ type: 'extension', target: '1001' }] } };
const meet = { type: 'conference_join', option: { conference_id: CONFERENCE } };

test('a number answers, waits, and hangs up', () => {
  const scene = staged([{ type: 'answer' }, { type: 'sleep', option: { duration: 1_000 } }, { type: 'hangup' }]);
  scene.phones[0]!.plan(2_000, { kind: 'call', to: '9109' });
  scene.run(60_000);
  expect(scene.phones[0]!.heard.slice(1)).toEqual(['answered', 'ended normal remote']);
  expectLadder(scene, 'number');
  expectNothingLeft(scene);
});

test('what is played before the answer is early media, and the answer says no other ports', () => {
  const scene = staged([{ type: 'beep' }, { type: 'answer' }, { type: 'hangup' }]);
  scene.phones[0]!.plan(2_000, { kind: 'call', to: NUMBER });
  scene.run(60_000);
  expect(scene.phones[0]!.heard.slice(1)).toEqual(['ringing 183', 'answered', 'ended normal remote']);
  expectLadder(scene, 'number-early-media');
  expectNothingLeft(scene);
});

test('a flow connects its caller to an extension; when that leaves, the flow goes on', () => {
  const scene = staged([connect, { type: 'sleep', option: { duration: 500 } }, { type: 'hangup' }]);
  const [alice, bob] = [scene.phones[0]!, scene.phones[1]!];
  alice.plan(2_000, { kind: 'call', to: '9109' });
  bob.plan(9_000, { kind: 'hangup' });
  scene.run(60_000);
  expect(alice.heard.slice(1)).toEqual(['ringing 180', 'answered', 'ended normal remote']);
  expectLadder(scene, 'number-connects');
  expectNothingLeft(scene);
});

test('a flow whose caller is parked waits; it goes on when who took the caller hangs up', () => {
  const scene = staged([connect, { type: 'sleep', option: { duration: 500 } }, { type: 'hangup' }]);
  const [alice, bob] = [scene.phones[0]!, scene.phones[1]!];
  const carol = scene.phone('carol', '1002');
  alice.plan(2_000, { kind: 'call', to: '9109' });
  new Transferor(bob, '1001').transfer(6_000, '*8512');
  carol.plan(10_000, { kind: 'call', to: '*8512' });
  scene.run(12_000);
  expect([bob.isIdle, carol.isTalking, alice.isTalking]).toEqual([true, true, true]);
  carol.plan(14_000, { kind: 'hangup' });
  scene.run(60_000);
  expect(alice.heard.slice(1)).toEqual(['ringing 180', 'answered', 'ended normal remote']);
  expectNothingLeft(scene);
});

/** A flow that connects its caller to this SIP URI. */
function connectTo(target: string): object {
  return { type: 'connect', option: { destinations: [{ type: 'sip', target }] } };
}

test('a flow connects its caller to a name: it rings from the start, and is answered by who is found', () => {
  const scene = staged([connectTo('sip:bob@office.example'), { type: 'hangup' }], { zone: OFFICE });
  const [alice, bob] = [scene.phones[0]!, scene.phones[1]!];
  alice.plan(2_000, { kind: 'call', to: '9109' });
  alice.plan(9_000, { kind: 'hangup' });
  scene.run(60_000);
  expect(alice.heard.slice(1)).toEqual(['ringing 180', 'answered', 'ended normal local']);
  expect(bob.heard.slice(1)).toEqual(['called by 1000', 'ended normal remote']);
  expectLadder(scene, 'number-connects-to-name');
  expectNothingLeft(scene);
});

test('a flow goes on when it is connected to a name without servers, and when the caller leaves while they are looked for', () => {
  const scene = staged([connectTo('sip:bob@unknown.example'), { type: 'answer' }, { type: 'hangup' }], {
    zone: OFFICE,
  });
  const alice = scene.phones[0]!;
  alice.plan(2_000, { kind: 'call', to: '9109' });
  scene.run(60_000);
  expect(alice.heard.slice(1)).toEqual(['ringing 180', 'answered', 'ended normal remote']);
  const waiting = staged([connectTo('sip:bob@silent.example:5060')], { zone: OFFICE });
  waiting.tandem.names.silent = new Set(['A silent.example']);
  waiting.phones[0]!.plan(2_000, { kind: 'call', to: '9109' });
  waiting.phones[0]!.plan(3_000, { kind: 'hangup' });
  waiting.run(3_100);
  expectNothingLeft(waiting);
  waiting.run(60_000);
  for (const one of [scene, waiting]) expectNothingLeft(one);
});

test('a call that is held from outside is offered sendonly, and taken back', () => {
  const scene = staged([{ type: 'answer' }, { type: 'sleep', option: { duration: 10_000 } }]);
  scene.phones[0]!.plan(2_000, { kind: 'call', to: '9109' });
  scene.run(4_000);
  const { id } = scene.tandem.node.exchange.calls.ledger.records()[0]!;
  scene.tandem.execute(1, { kind: 'holdCall', id, mode: 'held' }, { kind: 'operator' }, 4_000);
  scene.run(6_000);
  scene.tandem.execute(2, { kind: 'holdCall', id, mode: 'active' }, { kind: 'operator' }, 6_000);
  scene.run(60_000);
  expect(scene.tandem.settled.map(({ result }) => result.kind)).toEqual(['done', 'done']);
  expectLadder(scene, 'number-held');
  expectNothingLeft(scene);
});

const FLOWS: readonly { readonly name: string; readonly actions: readonly object[] }[] = [
  { name: 'answer and sleep', actions: [{ type: 'answer' }, { type: 'sleep', option: { duration: 2_000 } }] },
  { name: 'beep before and after the answer', actions: [{ type: 'beep' }, { type: 'answer' }, { type: 'beep' }] },
  { name: 'echo', actions: [{ type: 'answer' }, { type: 'echo', option: { duration: 3_000 } }] },
  { name: 'connect', actions: [connect, { type: 'hangup' }] },
  { name: 'connect to a name', actions: [connectTo('sip:bob@office.example'), { type: 'hangup' }] },
  { name: 'answer, then connect', actions: [{ type: 'answer' }, connect, { type: 'beep' }] },
  { name: 'conference', actions: [{ type: 'answer' }, meet] },
  {
    name: 'digits',
    actions: [{ type: 'answer' }, { type: 'digits_receive', option: { duration: 3_000, length: 1 } }, { type: 'beep' }],
  },
  {
    name: 'machine',
    actions: [{ type: 'answer' }, { type: 'amd', option: { machine_handle: 'hangup' } }, { type: 'beep' }],
  },
  {
    name: 'recorded',
    actions: [
      { type: 'answer' },
      { type: 'recording_start', option: { format: 'wav', duration: 1 } },
      { type: 'sleep', option: { duration: 3_000 } },
      { type: 'recording_stop' },
    ],
  },
];

test.each(FLOWS.map((flow, index) => ({ ...flow, index })))(
  '$name: on a bad network, hung up at some moment by some side, the flow ends with its call, and nothing is left',
  async ({ name, actions, index }) => {
    for (let seed = index; seed < SEEDS; seed += FLOWS.length) {
      const manners = [{ kind: 'answers', afterMs: 500 }, { kind: 'is busy' }, { kind: 'rings' }] as const;
      const recordingsFolder = mkdtempSync(join(tmpdir(), 'tandem-world-'));
      const scene = staged(
        actions,
        { seed, link: BAD_LINK, recordingsFolder, zone: OFFICE },
        { manner: manners[seed % 3]! },
      );
      const { random } = scene;
      await explained(seed, name, scene, () => {
        for (const phone of scene.phones) {
          if (name === 'conference' || phone === scene.phones[0]) phone.plan(CALLED_AT, { kind: 'call', to: '9109' });
          phone.plan(CALLED_AT + 1_000 + random.next() * 80_000, { kind: 'hangup' });
        }
        scene.run(OVER_AT);
        expectLegalJournal(scene);
        expectNothingLeft(scene);
        const ended = scene.tandem.events.filter(
          ({ body }) => body.type === 'activeflow_updated' && body.activeflow.status === 'ended',
        );
        const begun = scene.tandem.events.filter(({ body }) => body.type === 'activeflow_created');
        expect(ended.length).toBe(begun.length);
        expect(scene.tandem.events.filter(({ body }) => body.type === 'recording_failed')).toEqual([]);
        rmSync(recordingsFolder, { recursive: true });
      });
    }
  },
);
