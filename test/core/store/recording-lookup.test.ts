import { expect, test } from 'vitest';
import { seeded } from '../../../core/kernel/random.ts';
import { InProcessStore } from '../../../core/store/in-process.ts';
import { RecordingArchive } from '../../../core/store/recording-archive.ts';
import { RecordingLookup } from '../../../core/store/recording-lookup.ts';
import { RECORDING } from './rows.ts';

test('every look-up is answered once, also that of what is not there and that which fails', async () => {
  const store = new InProcessStore(seeded(1));
  store.write([{ kind: 'saveRecording', row: RECORDING }], 0);
  const lookup = new RecordingLookup(new RecordingArchive(store));
  const found = (count: number): Promise<void> =>
    new Promise((resolve) => {
      let left = count;
      lookup.onEvent(() => {
        left -= 1;
        if (left === 0) resolve();
      });
    });
  const both = found(2);
  lookup.findRecording(7, RECORDING.id);
  lookup.findRecording(8, 'nothing' as typeof RECORDING.id);
  expect(lookup.poll()).toBeUndefined();
  await both;
  expect([lookup.poll(), lookup.poll(), lookup.poll()]).toEqual([
    { kind: 'recordingFound', request: 7, recording: RECORDING },
    { kind: 'recordingFound', request: 8, recording: undefined },
    undefined,
  ]);
  store.hold();
  const failed = found(1);
  lookup.findRecording(9, RECORDING.id);
  await failed;
  expect(lookup.poll()).toEqual({ kind: 'recordingFound', request: 9, recording: undefined });
});
