import type { LegId, MixId } from '../core/kernel/ids.ts';
import { seeded } from '../core/kernel/random.ts';
import { linearToUlaw } from '../media/codec/g711.ts';
import { COUNTER, COUNTER_COUNT } from '../media/counters.ts';
import { tonesOf } from '../media/dsp/country-tones.ts';
import { Engine } from '../media/engine.ts';
import { pack, portOf } from '../media/io/addresses.ts';
import type { PacketIo } from '../media/io/packet-io.ts';
import { writeRtpHeader } from '../media/rtp/packet-view.ts';
import { Workers } from '../media/workers.ts';
import { LoopbackPhones } from './loopback-phones.ts';
import { LOOPBACK, plainStream } from './plain-stream.ts';
import { RoundsIo } from './rounds-io.ts';

const FRAME = 160;
const PACKET_BYTES = 172;
const PORT = 36_000;
const MIX = 1 as MixId;
const ROUNDS = 1500;
const SECONDS = 4;

/**
 * Cost of one leg of a conference for 20 ms: one packet in, its share of the mix, one packet out, on packet I/O that
 * costs nothing; the kernel adds what `packet-io` tells. `talking`: everybody speaks; `listening`: one does.
 */
export async function run(): Promise<Record<string, number>> {
  return {
    talking200UsPerLegTick: measure(200, 200),
    listening200UsPerLegTick: measure(200, 1),
    talking3UsPerLegTick: measure(3, 3),
    idle200UsPerLegTick: measure(200, 0),
    talking200BytesPerLegTick: measureGarbage(200),
    ...(await measureWorker(200)),
  };
}

/** The same through a thread and loopback sockets, everybody talking. */
async function measureWorker(legs: number): Promise<Record<string, number>> {
  const options = {
    count: 1,
    address: LOOPBACK,
    io: 'best',
    streamsMax: 256,
    mediaTimeoutMs: 60_000,
    country: 'US',
  } as const;
  const workers = await Workers.start({ ...options, received: () => {}, lost: () => {} });
  const ports = Array.from({ length: legs }, (_, leg) => portOf(remoteOf(leg)));
  workers.post(0, { kind: 'bindPort', port: PORT });
  for (let leg = 0; leg < legs; leg++) {
    workers.post(0, { kind: 'open', leg: leg as LegId, slot: leg, settings: plainStream(PORT, remoteOf(leg)) });
    workers.post(0, { kind: 'join', leg: leg as LegId, mix: MIX });
  }
  const phones = new LoopbackPhones(ports, pack(LOOPBACK, PORT));
  await phones.run(1000);
  const counters = workers.counters[0]!;
  const before = counters.slice();
  phones.heard = 0;
  phones.sent = 0;
  await phones.run(SECONDS * 1000);
  const after = counters.slice();
  phones.close();
  await workers.stop();
  const spent = (counter: number) => after[counter]! - before[counter]!;
  return {
    worker200UsPerLegTick: spent(COUNTER.cpuUs) / (legs * SECONDS * 50),
    worker200HeardShare: phones.heard / phones.sent,
    worker200TurnsPerS: spent(COUNTER.turns) / SECONDS,
  };
}

function remoteOf(leg: number): number {
  return pack(LOOPBACK, 40_000 + 2 * leg);
}

function openRoom(io: PacketIo, legs: number): Engine {
  const options = {
    random: seeded(1),
    wallOffsetMs: 0,
    streamsMax: 256,
    mediaTimeoutMs: 1e9,
    tones: tonesOf('US'),
    counters: new Float64Array(COUNTER_COUNT),
  };
  const engine = new Engine(io, options, 0);
  engine.handle({ kind: 'bindPort', port: PORT }, 0);
  for (let leg = 0; leg < legs; leg++) {
    engine.handle({ kind: 'open', leg: leg as LegId, slot: leg, settings: plainStream(PORT, remoteOf(leg)) }, 0);
    engine.handle({ kind: 'join', leg: leg as LegId, mix: MIX }, 0);
  }
  return engine;
}

/** What is allocated: the growth of the heap between two rounds, where no collection came between. */
function measureGarbage(legs: number): number {
  const io = new TalkersIo(legs);
  const engine = openRoom(io, legs);
  for (let round = 0; round < ROUNDS; round++) engine.turn(io.nextRound());
  let [grown, rounds] = [0, 0];
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.memoryUsage().heapUsed;
    engine.turn(io.nextRound());
    const growth = process.memoryUsage().heapUsed - before;
    if (growth < 0) continue;
    grown += growth;
    rounds++;
  }
  return grown / rounds / legs;
}

function measure(legs: number, talkers: number): number {
  const io = new TalkersIo(talkers);
  const engine = openRoom(io, legs);
  let best = Number.POSITIVE_INFINITY;
  for (let repeat = 0; repeat < 4; repeat++) {
    const before = process.threadCpuUsage();
    for (let round = 0; round < ROUNDS; round++) engine.turn(io.nextRound());
    const { user, system } = process.threadCpuUsage(before);
    best = Math.min(best, (user + system) / (ROUNDS * legs));
    if (engine.poll() !== undefined) throw new Error('a stream has ended');
  }
  const sent = io.counters.sent / (4 * ROUNDS);
  const expected = talkers === 0 ? 0 : talkers === 1 ? legs - 1 : legs;
  if (Math.abs(sent - expected) > 1) throw new Error(`expected ${expected} frames a tick, got ${sent}`);
  return best;
}

/** Each round brings one packet of every talker. */
class TalkersIo extends RoundsIo {
  protected readonly due: number;

  constructor(talkers: number) {
    super(PORT, PACKET_BYTES);
    this.due = talkers;
    const random = seeded(2);
    for (let i = 0; i < this.bytes.length; i++) this.bytes[i] = linearToUlaw(Math.floor((random.next() - 0.5) * 4000));
  }

  protected write(talker: number, i: number): void {
    const timestamp = (this.round * FRAME) >>> 0;
    writeRtpHeader(this.bytes, this.starts[i]!, false, 0, this.round & 0xffff, timestamp, 1000 + talker);
    this.sources[i] = remoteOf(talker);
  }
}
