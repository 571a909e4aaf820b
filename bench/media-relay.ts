import type { LegId } from '../core/kernel/ids.ts';
import { seeded } from '../core/kernel/random.ts';
import { COUNTER, COUNTER_COUNT } from '../media/counters.ts';
import { tonesOf } from '../media/dsp/country-tones.ts';
import { Engine } from '../media/engine.ts';
import { pack } from '../media/io/addresses.ts';
import type { ToWorker } from '../media/protocol.ts';
import { writeRtpHeader } from '../media/rtp/packet-view.ts';
import { Workers } from '../media/workers.ts';
import { coldMs } from './cold.ts';
import { LoopbackPhones } from './loopback-phones.ts';
import { LOOPBACK, PAYLOAD_TYPES, plainStream } from './plain-stream.ts';
import { RoundsIo } from './rounds-io.ts';

const PACKET_BYTES = 172;
/** One port of ours is full of streams, as the port pool fills it; each phone has a port of its own. */
const OUR_PORT = 36_000;
const PHONE_PORTS = portsFrom(256);
const STREAMS = PHONE_PORTS.length;
const SECONDS = 4;
const HEAP_STREAMS = 500;
/** Until what runs is compiled for good. */
const HEAP_WARM_UP_MS = 50_000;

/**
 * Cost of a relayed G.711 call: two streams, so two packets in and two out, every 20 ms. `engine…` is the engine on
 * packet I/O that costs nothing; `worker…` a media thread on loopback sockets, the kernel's share included.
 */
export async function run(): Promise<Record<string, number>> {
  const alike = measureEngine('PCMU');
  const mapped = measureEngine('PCMA');
  const transcoded = measureEngine('G722', 200);
  const cold = measureColdEngine();
  const worker = await measureWorker();
  return {
    engineUsPerCallTick: 2 * alike,
    engineMappedUsPerCallTick: 2 * mapped,
    engineTranscodedUsPerCallTick: 2 * transcoded,
    engineColdUsPerCallTick: 2 * cold,
    ...worker,
    ...(await measureHeap()),
  };
}

function portsFrom(count: number): number[] {
  return Array.from({ length: count }, (_, i) => 36_200 + 2 * i);
}

/** What the second leg of each call speaks; the first one PCMU. */
type Second = keyof typeof PAYLOAD_TYPES;

/** Streams 2n and 2n + 1 are the two legs of call n. */
function openCalls(
  post: (message: ToWorker) => void,
  second: Second,
  phonePorts: readonly number[] = PHONE_PORTS,
): void {
  post({ kind: 'bindPort', port: OUR_PORT });
  for (let stream = 0; stream < phonePorts.length; stream++) {
    const codec = stream % 2 === 0 ? 'PCMU' : second;
    const value = plainStream(OUR_PORT, pack(LOOPBACK, phonePorts[stream]!), codec);
    post({ kind: 'open', leg: stream as LegId, slot: stream, settings: value });
  }
  for (let stream = 0; stream < phonePorts.length; stream += 2) {
    post({ kind: 'bridge', a: stream as LegId, b: (stream + 1) as LegId });
  }
}

function warmEngine(io: StreamsIo, second: Second): Engine {
  const options = {
    random: seeded(1),
    wallOffsetMs: 0,
    streamsMax: STREAMS,
    mediaTimeoutMs: 60_000,
    tones: tonesOf('US'),
  };
  const engine = new Engine(io, { ...options, counters: new Float64Array(COUNTER_COUNT) }, 0);
  openCalls((message) => engine.handle(message, 0), second);
  for (let round = 0; round < 500; round++) engine.turn(io.nextRound());
  return engine;
}

/** Microseconds for one packet in and out. */
function measureEngine(second: Second, rounds = 3000): number {
  const io = new StreamsIo(second);
  const engine = warmEngine(io, second);
  const before = process.threadCpuUsage();
  for (let round = 0; round < rounds; round++) engine.turn(io.nextRound());
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / (rounds * STREAMS);
}

/** The same with nothing in any cache. */
function measureColdEngine(): number {
  const io = new StreamsIo('PCMU');
  const engine = warmEngine(io, 'PCMU');
  return (1000 * coldMs(300, () => engine.turn(io.nextRound()))) / STREAMS;
}

/** Bytes by which the heap of a thread has grown after ten seconds of 500 streams, no collection in between. */
async function measureHeap(): Promise<Record<string, number>> {
  const ports = portsFrom(HEAP_STREAMS);
  const workers = await startWorker(ports);
  const generator = new LoopbackPhones(ports, pack(LOOPBACK, OUR_PORT));
  await generator.run(HEAP_WARM_UP_MS);
  const counters = workers.counters[0]!;
  const before = counters[COUNTER.heapUsedBytes]!;
  await generator.run(10_000);
  const growth = counters[COUNTER.heapUsedBytes]! - before;
  generator.close();
  await workers.stop();
  return { workerHeapGrowthKb10s500Streams: growth / 1024 };
}

/** One media thread with a call between each two of the phones. */
async function startWorker(phonePorts: readonly number[]): Promise<Workers> {
  const workers = await Workers.start({
    count: 1,
    address: LOOPBACK,
    io: 'best',
    streamsMax: phonePorts.length,
    mediaTimeoutMs: 60_000,
    country: 'US',
    received: () => {},
    lost: () => {},
  });
  openCalls((message) => workers.post(0, message), 'PCMU', phonePorts);
  return workers;
}

async function measureWorker(): Promise<Record<string, number>> {
  const workers = await startWorker(PHONE_PORTS);
  const generator = new LoopbackPhones(PHONE_PORTS, pack(LOOPBACK, OUR_PORT));
  await generator.run(1000);
  const counters = workers.counters[0]!;
  const [cpuBefore, relayedBefore] = [counters[COUNTER.cpuUs]!, counters[COUNTER.packetsRelayed]!];
  generator.heard = 0;
  generator.sent = 0;
  await generator.run(SECONDS * 1000);
  const workerUs = counters[COUNTER.cpuUs]! - cpuBefore;
  const relayed = counters[COUNTER.packetsRelayed]! - relayedBefore;
  generator.close();
  await workers.stop();
  return {
    workerUsPerCallTick: (2 * workerUs) / relayed,
    workerRelayedShare: generator.heard / generator.sent,
    workerCoreShare: workerUs / (SECONDS * 1e6),
    workerCalls: STREAMS / 2,
  };
}

/** Each round brings one packet of every stream. */
class StreamsIo extends RoundsIo {
  protected readonly due = STREAMS;
  readonly #second: Second;

  constructor(second: Second) {
    super(OUR_PORT, PACKET_BYTES);
    this.#second = second;
  }

  protected write(stream: number, i: number): void {
    const payloadType = PAYLOAD_TYPES[stream % 2 === 1 ? this.#second : 'PCMU'];
    const { round } = this;
    writeRtpHeader(this.bytes, this.starts[i]!, false, payloadType, round & 0xffff, round * 160, 1000 + stream);
    this.sources[i] = pack(LOOPBACK, PHONE_PORTS[stream]!);
  }
}
