import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert } from '../core/kernel/assert.ts';
import type { RecordingNumber } from '../core/kernel/ids.ts';
import { decodeWav } from '../media/audio-file.ts';
import { AudioFiles } from '../media/audio-files.ts';
import { openOpus } from '../media/io/opus-library.ts';
import { PcmRing } from '../media/ring.ts';

const RECORDINGS = 2000;
const OGG_RECORDINGS = 100;
const SECONDS = 10;

/** The file thread's work for one call recorded on both sides, of 2,000 at once: while it lasts, and once at its end. */
export async function run(): Promise<Record<string, number>> {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-bench-recorder-'));
  try {
    const wav = measure(folder, RECORDINGS, 'wav');
    const ogg = measure(folder, OGG_RECORDINGS, 'ogg');
    return {
      writingUsPerCallSecond: wav.writingUs,
      writingLongestMs2000Calls: wav.longestMs,
      endUsPerCallSecond: wav.endUs,
      oggUsPerCallSecond: ogg.writingUs,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Processor time by calls and seconds, and the longest turn. */
function measure(folder: string, count: number, format: 'wav' | 'ogg') {
  const opus = openOpus();
  const files = new AudioFiles({ cacheBytes: 1, fileBytesMax: 1, libraries: { opus: () => opus, mp3: undefined } });
  const voice = decodeWav(readFileSync(new URL('../cli/prompts/menu.wav', import.meta.url)));
  assert(voice.kind === 'decoded', 'the prompt can be read');
  const rings: PcmRing[] = [];
  for (let recording = 0; recording < count; recording++) {
    const tracks = ['in', 'out'].map((side) => {
      const ring = PcmRing.allocate(65_536);
      rings.push(new PcmRing(ring));
      return { path: join(folder, `${recording}_${side}.${format}`), ring };
    });
    files.receive({ kind: 'record', recording: recording as RecordingNumber, tracks }, 0);
  }
  let [writingUs, longestMs] = [0, 0];
  for (let now = 0; now < SECONDS * 1000; now += 20) {
    const at = (8 * now) % (voice.samples.length - 160);
    const frame = voice.samples.subarray(at, at + 160);
    for (const ring of rings) ring.write(frame, frame.length);
    if (files.deadline() > now) continue;
    const spentUs = spent(() => files.expire(now));
    writingUs += spentUs;
    longestMs = Math.max(longestMs, spentUs / 1000);
  }
  for (const ring of rings) ring.close();
  const endUs = spent(() => files.close(SECONDS * 1000));
  let ended = 0;
  for (let message = files.poll(); message !== undefined; message = files.poll()) ended++;
  if (ended !== count) throw new Error(`expected ${count} recordings to end, got ${ended}`);
  const callSeconds = count * SECONDS;
  return { writingUs: writingUs / callSeconds, longestMs, endUs: endUs / callSeconds };
}

/** Processor time in microseconds. */
function spent(work: () => void): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return user + system;
}
