import type { LegId, MixId } from '../core/kernel/ids.ts';
import { seeded } from '../core/kernel/random.ts';
import { linearToUlaw } from '../media/codec/g711.ts';
import { COUNTER, COUNTER_COUNT } from '../media/counters.ts';
import { tonesOf } from '../media/dsp/country-tones.ts';
import { Engine } from '../media/engine.ts';
import { pack, portOf } from '../media/io/addresses.ts';
import { BATCH_COUNT_MAX, type PacketIo, packetIoCounters } from '../media/io/packet-io.ts';
import type { StreamSettings } from '../media/protocol.ts';
import { writeRtpHeader } from '../media/rtp/packet-view.ts';
import { Workers } from '../media/workers.ts';
import { LoopbackPhones } from './loopback-phones.ts';

const LOOPBACK = 0x7f000001;
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
    workers.post(0, { kind: 'open', leg: leg as LegId, slot: leg, settings: settings(leg) });
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

function settings(leg: number): StreamSettings {
  return {
    port: PORT,
    remote: remoteOf(leg),
    remoteRtcp: 0,
    rtcpMux: false,
    allowed: [LOOPBACK],
    receivePayloadTypes: [{ payloadType: 0, format: 'PCMU' }],
    sendCodec: 'PCMU',
    sendPayloadType: 0,
    sendEventPayloadType: -1,
    hearsKeys: false,
    sends: true,
    receives: true,
    supervised: true,
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
    engine.handle({ kind: 'open', leg: leg as LegId, slot: leg, settings: settings(leg) }, 0);
    engine.handle({ kind: 'join', leg: leg as LegId, mix: MIX }, 0);
  }
  return engine;
}

/** What is allocated: the growth of the heap between two rounds, where no collection came between. */
function measureGarbage(legs: number): number {
  const io = new RoundIo(legs);
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
  const io = new RoundIo(talkers);
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

/** Packet I/O without a network: each round brings one packet of every talker, and what is sent is thrown away. */
class RoundIo implements PacketIo {
  readonly carriesIpv6 = false;
  readonly counters = packetIoCounters();
  readonly bytes = new Uint8Array(2048 * BATCH_COUNT_MAX);
  readonly out = new Uint8Array(2048);
  readonly starts = Int32Array.from({ length: BATCH_COUNT_MAX }, (_, i) => 2048 * i);
  readonly ends = Int32Array.from({ length: BATCH_COUNT_MAX }, (_, i) => 2048 * i + PACKET_BYTES);
  readonly sources = new Float64Array(BATCH_COUNT_MAX);
  readonly batchIsRtcp = false;
  readonly batchPort = PORT;
  readonly #talkers: number;
  #round = 0;
  #next = 0;

  constructor(talkers: number) {
    this.#talkers = talkers;
    const random = seeded(2);
    for (let i = 0; i < this.bytes.length; i++) this.bytes[i] = linearToUlaw(Math.floor((random.next() - 0.5) * 4000));
  }

  /** The time of the next round. */
  nextRound(): number {
    this.#next = 0;
    return ++this.#round * 20;
  }

  receive(): number {
    const count = Math.min(BATCH_COUNT_MAX, this.#talkers - this.#next);
    for (let i = 0; i < count; i++) {
      const talker = this.#next++;
      const timestamp = (this.#round * FRAME) >>> 0;
      writeRtpHeader(this.bytes, this.starts[i]!, false, 0, this.#round & 0xffff, timestamp, 1000 + talker);
      this.sources[i] = remoteOf(talker);
    }
    return count;
  }

  learnAddress(): void {}

  forgetAddress(): void {}

  openPort(): boolean {
    return true;
  }
  closePort(): void {}
  wait(): undefined {
    return undefined;
  }
  reserve(): number {
    return 0;
  }
  send(port: number, isRtcp: boolean): void {
    if (port === PORT && !isRtcp) this.counters.sent++;
  }
  flush(): void {}
  close(): void {}
}
