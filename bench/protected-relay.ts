import type { LegId } from '../core/kernel/ids.ts';
import { seeded } from '../core/kernel/random.ts';
import { COUNTER, COUNTER_COUNT } from '../media/counters.ts';
import { tonesOf } from '../media/dsp/country-tones.ts';
import { Engine } from '../media/engine.ts';
import { pack } from '../media/io/addresses.ts';
import { openCiphers } from '../media/io/openssl-ciphers.ts';
import { BATCH_COUNT_MAX, PACKET_SIZE_MAX_BYTES } from '../media/io/packet-io.ts';
import type { StreamSettings } from '../media/protocol.ts';
import { RTP_HEADER_BYTES, writeRtpHeader } from '../media/rtp/packet-view.ts';
import { masterBytes, type SrtpKeys, type SrtpSuite } from '../media/srtp/crypto-suite.ts';
import { Protection } from '../media/srtp/protection.ts';
import { coldMs } from './cold.ts';
import { LOOPBACK, plainStream } from './plain-stream.ts';
import { RoundsIo } from './rounds-io.ts';

const OUR_PORT = 36_000;
const PACKET_BYTES = RTP_HEADER_BYTES + 160;
const STREAMS = BATCH_COUNT_MAX;
const ROOM_BYTES = 192;
const WARM_UP_ROUNDS = 300;
const ROUNDS = 1_200;
const COLD_ROUNDS = 100;
const ALL_ROUNDS = WARM_UP_ROUNDS + ROUNDS + COLD_ROUNDS;
const TRIES = 5;
const SUITES: readonly SrtpSuite[] = ['AES_CM_128_HMAC_SHA1_80', 'AEAD_AES_128_GCM'];

/**
 * What SRTP adds to a packet that is relayed between two protected legs: it is unprotected once, and protected once. The engine on
 * packet I/O that costs nothing, beside the same streams in the clear; the least of some tries, each in turn with the other.
 */
export async function run(): Promise<Record<string, number>> {
  const figures: Record<string, number> = {};
  for (const suite of SUITES) {
    const clear: Cost[] = [];
    const guarded: Cost[] = [];
    for (let turn = 0; turn < TRIES; turn++) {
      clear.push(measure(undefined));
      guarded.push(measure(suite));
    }
    const least = (costs: readonly Cost[], which: keyof Cost): number => Math.min(...costs.map((cost) => cost[which]));
    figures['clearUsPerPacket'] = least(clear, 'warmUs');
    for (const [name, which] of [
      ['', 'warmUs'],
      ['Cold', 'coldUs'],
    ] as const) {
      figures[`${suite}${name}AddsUsPerPacketPair`] = least(guarded, which) - least(clear, which);
    }
  }
  return figures;
}

/** Microseconds for one packet in and out: without pause, and with nothing in any cache. */
interface Cost {
  readonly warmUs: number;
  readonly coldUs: number;
}

/** Throws where not every packet was relayed. */
function measure(suite: SrtpSuite | undefined): Cost {
  const io = new RecordedIo(recorded(suite));
  const counters = new Float64Array(COUNTER_COUNT);
  const options = {
    random: seeded(1),
    wallOffsetMs: 0,
    streamsMax: STREAMS,
    mediaTimeoutMs: 60_000,
    tones: tonesOf('US'),
  };
  const engine = new Engine(io, { ...options, ciphers: openCiphers([io.bytes, io.out]), counters }, 0);
  engine.handle({ kind: 'bindPort', port: OUR_PORT }, 0);
  for (let stream = 0; stream < STREAMS; stream++) {
    engine.handle({ kind: 'open', leg: stream as LegId, slot: stream, settings: settings(stream, suite) }, 0);
  }
  for (let a = 0; a < STREAMS; a += 2) engine.handle({ kind: 'bridge', a: a as LegId, b: (a + 1) as LegId }, 0);
  for (let round = 0; round < WARM_UP_ROUNDS; round++) engine.turn(io.nextRound());
  const before = process.threadCpuUsage();
  for (let round = 0; round < ROUNDS; round++) engine.turn(io.nextRound());
  const { user, system } = process.threadCpuUsage(before);
  const coldUs = (1000 * coldMs(COLD_ROUNDS, () => engine.turn(io.nextRound()))) / STREAMS;
  const relayed = counters[COUNTER.packetsRelayed]!;
  if (relayed !== ALL_ROUNDS * STREAMS) throw new Error(`${relayed} packets of ${suite} were relayed`);
  for (let stream = 0; stream < STREAMS; stream++)
    engine.handle({ kind: 'close', leg: stream as LegId }, io.nextRound());
  return { warmUs: (user + system) / (ROUNDS * STREAMS), coldUs };
}

/** What the peer of a stream sends has its key, what it is sent another. */
function keysOf(stream: number, suite: SrtpSuite, from: 'us' | 'them'): SrtpKeys {
  const [ours, theirs] = [1, 2].map((seed) => Buffer.alloc(masterBytes(suite), 3 * stream + seed).toString('base64'));
  return from === 'us'
    ? { suite, sendKey: ours!, receiveKey: theirs! }
    : { suite, sendKey: theirs!, receiveKey: ours! };
}

function settings(stream: number, suite: SrtpSuite | undefined): StreamSettings {
  const plain = plainStream(OUR_PORT, remoteOf(stream));
  return suite === undefined ? plain : { ...plain, protection: keysOf(stream, suite, 'us') };
}

function remoteOf(stream: number): number {
  return pack(LOOPBACK, 37_000 + 2 * stream);
}

/** What the phones send in all rounds, made beforehand, and how long each packet of it is. */
function recorded(suite: SrtpSuite | undefined): { readonly packets: Uint8Array; readonly sizeBytes: number } {
  const packets = new Uint8Array(ROOM_BYTES * STREAMS * ALL_ROUNDS);
  const memory = new Uint8Array(PACKET_SIZE_MAX_BYTES);
  const ciphers = openCiphers([memory]);
  let sizeBytes = PACKET_BYTES;
  for (let stream = 0; stream < STREAMS; stream++) {
    const protection = suite === undefined ? undefined : new Protection(ciphers);
    if (suite !== undefined) protection?.use(keysOf(stream, suite, 'them'));
    for (let round = 0; round < ALL_ROUNDS; round++) {
      writeRtpHeader(memory, 0, false, 0, round + 1, (round + 1) * 160, 1000 + stream);
      memory.fill(round, RTP_HEADER_BYTES, PACKET_BYTES);
      sizeBytes = protection?.protectRtp(memory, 0, PACKET_BYTES) ?? PACKET_BYTES;
      packets.set(memory.subarray(0, sizeBytes), ROOM_BYTES * (round * STREAMS + stream));
    }
    protection?.close();
  }
  return { packets, sizeBytes };
}

/** Each round brings the next packet of every stream, until there are none left. */
class RecordedIo extends RoundsIo {
  readonly #packets: Uint8Array;
  readonly #sizeBytes: number;

  constructor({ packets, sizeBytes }: ReturnType<typeof recorded>) {
    super(OUR_PORT, sizeBytes);
    this.#packets = packets;
    this.#sizeBytes = sizeBytes;
  }

  protected get due(): number {
    return this.round > ALL_ROUNDS ? 0 : STREAMS;
  }

  protected write(stream: number, i: number): void {
    const at = ROOM_BYTES * ((this.round - 1) * STREAMS + stream);
    this.bytes.set(this.#packets.subarray(at, at + this.#sizeBytes), this.starts[i]!);
    this.sources[i] = remoteOf(stream);
  }
}
