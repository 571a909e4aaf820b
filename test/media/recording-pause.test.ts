import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { RecordingNumber } from '../../core/kernel/ids.ts';
import { decodeWav } from '../../media/audio-file.ts';
import { Recording } from '../../media/recording.ts';
import { PcmRing } from '../../media/ring.ts';
import { A, ALICE, BOB, call, Stage } from './stage.ts';

const folder = mkdtempSync(join(tmpdir(), 'tandem-pause-'));
afterAll(() => rmSync(folder, { recursive: true }));

const NUMBER = 1 as RecordingNumber;

test('a pause is neither in the rings, nor does it count for the longest duration or silence', () => {
  const inRing = PcmRing.allocate(8000);
  const order = { recording: NUMBER, inRing, outRing: undefined, durationMs: 60, silenceMs: 40 };
  const recording = new Recording(order);
  const voice = new Int16Array(160).fill(9000);
  recording.tick(voice, undefined);
  recording.isPaused = true;
  for (let tick = 0; tick < 100; tick++) expect(recording.tick(undefined, undefined)).toBe(0);
  expect(recording.isOver).toBe(false);
  recording.isPaused = false;
  recording.tick(undefined, undefined);
  expect(recording.isOver).toBe(false);
  recording.tick(undefined, undefined);
  expect(recording.isOver).toBe(true);
  expect(new PcmRing(inRing).waiting).toBe(480);
});

test('what is said during a pause is not in the files of a call, both of which stay as long as each other', () => {
  const stage = new Stage();
  const ports = call(stage);
  const [inPath, outPath] = [join(folder, 'in.wav'), join(folder, 'out.wav')];
  stage.plane.record(NUMBER, { source: { kind: 'leg', leg: A }, inPath, outPath, durationMs: 0, silenceMs: 0 });
  stage.settle();
  stage.talk(ALICE, ports.alice, BOB, 50);
  stage.plane.recorders.pause(NUMBER, 'paused');
  stage.talk(ALICE, ports.alice, BOB, 50);
  stage.plane.recorders.pause(NUMBER, 'running');
  stage.talk(ALICE, ports.alice, BOB, 50);
  stage.plane.stopRecording(NUMBER);
  stage.advance(500);
  stage.plane.recorders.pause(NUMBER, 'paused');
  const lengths = [inPath, outPath].map((path) => {
    const decoded = decodeWav(readFileSync(path));
    return decoded.kind === 'decoded' ? decoded.samples.length : 0;
  });
  expect(lengths[0]! / 8000).toBeCloseTo(2, 1);
  expect(lengths[1]).toBe(lengths[0]);
});
