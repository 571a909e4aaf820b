import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import type { RecordingNumber } from '../../core/kernel/ids.ts';
import { decodeWav, wavHeader } from '../../media/audio-file.ts';
import { FileWorker } from '../../media/file-worker.ts';
import type { FromFiles } from '../../media/protocol.ts';
import { PcmRing } from '../../media/ring.ts';

const folder = mkdtempSync(join(tmpdir(), 'tandem-files-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('the file thread loads, records and closes what is open when it is stopped', async () => {
  const path = join(folder, 'prompt.wav');
  writeFileSync(path, Buffer.concat([wavHeader(4, 8000), new Uint8Array(Int16Array.of(3, 4).buffer)]));
  const lost: string[] = [];
  const answers: FromFiles[] = [];
  let heard = () => {};
  const files = new FileWorker({
    received: (message) => {
      answers.push(message);
      heard();
    },
    lost: (reason) => lost.push(reason),
  });
  files.post({ kind: 'load', request: 5, path });
  await new Promise<void>((resolve) => {
    heard = resolve;
  });
  const loaded = answers.shift()!;
  expect(loaded).toMatchObject({ kind: 'loaded', request: 5 });
  expect(loaded.kind === 'loaded' && [...new Int16Array(loaded.samples)]).toEqual([3, 4]);

  const mp3 = fileURLToPath(new URL('../audio/tone-16k-mono.mp3', import.meta.url));
  files.post({ kind: 'load', request: 6, path: mp3 });
  await new Promise<void>((resolve) => {
    heard = resolve;
  });
  const decodedMp3 = answers.shift()!;
  expect(decodedMp3.kind === 'loaded' && decodedMp3.samples.byteLength / 16_000).toBeCloseTo(0.6, 1);

  const target = join(folder, 'talk.wav');
  const buffer = PcmRing.allocate(1024);
  files.post({ kind: 'record', recording: 9 as RecordingNumber, tracks: [{ path: target, ring: buffer }] });
  new PcmRing(buffer).write(Int16Array.of(1, 2, 3), 3);
  expect(await files.stop()).toBe(true);
  const decoded = decodeWav(readFileSync(target));
  expect(decoded.kind === 'decoded' && [...decoded.samples]).toEqual([1, 2, 3]);
  expect(lost).toEqual([]);
}, 10_000);
