import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RecordingNumber } from '../core/kernel/ids.ts';
import { AudioFiles } from '../media/audio-files.ts';
import { PcmRing } from '../media/ring.ts';

const RECORDINGS = 300;
const SECONDS = 10;
const FRAME = new Int16Array(160).fill(1000);

/** The file thread's work for one call recorded on both sides: while it lasts, and once at its end. */
export async function run(): Promise<Record<string, number>> {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-bench-recorder-'));
  try {
    return measure(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function measure(folder: string): Record<string, number> {
  const files = new AudioFiles({ cacheBytes: 1, fileBytesMax: 1 });
  const rings: PcmRing[] = [];
  for (let recording = 0; recording < RECORDINGS; recording++) {
    const tracks = ['in', 'out'].map((side) => {
      const ring = PcmRing.allocate(65_536);
      rings.push(new PcmRing(ring));
      return { path: join(folder, `${recording}_${side}.wav`), ring };
    });
    files.receive({ kind: 'record', recording: recording as RecordingNumber, tracks }, 0);
  }
  let [writingUs, longestMs] = [0, 0];
  for (let now = 0; now < SECONDS * 1000; now += 20) {
    for (const ring of rings) ring.write(FRAME, FRAME.length);
    if (files.deadline() > now) continue;
    const spentUs = spent(() => files.expire(now));
    writingUs += spentUs;
    longestMs = Math.max(longestMs, spentUs / 1000);
  }
  for (const ring of rings) ring.close();
  const endUs = spent(() => files.close(SECONDS * 1000));
  let ended = 0;
  for (let message = files.poll(); message !== undefined; message = files.poll()) ended++;
  if (ended !== RECORDINGS) throw new Error(`expected ${RECORDINGS} recordings to end, got ${ended}`);
  return {
    writingUsPerCallSecond: writingUs / RECORDINGS / SECONDS,
    writingLongestMs300Calls: longestMs,
    endUsPerCallSecond: endUs / RECORDINGS / SECONDS,
  };
}

/** Processor time in microseconds. */
function spent(work: () => void): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return user + system;
}
