import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { RecordingNumber } from '../../core/kernel/ids.ts';
import { NEVER } from '../../core/kernel/time.ts';
import { decodeWav, wavHeader } from '../../media/audio-file.ts';
import { AudioFiles } from '../../media/audio-files.ts';
import type { FromFiles } from '../../media/protocol.ts';
import { RING_REASON } from '../../media/recording.ts';
import { PcmRing } from '../../media/ring.ts';
import { SmallDisk } from '../sim/small-disk.ts';

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

/** Lets it do all that is due now. */
function settle(files: AudioFiles, now = 0): FromFiles[] {
  for (let turns = 0; files.deadline() <= now && turns < 1000; turns++) files.expire(now);
  return drain(files);
}

test('a long file is decoded piece by piece: recordings are written in between, and a short one waits behind it', () => {
  const files = new AudioFiles({ ...OPTIONS, fileBytesMax: 10_000_000 });
  const long = join(folder, 'long.wav');
  const data = Buffer.alloc(3_000_000);
  writeFileSync(long, Buffer.concat([wavHeader(data.length, 48_000), data]));
  const short = writeWav('short.wav', [1]);
  files.receive({ kind: 'load', request: 1, path: long }, 0);
  files.receive({ kind: 'load', request: 2, path: short }, 0);
  const { rings, paths } = record(files, ['meanwhile.wav']);
  rings[0]!.write(Int16Array.of(5, 6), 2);
  files.expire(0);
  expect(drain(files)).toEqual([]);
  files.expire(250);
  expect(readFileSync(paths[0]!).length).toBe(44 + 4);
  const loaded = settle(files, 250);
  expect(loaded).toMatchObject([
    { kind: 'loaded', request: 1 },
    { kind: 'loaded', request: 2 },
  ]);
  expect(loaded[0]!.kind === 'loaded' && loaded[0]!.samples.byteLength).toBe(500_000);
});

test('a file that many want at once is decoded once; one that is to be removed stays until it is read', () => {
  const files = new AudioFiles({ ...OPTIONS, fileBytesMax: 10_000_000 });
  const path = join(folder, 'wanted.wav');
  const data = Buffer.alloc(1_000_000);
  writeFileSync(path, Buffer.concat([wavHeader(data.length, 16_000), data]));
  const other = writeWav('other.wav', [4]);
  for (const request of [1, 2]) files.receive({ kind: 'load', request, path }, 0);
  files.receive({ kind: 'load', request: 3, path: other }, 0);
  files.receive({ kind: 'remove', paths: [path, other] }, 0);
  const [first, second, third] = settle(files);
  if (first?.kind !== 'loaded' || second?.kind !== 'loaded') throw new Error('not loaded');
  expect(second.samples).toBe(first.samples);
  expect(third).toMatchObject({ kind: 'loaded', request: 3 });
  expect([path, other].map((one) => existsSync(one))).toEqual([false, false]);
});

test('what reads MP3 is waited for without turning in circles', () => {
  let isReady = false;
  const frame = { channelData: [new Float32Array(800)], samplesDecoded: 800, sampleRate: 8000, errors: [] };
  const take = () => (isReady ? { decode: () => frame, free() {} } : 'waiting');
  const files = new AudioFiles({ ...OPTIONS, libraries: { opus: () => undefined, mp3: { take } } });
  const path = join(folder, 'music.mp3');
  writeFileSync(path, Buffer.from([0xff, 0xfb, 0x90, 0]));
  files.receive({ kind: 'load', request: 1, path }, 0);
  expect(files.deadline()).toBe(5);
  files.expire(5);
  expect(files.deadline()).toBe(10);
  isReady = true;
  files.expire(10);
  expect(drain(files)).toMatchObject([{ kind: 'loaded', samples: { byteLength: 1600 } }]);
  expect(files.deadline()).toBe(NEVER);
});

const NUMBER = 7 as RecordingNumber;
const OTHER = (NUMBER + 1) as RecordingNumber;

function record(
  files: AudioFiles,
  names: readonly string[],
  samples = 65536,
  recording = NUMBER,
): { paths: string[]; rings: PcmRing[] } {
  const buffers = names.map(() => PcmRing.allocate(samples));
  const paths = names.map((name) => join(folder, name));
  const tracks = paths.map((path, i) => ({ path, ring: buffers[i]! }));
  files.receive({ kind: 'record', recording, tracks }, 0);
  return { paths, rings: buffers.map((buffer) => new PcmRing(buffer)) };
}

/** Lets the thread do what is due until `now`. */
function run(files: AudioFiles, now: number): void {
  for (let turns = 0; files.deadline() <= now; turns++) {
    if (turns > 1000) throw new Error('the files do not settle');
    files.expire(files.deadline());
  }
}

function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

function frame(value: number): Int16Array {
  return new Int16Array(160).fill(value);
}

test('both files of a recording are valid while they grow, and measured when their rings close', () => {
  const files = new AudioFiles(OPTIONS);
  const { paths, rings } = record(files, ['both_in.wav', 'both_out.wav']);
  for (const path of paths) expect(readWav(path)).toEqual([]);
  for (let now = 0; now < 1400; now += 20) {
    for (const [i, ring] of rings.entries()) ring.write(frame(1 + now / 20 + 1000 * i), 160);
    run(files, now);
  }
  for (const path of paths) expect(readFileSync(path).readUInt32LE(40)).toBeGreaterThanOrEqual(2 * 8000 * 0.75);
  expect(drain(files)).toEqual([]);

  for (const ring of rings) ring.close(RING_REASON.duration);
  run(files, 2000);
  const measured = (path: string) => ({
    name: basename(path),
    sizeBytes: 44 + 2 * 11_200,
    durationMs: 1400,
    sha256: sha256(path),
  });
  expect(drain(files)).toEqual([
    {
      kind: 'recorded',
      recording: NUMBER,
      reason: 'duration',
      files: paths.map(measured),
      lostSamples: 0,
      detail: '',
    },
  ]);
  for (const [i, path] of paths.entries()) {
    const bytes = readFileSync(path);
    expect(bytes.readUInt32LE(40)).toBe(2 * 8000 * 1.4);
    expect(bytes.readUInt32LE(4)).toBe(bytes.length - 8);
    expect(readWav(path)[11_199]).toBe(70 + 1000 * i);
  }
  expect(files.deadline()).toBe(NEVER);
});

test('a ring that ran full is silence of the right length in the file, and counted', () => {
  const files = new AudioFiles(OPTIONS);
  const { paths, rings } = record(files, ['gap.wav'], 512);
  for (let block = 0; block < 5; block++) rings[0]!.write(frame(5), 160);
  run(files, 250);
  rings[0]!.write(frame(6), 160);
  rings[0]!.close();
  run(files, 500);
  expect(drain(files)).toMatchObject([{ kind: 'recorded', files: [{ durationMs: 120 }], lostSamples: 320 }]);
  const samples = readWav(paths[0]!);
  expect(samples.slice(480, 800).every((sample) => sample === 0)).toBe(true);
  expect([samples[479], samples[800]]).toEqual([5, 6]);
});

test('a disk that stands still for six seconds loses nothing', () => {
  const files = new AudioFiles(OPTIONS);
  const { paths, rings } = record(files, ['stall_in.wav', 'stall_out.wav']);
  for (let now = 0; now < 8000; now += 20) {
    for (const ring of rings) ring.write(frame(1 + now / 20), 160);
    // A write that began at 1 s returns at 7 s: the thread does nothing meanwhile.
    if (now < 1000 || now >= 7000) run(files, now);
  }
  for (const ring of rings) ring.close();
  run(files, 9000);
  expect(drain(files)).toMatchObject([{ reason: 'stopped', lostSamples: 0, files: [{ durationMs: 8000 }, {}] }]);
  const samples = readWav(paths[0]!);
  expect(samples.every((sample, i) => sample === 1 + Math.floor(i / 160))).toBe(true);
});

test('a longer stall is a counted gap, and the time behind it stays right', () => {
  const files = new AudioFiles(OPTIONS);
  const { paths, rings } = record(files, ['gap10.wav']);
  for (let now = 0; now < 14_000; now += 20) {
    rings[0]!.write(frame(1 + now / 20), 160);
    if (now < 1000 || now >= 11_000) run(files, now);
  }
  rings[0]!.close();
  run(files, 15_000);
  const [outcome] = drain(files);
  expect(outcome).toMatchObject({ reason: 'stopped', files: [{ durationMs: 14_000 }] });
  expect(outcome?.kind === 'recorded' && outcome.lostSamples).toBeGreaterThan(8000);
  const samples = readWav(paths[0]!);
  expect(samples[13_990 * 8]).toBe(1 + Math.floor(13_990 / 20));
});

test('a full disk ends the recording, and both files hold what was written, with headers that say so', () => {
  const small = new SmallDisk(44 + 44 + 20_001);
  const files = new AudioFiles({ ...OPTIONS, fileSystem: small });
  const { paths, rings } = record(files, ['full_in.wav', 'full_out.wav']);
  for (let now = 0; now < 3000; now += 20) {
    for (const ring of rings) ring.write(frame(1 + now / 20), 160);
    run(files, now);
  }
  const [outcome, ...rest] = drain(files);
  expect(rest).toEqual([]);
  if (outcome?.kind !== 'recorded') throw new Error('not recorded');
  expect(outcome.reason).toBe('failed');
  expect(outcome.detail).toContain('ENOSPC');
  expect(outcome.files.map(({ name }) => name)).toEqual(['full_in.wav', 'full_out.wav']);
  for (const [i, path] of paths.entries()) {
    const bytes = readFileSync(path);
    const { sizeBytes, sha256: hash } = outcome.files[i]!;
    expect(bytes.length).toBe(sizeBytes);
    expect(hash).toBe(sha256(path));
    expect(bytes.readUInt32LE(40)).toBe(bytes.length - 44);
    const samples = readWav(path);
    expect(samples.length).toBeGreaterThan(4000);
    expect(samples.every((sample, n) => sample === 1 + Math.floor(n / 160))).toBe(true);
  }
  expect(small.openCount).toBe(0);
  expect(files.deadline()).toBe(NEVER);
});

test('what was written more than a second before a crash can be played', () => {
  const files = new AudioFiles(OPTIONS);
  const { paths, rings } = record(files, ['crash.wav']);
  for (let now = 0; now < 5000; now += 20) {
    rings[0]!.write(frame(1 + now / 20), 160);
    run(files, now);
    const bytes = readFileSync(paths[0]!);
    const told = bytes.readUInt32LE(40);
    expect(told).toBeLessThanOrEqual(bytes.length - 44);
    expect(told / 16).toBeGreaterThanOrEqual(now - 1000);
  }
});

test('a file that a crash left behind is put right and measured, a missing one is told', () => {
  const path = join(folder, 'left_in.wav');
  const data = new Uint8Array(Int16Array.from({ length: 1600 }, (_, i) => i).buffer);
  writeFileSync(path, Buffer.concat([wavHeader(800, 8000), data, Uint8Array.of(1)]));
  const files = new AudioFiles(OPTIONS);
  const paths = [path, join(folder, 'left_out.wav')];
  files.receive({ kind: 'salvage', recording: NUMBER, paths }, 0);
  run(files, 0);
  expect(drain(files)).toEqual([
    {
      kind: 'recorded',
      recording: NUMBER,
      reason: 'failed',
      files: [{ name: 'left_in.wav', sizeBytes: 3244, durationMs: 200, sha256: sha256(path) }],
      lostSamples: 0,
      detail: expect.stringContaining('ENOENT'),
    },
  ]);
  expect(readWav(path).length).toBe(1600);
  expect(readFileSync(path).readUInt32LE(40)).toBe(3200);
  files.receive({ kind: 'salvage', recording: NUMBER, paths: [path] }, 0);
  run(files, 0);
  expect(drain(files)).toMatchObject([{ reason: 'stopped', files: [{ durationMs: 200 }], detail: '' }]);
});

test('files are removed once nobody writes them, and one that is not there is no failure', () => {
  const files = new AudioFiles(OPTIONS);
  const { paths, rings } = record(files, ['unwanted.wav']);
  files.receive({ kind: 'remove', paths: [...paths, join(folder, 'never was.wav')] }, 0);
  expect(existsSync(paths[0]!)).toBe(true);
  rings[0]!.close();
  run(files, 500);
  expect(drain(files)).toMatchObject([{ kind: 'recorded', reason: 'stopped' }]);
  expect(existsSync(paths[0]!)).toBe(false);
  expect(files.removalsFailed).toBe(0);
});

test('a recording that cannot be created fails with the reason, and leaves no file', () => {
  const files = new AudioFiles(OPTIONS);
  const { paths } = record(files, ['half_in.wav', 'no/such/folder.wav']);
  run(files, 0);
  expect(drain(files)).toMatchObject([{ kind: 'recorded', recording: NUMBER, reason: 'failed', files: [] }]);
  expect(existsSync(paths[0]!)).toBe(false);
  expect(files.deadline()).toBe(NEVER);
});

test('closing writes what the rings hold and finishes every file', () => {
  const files = new AudioFiles(OPTIONS);
  const { paths, rings } = record(files, ['open-end.wav']);
  rings[0]!.write(Int16Array.of(1, 2, 3), 3);
  files.close(10);
  expect(readWav(paths[0]!)).toEqual([1, 2, 3]);
  expect(drain(files)).toMatchObject([{ kind: 'recorded', reason: 'stopped' }]);
  expect(files.deadline()).toBe(NEVER);
});

test('below 5 % of the disk free a new recording is refused and leaves no file; one that runs goes on', () => {
  const disk = new SmallDisk(1_000_000);
  const files = new AudioFiles({ ...OPTIONS, fileSystem: disk });
  disk.freeShareTold = 0.05;
  const running = record(files, ['room_in.wav', 'room_out.wav']);
  disk.freeShareTold = 0.049;
  const refused = record(files, ['tight_in.wav', 'tight_out.wav'], 65536, OTHER);
  running.rings[0]!.write(frame(1), 160);
  for (const ring of running.rings) ring.close(RING_REASON.stopped);
  run(files, 1000);
  const outcomes = drain(files);
  expect(outcomes.find((outcome) => 'recording' in outcome && outcome.recording === OTHER)).toMatchObject({
    reason: 'failed',
    files: [],
    detail: 'expected at least 5 % of the disk free, got 4.9 %: make room for recordings',
  });
  expect(outcomes.find((outcome) => 'recording' in outcome && outcome.recording === NUMBER)).toMatchObject({
    reason: 'stopped',
    files: [{ durationMs: 20 }, { durationMs: 0 }],
  });
  expect(refused.paths.map((path) => existsSync(path))).toEqual([false, false]);
  expect(disk.openCount).toBe(0);
});
