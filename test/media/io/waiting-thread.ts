import { parentPort, workerData } from 'node:worker_threads';
import { DgramUdp } from '../../../media/io/dgram-udp.ts';
import { openBatchUdp } from '../../../media/io/open-packet-io.ts';
import type { ThreadIo } from '../../../media/io/packet-io.ts';

/** Waits three times and tells for how long; ends by itself. */
const address = 0x7f000001;
const io: ThreadIo = workerData === 'batch' ? openBatchUdp({ address })! : new DgramUdp({ address });
parentPort!.postMessage(io.handOverWakeHandle());
for (let i = 0; i < 3; i++) {
  const before = performance.now();
  const waiting = io.wait(1000);
  if (waiting !== undefined) await waiting;
  parentPort!.postMessage(performance.now() - before);
}
io.close();
