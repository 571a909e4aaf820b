import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Ears } from '../sim/ears.ts';
import { Scene } from '../sim/scene.ts';
import { Transferor } from '../sim/transferor.ts';
import { expectLadder } from './golden.ts';
import { expectLegalJournal, expectNothingLeft } from './invariants.ts';

const OPERATOR = { kind: 'operator' } as const;

/** Alice calls Bob at 1 s, who answers after 1 s; nobody says a word, so that what is heard is ours. */
function talking(promptsFolder = 'cli/prompts') {
  const scene = new Scene({ promptsFolder });
  const answers = { manner: { kind: 'answers', afterMs: 1_000 } } as const;
  const alice = scene.phone('alice', '1000');
  const bob = scene.phone('bob', '1001', answers);
  const carol = scene.phone('carol', '1002', answers);
  alice.plan(1_000, { kind: 'call', to: '1001' });
  return { scene, alice, bob, carol, ears: new Ears(scene) };
}

test('RFC 5359 §2.3: Bob puts Alice on hold: she hears music until he takes her back', () => {
  const { scene, alice, bob, ears } = talking();
  bob.plan(5_000, { kind: 'hold' });
  bob.plan(9_000, { kind: 'resume' });
  alice.plan(12_000, { kind: 'hangup' });
  scene.run(20_000);
  expect(ears.heardMs(alice, 0, 5_000)).toBe(0);
  expect(ears.heardMs(alice, 5_100, 8_900)).toBe(3_800);
  expect(ears.heardMs(alice, 9_100, 20_000)).toBe(0);
  expect(ears.heardMs(bob, 0, 20_000)).toBe(0);
  scene.run(100_000);
  expectLegalJournal(scene);
  expectNothingLeft(scene);
  expectLadder(scene, 'music-on-hold');
});

test('who holds hears no music, and of two who hold neither does', () => {
  const { scene, alice, bob, ears } = talking();
  bob.plan(5_000, { kind: 'hold' });
  alice.plan(7_000, { kind: 'hold' });
  bob.plan(9_000, { kind: 'resume' });
  alice.plan(11_000, { kind: 'resume' });
  scene.run(15_000);
  const heard = [4_000, 6_000, 8_000, 10_000, 12_000].map((from) => [
    ears.heardMs(alice, from, from + 900),
    ears.heardMs(bob, from, from + 900),
  ]);
  expect(heard).toEqual([
    [0, 0],
    [900, 0],
    [0, 0],
    [0, 900],
    [0, 0],
  ]);
});

test.each([
  ['sendonly', ['m=audio 15060 RTP/AVP 0 8', 'a=sendonly']],
  ['inactive', ['m=audio 15060 RTP/AVP 0 8', 'a=inactive']],
  ['an address of zeros', ['m=audio 15060 RTP/AVP 0 8', 'c=IN IP4 0.0.0.0']],
])('RFC 3264 §8.4: who is held by %s hears music, however long it takes', (_name, media) => {
  const { scene, alice, bob, ears } = talking();
  bob.plan(5_000, { kind: 'offer', media });
  scene.run(45_000);
  // The music begins again after 16 s, without a pause.
  expect(ears.heardMs(alice, 5_100, 44_900)).toBe(39_800);
});

test('who was on hold when they were transferred hears music until somebody answers', () => {
  const { scene, alice, bob, carol, ears } = talking();
  bob.plan(4_000, { kind: 'hold' });
  new Transferor(bob, '1001').transfer(6_000, '1002');
  scene.run(15_000);
  expect([carol.isTalking, bob.isIdle]).toEqual([true, true]);
  expect(ears.heardMs(alice, 4_100, 6_900)).toBe(2_800);
  expect(ears.heardMs(alice, 7_100, 15_000)).toBe(0);
});

test('who hangs up while the other is on hold ends the music with the call', () => {
  const { scene, bob, ears, alice } = talking();
  bob.plan(5_000, { kind: 'hold' });
  bob.plan(7_000, { kind: 'hangup' });
  scene.run(20_000);
  expect(ears.heardMs(alice, 5_100, 6_900)).toBe(1_800);
  expect(ears.heardMs(alice, 7_100, 20_000)).toBe(0);
  expect(scene.tandem.node.exchange.calls.musicCount).toBe(0);
});

test('music that is no sound, or not there, is told of, and the call goes on', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-music-'));
  writeFileSync(join(folder, 'music.wav'), 'no sound at all');
  for (const prompts of [folder, join(folder, 'nowhere')]) {
    const { scene, alice, bob, ears } = talking(prompts);
    bob.plan(5_000, { kind: 'hold' });
    bob.plan(7_000, { kind: 'resume' });
    scene.run(10_000);
    const failures = scene.tandem.events.flatMap(({ body }) => (body.type === 'call_sound_failed' ? [body] : []));
    expect(failures).toMatchObject([{ sound: 'prompt:music' }]);
    expect(failures[0]!.detail).not.toBe('');
    expect(ears.heardMs(alice, 0, 10_000)).toBe(0);
    expect(scene.tandem.node.exchange.calls.bridgeCount).toBe(1);
  }
  rmSync(folder, { recursive: true });
});

test('a call hears music by command, in place of the other side, and is heard all the same', () => {
  const { scene, alice, bob, ears } = talking();
  const order = (mode: 'on' | 'off') => {
    const { calls } = scene.tandem.node.exchange;
    const { id } = calls.ledger.records().find(({ direction }) => direction === 'incoming')!;
    scene.tandem.execute(1, { kind: 'entertainCall', id, mode }, OPERATOR, scene.world.now);
  };
  scene.run(4_000);
  order('on');
  order('on');
  scene.run(7_000);
  order('off');
  scene.run(9_000);
  expect(scene.tandem.settled.map(({ result }) => result.kind)).toEqual(['done', 'done', 'done']);
  expect(ears.heardMs(alice, 4_100, 6_900)).toBe(2_800);
  expect([ears.heardMs(alice, 7_100, 9_000), ears.heardMs(bob, 0, 9_000)]).toEqual([0, 0]);
});
