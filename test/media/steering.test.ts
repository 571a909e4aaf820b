import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { wavHeader } from '../../media/audio-file.ts';
import { pcmu } from '../../media/codec/g711.ts';
import { read } from './phones.ts';
import { A, peer, Stage, sdp } from './stage.ts';

const folder = mkdtempSync(join(tmpdir(), 'tandem-steering-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A second that tells where it is: each 20 ms louder than the one before. */
const path = join(folder, 'stairs.wav');
const stairs = Int16Array.from({ length: 8000 }, (_, i) => 500 * (1 + Math.floor(i / 160)));
writeFileSync(path, Buffer.concat([wavHeader(16_000, 8000), new Uint8Array(stairs.buffer)]));

function playing() {
  const stage = new Stage();
  const { plane } = stage;
  plane.open(A, peer('192.0.2.1'), sdp('192.0.2.1', 4000, '0'), undefined);
  plane.describe(A, undefined);
  plane.play(A, { kind: 'file', path });
  /** The step of each frame sent in so many ms; 0 for silence. */
  const steps = (ms: number): number[] => {
    stage.sent.length = 0;
    stage.advance(ms);
    return stage.sent.flatMap((packet) => {
      if (packet.isRtcp) return [];
      const samples = new Int16Array(160);
      pcmu.decode(read(packet).payload, 0, 160, samples, 0);
      return [Math.round(samples[80]! / 500)];
    });
  };
  return { stage, plane, steps };
}

test('a pause is heard with the next frame, and what is played goes on where it was; a stop is as quick', () => {
  const { stage, plane, steps } = playing();
  stage.settle();
  expect(steps(100).slice(-2)).toEqual([5, 6]);
  plane.players.steer(A, { kind: 'pause' });
  expect(steps(60)).toEqual([0, 0, 0]);
  plane.players.steer(A, { kind: 'resume' });
  expect(steps(40)).toEqual([7, 8]);
  plane.players.steer(A, { kind: 'seek', toMs: 400, from: 'begin' });
  expect(steps(40)).toEqual([21, 22]);
  plane.players.steer(A, { kind: 'seek', toMs: -200, from: 'here' });
  expect(steps(40)).toEqual([13, 14]);
  plane.stopPlaying(A);
  expect(steps(100)).toEqual([]);
  plane.players.steer(A, { kind: 'resume' });
  expect(steps(100)).toEqual([]);
});

test('a file that is still being read begins as it was ordered meanwhile; what lies beyond its end is its end', () => {
  const { stage, plane, steps } = playing();
  plane.players.steer(A, { kind: 'seek', toMs: 600, from: 'begin' });
  plane.players.steer(A, { kind: 'pause' });
  stage.settle();
  expect(steps(60).every((step) => step === 0)).toBe(true);
  plane.players.steer(A, { kind: 'resume' });
  expect(steps(40)).toEqual([31, 32]);
  plane.players.steer(A, { kind: 'seek', toMs: 60_000, from: 'here' });
  stage.advance(40);
  expect(stage.events).toEqual([{ kind: 'played', leg: A, outcome: 'finished', detail: '' }]);
});
