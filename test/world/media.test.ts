import { expect, test } from 'vitest';
import type { Phone } from '../sim/phone.ts';
import { Scene, type SceneOptions } from '../sim/scene.ts';
import { type Heard, Voices } from '../sim/voices.ts';
import { expectConnectedCalls, expectLegalJournal, expectNothingLeft, expectStoredCalls } from './invariants.ts';

/** Alice calls Bob at 1 s, Carol calls Dave at 1.5 s; Bob and Dave answer after 1 s. All of them talk. */
function talking(options: SceneOptions = {}) {
  const scene = new Scene(options);
  const answers = { manner: { kind: 'answers', afterMs: 1_000 } } as const;
  const alice = scene.phone('alice', '1000');
  const bob = scene.phone('bob', '1001', answers);
  const carol = scene.phone('carol', '1002');
  const dave = scene.phone('dave', '1003', answers);
  alice.plan(1_000, { kind: 'call', to: '1001' });
  carol.plan(1_500, { kind: 'call', to: '1003' });
  const voices = new Voices(scene.tandem, scene.phones);
  scene.world.add(voices);
  return { scene, alice, bob, carol, dave, voices };
}

/** One voice without a gap: numbers and sequence numbers follow each other, the SSRC stays. */
function expectUnbroken(heard: readonly Heard[], by: string): void {
  const [first] = heard;
  expect(first).toBeDefined();
  expect(heard).toEqual(
    heard.map(({ at }, index) => ({
      at,
      by,
      number: first!.number + index,
      sequence: (first!.sequence + index) & 0xffff,
      ssrc: first!.ssrc,
    })),
  );
}

const last = ({ heard }: Phone) => heard.at(-1);
const causes = ({ tandem }: Scene) =>
  tandem.events.flatMap(({ body }) => (body.type === 'call_hangup' ? [body.call.cause] : []));

test('both sides of a call hear each other from first to last, and nobody else', () => {
  const { scene, alice, bob, carol, dave, voices } = talking();
  alice.plan(12_000, { kind: 'hangup' });
  carol.plan(13_000, { kind: 'hangup' });
  scene.run(60_000);
  for (const [ear, mouth] of [
    [alice, bob],
    [bob, alice],
    [carol, dave],
    [dave, carol],
  ] as const) {
    expectUnbroken(voices.heardBy(ear), mouth.name);
    // Ten seconds of talk; a word or two is said before the other side is connected, or after it has left.
    expect(voices.saidBy(mouth)).toBeGreaterThan(495);
    expect(voices.saidBy(mouth) - voices.heardBy(ear).length).toBeLessThan(4);
  }
  expectNothingLeft(scene);
});

test('a side that holds hears nothing until it resumes, and then the same stream; the other hears music', () => {
  const { scene, alice, bob, voices } = talking();
  alice.plan(5_000, { kind: 'hold' });
  alice.plan(7_000, { kind: 'resume' });
  alice.plan(9_000, { kind: 'hangup' });
  scene.run(20_000);
  const heard = voices.heardBy(alice);
  expect(heard.filter(({ at }) => at > 5_020 && at < 7_000)).toEqual([]);
  expect(heard.filter(({ at }) => at > 7_040).length).toBeGreaterThan(90);
  expect(new Set(heard.map(({ ssrc }) => ssrc)).size).toBe(1);
  const music = voices.heardBy(bob).filter(({ at }) => at > 5_100 && at < 7_000);
  expect(music.length).toBeGreaterThan(90);
  expect(new Set(music.map(({ by }) => by))).toEqual(new Set(['switch']));
  // A held source takes no sequence numbers: to the listener nothing was lost.
  expect(heard.map(({ sequence }) => sequence)).toEqual(heard.map((_, index) => (heard[0]!.sequence + index) & 0xffff));
});

test('phones that fall silent without a goodbye are hung up after the media time-out', () => {
  const scene = new Scene();
  const alice = scene.phone('alice', '1000');
  const bob = scene.phone('bob', '1001', { manner: { kind: 'answers', afterMs: 1_000 } });
  alice.plan(1_000, { kind: 'call', to: '1001' });
  scene.run(100_000);
  // As the Reason of the BYE says it: Q.850 cause 38.
  expect([last(alice), last(bob)]).toEqual(['ended network-failed remote', 'ended network-failed remote']);
  expect(causes(scene)).toEqual(['media-lost', 'media-lost']);
  expectNothingLeft(scene);
});

test('a lost media thread ends its calls with a cause and no others, and the next call works', async () => {
  const { scene, alice, bob, carol, voices } = talking({ workerCount: 2 });
  scene.run(5_000);
  scene.tandem.loseWorker(0, scene.world.now);
  scene.run(8_000);
  expect([last(alice), last(bob), last(carol)]).toEqual([
    'ended peer-failed remote',
    'ended peer-failed remote',
    'answered',
  ]);
  expect(causes(scene)).toEqual(['media-failed', 'media-failed']);
  alice.plan(9_000, { kind: 'call', to: '1001' });
  alice.plan(15_000, { kind: 'hangup' });
  carol.plan(15_500, { kind: 'hangup' });
  scene.run(60_000);
  const again = voices.heardBy(alice).filter(({ at }) => at > 9_000);
  expectUnbroken(again, 'bob');
  expect(again.length).toBeGreaterThan(240);
  expectUnbroken(voices.heardBy(carol), 'dave');
  expect(causes(scene)).toEqual(['media-failed', 'media-failed', 'normal', 'normal', 'normal', 'normal']);
  expectLegalJournal(scene);
  expectConnectedCalls(scene);
  expectNothingLeft(scene);
  await expectStoredCalls(scene);
});

test('a media thread that is lost while a phone rings ends that call too', () => {
  const scene = new Scene();
  const alice = scene.phone('alice', '1000');
  const bob = scene.phone('bob', '1001', { manner: { kind: 'rings' } });
  alice.plan(1_000, { kind: 'call', to: '1001' });
  scene.run(5_000);
  scene.tandem.loseWorker(0, scene.world.now);
  scene.run(60_000);
  expect([last(alice), last(bob)]).toEqual(['failed 500', 'ended canceled remote']);
  expect(causes(scene)).toEqual(['media-failed', 'media-failed']);
  expectLegalJournal(scene);
  expectNothingLeft(scene);
});
