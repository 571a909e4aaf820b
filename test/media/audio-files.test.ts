import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { NEVER } from '../../core/kernel/time.ts';
import { decodeWav, wavHeader } from '../../media/audio-file.ts';
import { AudioFiles } from '../../media/audio-files.ts';
import type { FromFiles } from '../../media/protocol.ts';
import { PcmRing } from '../../media/ring.ts';

const folder = mkdtempSync(join(tmpdir(), 'tandem-audio-'));
afterAll(() => rmSync(folder, { recursive: true }));

const OPTIONS = { cacheBytes: 1_000_000, fileBytesMax: 1_000_000 };

function writeWav(name: string, samples: readonly number[]): string {
  const path = join(folder, name);
  const data = new Uint8Array(Int16Array.from(samples).buffer);
  writeFileSync(path, Buffer.concat([wavHeader(data.length, 8000), data]));
  return path;
}

function readWav(path: string): number[] {
  const decoded = decodeWav(readFileSync(path));
  if (decoded.kind === 'refused') throw new Error(decoded.detail);
  return [...decoded.samples];
}

function drain(files: AudioFiles): FromFiles[] {
  const all: FromFiles[] = [];
  for (let message = files.poll(); message !== undefined; message = files.poll()) all.push(message);
  return all;
}

function load(files: AudioFiles, path: string): FromFiles {
  files.receive({ kind: 'load', request: 1, path }, 0);
  return drain(files)[0]!;
}

test('a file is decoded once and shared, until it changes', () => {
  const files = new AudioFiles(OPTIONS);
  const path = writeWav('greeting.wav', [1, 2, 3]);
  const first = load(files, path);
  const second = load(files, path);
  if (first.kind !== 'loaded' || second.kind !== 'loaded') throw new Error('not loaded');
  expect([...new Int16Array(first.samples)]).toEqual([1, 2, 3]);
  expect(second.samples).toBe(first.samples);

  writeWav('greeting.wav', [9, 9]);
  utimesSync(path, 1, 1);
  const third = load(files, path);
  if (third.kind !== 'loaded') throw new Error('not loaded');
  expect([...new Int16Array(third.samples)]).toEqual([9, 9]);
});

test('a file that cannot be played is refused with the reason', () => {
  const files = new AudioFiles({ ...OPTIONS, fileBytesMax: 60 });
  expect(load(files, join(folder, 'absent.wav'))).toMatchObject({
    kind: 'loadFailed',
    detail: expect.stringContaining('ENOENT'),
  });
  const text = join(folder, 'text.wav');
  writeFileSync(text, 'not audio at all');
  expect(load(files, text)).toMatchObject({ kind: 'loadFailed', detail: `${text}: expected a RIFF/WAVE file` });
  const large = writeWav(
    'large.wav',
    Array.from({ length: 100 }, () => 0),
  );
  expect(load(files, large)).toMatchObject({
    kind: 'loadFailed',
    detail: expect.stringContaining('at most 60 bytes, got 244'),
  });
});

test('a recording is a valid file while it grows, and complete when its ring closes', () => {
  const files = new AudioFiles(OPTIONS);
  const path = join(folder, 'recording.wav');
  const buffer = PcmRing.allocate(16384);
  const ring = new PcmRing(buffer);
  files.receive({ kind: 'record', recording: 7, path, ring: buffer }, 0);
  expect(readWav(path)).toEqual([]);

  for (let now = 0; now < 1400; now += 20) {
    ring.write(new Int16Array(160).fill(1 + now / 20), 160);
    if (files.deadline() <= now) files.expire(now);
  }
  const header = readFileSync(path).readUInt32LE(40);
  expect(header).toBeGreaterThanOrEqual(2 * 8000 * 0.8);
  expect(drain(files)).toEqual([]);

  ring.close();
  files.expire(files.deadline());
  expect(drain(files)).toEqual([{ kind: 'recorded', recording: 7, durationMs: 1400, lostSamples: 0 }]);
  const bytes = readFileSync(path);
  expect(bytes.readUInt32LE(40)).toBe(2 * 8000 * 1.4);
  expect(bytes.readUInt32LE(4)).toBe(bytes.length - 8);
  expect(readWav(path)[11199]).toBe(70);
  expect(files.deadline()).toBe(NEVER);
});

test('a ring that ran full is silence of the right length in the file, and counted', () => {
  const files = new AudioFiles(OPTIONS);
  const path = join(folder, 'gap.wav');
  const buffer = PcmRing.allocate(512);
  const ring = new PcmRing(buffer);
  files.receive({ kind: 'record', recording: 1, path, ring: buffer }, 0);
  for (let block = 0; block < 5; block++) ring.write(new Int16Array(160).fill(5), 160);
  files.expire(200);
  ring.write(new Int16Array(160).fill(6), 160);
  ring.close();
  files.expire(400);
  expect(drain(files)).toEqual([{ kind: 'recorded', recording: 1, durationMs: 120, lostSamples: 320 }]);
  const samples = readWav(path);
  expect(samples.slice(480, 800).every((sample) => sample === 0)).toBe(true);
  expect([samples[479], samples[800]]).toEqual([5, 6]);
});

test('a recording that cannot be created fails with the reason', () => {
  const files = new AudioFiles(OPTIONS);
  files.receive(
    { kind: 'record', recording: 3, path: join(folder, 'no/such/folder.wav'), ring: PcmRing.allocate(16) },
    0,
  );
  expect(drain(files)).toMatchObject([{ kind: 'recordFailed', recording: 3 }]);
  expect(files.deadline()).toBe(NEVER);
});

test('closing writes what the rings hold and finishes every file', () => {
  const files = new AudioFiles(OPTIONS);
  const path = join(folder, 'open-end.wav');
  const buffer = PcmRing.allocate(512);
  files.receive({ kind: 'record', recording: 1, path, ring: buffer }, 0);
  new PcmRing(buffer).write(Int16Array.of(1, 2, 3), 3);
  files.close(10);
  expect(readWav(path)).toEqual([1, 2, 3]);
  expect(files.deadline()).toBe(NEVER);
});
