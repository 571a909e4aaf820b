import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { RecordingNumber } from '../../core/kernel/ids.ts';
import { AudioFiles } from '../../media/audio-files.ts';
import { decodeAudio } from '../../media/decode-audio.ts';
import { atOnce } from '../../media/decoding.ts';
import { disk } from '../../media/file-system.ts';
import { openSystemOpus, openWasmOpus } from '../../media/io/opus-library.ts';
import type { FromFiles, RecordedTrack } from '../../media/protocol.ts';
import { RING_REASON } from '../../media/recording.ts';
import { PcmRing } from '../../media/ring.ts';
import { lag, levelAt, signalToNoise, testTone } from '../audio/measures.ts';
import { hasProgram } from '../interop/program.ts';
import { SmallDisk } from '../sim/small-disk.ts';

const folder = mkdtempSync(join(tmpdir(), 'tandem-forms-'));
afterAll(() => rmSync(folder, { recursive: true }));

const NUMBER = 3 as RecordingNumber;
const opus = openSystemOpus() ?? openWasmOpus()!;
const libraries = { opus: () => opus, mp3: undefined };
const OPTIONS = { cacheBytes: 1, fileBytesMax: 1, libraries };

/** A recording of a call on its way into files, two rings of which the test is the writer. */
function studio(
  name: string,
  join_: 'stereo' | 'mixed' | 'alone',
  options: Partial<typeof OPTIONS & { fileSystem: SmallDisk }> = {},
) {
  const files = new AudioFiles({ ...OPTIONS, ...options });
  const path = join(folder, name);
  const [left, right] = [PcmRing.allocate(65_536), PcmRing.allocate(65_536)];
  const track: RecordedTrack =
    join_ === 'alone' ? { path, ring: left } : { path, ring: left, other: { ring: right, join: join_ } };
  files.receive({ kind: 'record', recording: NUMBER, tracks: [track] }, 0);
  const rings = join_ === 'alone' ? [new PcmRing(left)] : [new PcmRing(left), new PcmRing(right)];
  /** So much of both sides, 20 ms at a time, as it comes; drained as it is due. */
  const write = (sides: readonly Int16Array[], from = 0, to = sides[0]!.length): void => {
    for (let at = from; at < to; at += 160) {
      for (const [i, ring] of rings.entries()) ring.write(sides[i]!.subarray(at, at + 160), Math.min(160, to - at));
      if (files.deadline() <= at / 8) files.expire(at / 8);
    }
  };
  const end = (): FromFiles | undefined => {
    for (const ring of rings) ring.close(RING_REASON.stopped);
    for (let now = 60_000; now < 80_000; now += 250) files.expire(now);
    return files.poll();
  };
  return { files, path, rings, write, end };
}

function read(path: string): Int16Array {
  const decoded = atOnce(decodeAudio(readFileSync(path), libraries));
  if (decoded.kind === 'refused') throw new Error(decoded.detail);
  return decoded.samples;
}

const [caller, callee] = [testTone(600, -23, 16_100), testTone(1700, -23, 16_100)];

test('both sides beside each other in one WAV file, or mixed, sample for sample', () => {
  const stereo = studio('beside.wav', 'stereo');
  stereo.write([caller, callee]);
  expect(stereo.end()).toMatchObject({ reason: 'stopped', files: [{ name: 'beside.wav', durationMs: 2013 }] });
  const file = readFileSync(stereo.path);
  expect([file.readUInt16LE(22), file.readUInt32LE(28), file.readUInt16LE(32)]).toEqual([2, 32_000, 4]);
  const samples = new Int16Array(file.buffer, file.byteOffset + 44, 2 * 16_100);
  expect(samples.filter((_, i) => i % 2 === 0)).toEqual(caller);
  expect(samples.filter((_, i) => i % 2 === 1)).toEqual(callee);

  const mixed = studio('mixed.wav', 'mixed');
  mixed.write([caller, callee]);
  expect(mixed.end()).toMatchObject({ files: [{ durationMs: 2013 }] });
  expect(read(mixed.path)).toEqual(caller.map((sample, i) => sample + callee[i]!));
});

test('a side that is ahead waits for the other; one that has ended is silence', () => {
  const { files, rings, path, end } = studio('ahead.wav', 'stereo');
  rings[0]!.write(Int16Array.of(1, 2, 3), 3);
  rings[1]!.write(Int16Array.of(9), 1);
  files.expire(250);
  rings[1]!.write(Int16Array.of(8), 1);
  expect(end()).toMatchObject({ files: [{ sizeBytes: 44 + 12 }] });
  const file = readFileSync(path);
  expect([...new Int16Array(file.buffer, file.byteOffset + 44, 6)]).toEqual([1, 9, 2, 8, 3, 0]);
});

describe('Ogg with Opus', () => {
  test('RFC 7845 §4.2, §4.4: a recording is as long as what was said, and nothing in it has moved', () => {
    const { write, end, path } = studio('alone.ogg', 'alone');
    write([caller]);
    expect(end()).toMatchObject({ reason: 'stopped', detail: '', files: [{ name: 'alone.ogg', durationMs: 2013 }] });
    const heard = read(path);
    expect(heard.length).toBe(16_100);
    expect(lag(caller.subarray(0, 8000), heard.subarray(0, 8020), 12)).toBe(0);
    expect(signalToNoise(caller.subarray(800, 15_800), heard.subarray(800, 15_800))).toBeGreaterThan(12);
  });

  test.skipIf(!hasProgram('opusdec'))(
    'opusinfo and opusdec find nothing to blame in both sides beside each other',
    () => {
      const { write, end, path } = studio('beside.ogg', 'stereo');
      write([caller, callee]);
      end();
      const told = execFileSync('opusinfo', [path], { encoding: 'utf8' });
      expect(told).not.toMatch(/WARNING|ERROR|negative/i);
      expect(told).toMatch(/Playback length: 0m:02.01/);
      const raw = execFileSync('opusdec', ['--quiet', '--rate', '8000', '--no-dither', path, '-'], { maxBuffer: 1e6 });
      const samples = new Int16Array(raw.buffer, raw.byteOffset + raw.length - 2 * 2 * 16_000, 2 * 16_000);
      const side = (which: number): Int16Array => samples.filter((_, i) => i % 2 === which);
      // The other side's tone is hardly there.
      expect(levelAt(side(0), 600) - levelAt(side(0), 1700)).toBeGreaterThan(15);
      expect(levelAt(side(1), 1700) - levelAt(side(1), 600)).toBeGreaterThan(15);
    },
  );

  test('what was said more than a second before a crash can be played, and salvage ends the stream there', () => {
    const { write, path } = studio('crash.ogg', 'alone');
    write([caller]);
    const left = readFileSync(path);
    const cut = join(folder, 'cut.ogg');
    // The last page half written.
    writeFileSync(cut, left.subarray(0, left.length - 20));
    expect(read(path).length).toBeGreaterThan(8_100);
    const files = new AudioFiles(OPTIONS);
    files.receive({ kind: 'salvage', recording: NUMBER, paths: [path, cut, join(folder, 'absent.ogg')] }, 0);
    for (let turns = 0; turns < 20; turns++) files.expire(0);
    const outcome = files.poll()!;
    expect(outcome).toMatchObject({ reason: 'failed', detail: expect.stringContaining('ENOENT') });
    if (outcome.kind !== 'recorded') return;
    expect(outcome.files).toHaveLength(2);
    for (const [i, one] of [path, cut].entries()) {
      // Up to a frame more, which was encoded and lies behind the last whole one.
      expect(Math.abs(read(one).length / 8 - outcome.files[i]!.durationMs)).toBeLessThanOrEqual(1);
      expect(outcome.files[i]!.sizeBytes).toBe(readFileSync(one).length);
    }
    expect(outcome.files[1]!.durationMs).toBeLessThan(outcome.files[0]!.durationMs);
  });

  test('a full disk ends the recording with whole pages; a file without a page is told', () => {
    const small = new SmallDisk(1_500);
    const { write, end, path } = studio('full.ogg', 'alone', { fileSystem: small });
    write([caller]);
    expect(end()).toMatchObject({ reason: 'failed', detail: expect.stringContaining('ENOSPC') });
    expect(small.openCount).toBe(0);
    expect(read(path).length).toBeGreaterThan(3_000);

    const empty = join(folder, 'empty.ogg');
    writeFileSync(empty, '');
    const files = new AudioFiles({ ...OPTIONS, fileSystem: disk } as typeof OPTIONS);
    files.receive({ kind: 'salvage', recording: NUMBER, paths: [empty] }, 0);
    files.expire(0);
    expect(files.poll()).toMatchObject({
      reason: 'failed',
      files: [],
      detail: `${empty}: expected pages of Ogg, got none`,
    });
  });

  test('without libopus it is refused and leaves no file', () => {
    const none = { opus: () => undefined, mp3: undefined };
    const { files } = studio('none.ogg', 'alone', { libraries: none as unknown as typeof libraries });
    files.expire(0);
    expect(files.poll()).toMatchObject({
      reason: 'failed',
      files: [],
      detail: 'no libopus is on this machine: record WAV, or install it',
    });
  });
});
