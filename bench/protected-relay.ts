import type { LegId } from '../core/kernel/ids.ts';
import { seeded } from '../core/kernel/random.ts';
import { COUNTER, COUNTER_COUNT } from '../media/counters.ts';
import { tonesOf } from '../media/dsp/country-tones.ts';
import { Engine } from '../media/engine.ts';
import { pack } from '../media/io/addresses.ts';
import { openCiphers } from '../media/io/openssl-ciphers.ts';
import { BATCH_COUNT_MAX, type PacketIo, packetIoCounters } from '../media/io/packet-io.ts';
import type { StreamSettings } from '../media/protocol.ts';
import { RTP_HEADER_BYTES, writeRtpHeader } from '../media/rtp/packet-view.ts';
import { masterBytes, type SrtpKeys, type SrtpSuite } from '../media/srtp/crypto-suite.ts';
import { Protection } from '../media/srtp/protection.ts';

const LOOPBACK = 0x7f000001;
const OUR_PORT = 36_000;
const PACKET_BYTES = RTP_HEADER_BYTES + 160;
const STREAMS = BATCH_COUNT_MAX;
const ROOM_BYTES = 192;
const WARM_UP_ROUNDS = 300;
const ROUNDS = 1_200;
const TRIES = 5;
const SUITES: readonly SrtpSuite[] = ['AES_CM_128_HMAC_SHA1_80', 'AEAD_AES_128_GCM'];

/**
 * What SRTP adds to a packet that is relayed between two protected legs: it is unprotected once, and protected once. The engine on
 * packet I/O that costs nothing, beside the same streams in the clear; the least of some tries, each in turn with the other.
 */
export async function run(): Promise<Record<string, number>> {
  const figures: Record<string, number> = {};
  for (const suite of SUITES) {
    let [clear, protectedUs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let turn = 0; turn < TRIES; turn++) {
      clear = Math.min(clear, measure(undefined));
      protectedUs = Math.min(protectedUs, measure(suite));
    }
    figures['clearUsPerPacket'] = Math.min(clear, figures['clearUsPerPacket'] ?? clear);
    figures[`${suite}AddsUsPerPacketPair`] = protectedUs - clear;
  }
  return figures;
}

/** Microseconds for one packet in and out. Throws where not every packet was relayed. */
function measure(suite: SrtpSuite | undefined): number {
  const io = new RecordedIo(suite);
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
  const relayed = counters[COUNTER.packetsRelayed]!;
  if (relayed !== (WARM_UP_ROUNDS + ROUNDS) * STREAMS) throw new Error(`${relayed} packets of ${suite} were relayed`);
  for (let stream = 0; stream < STREAMS; stream++)
    engine.handle({ kind: 'close', leg: stream as LegId }, io.nextRound());
  return (user + system) / (ROUNDS * STREAMS);
}

/** What the peer of a stream sends has its key, what it is sent another. */
function keysOf(stream: number, suite: SrtpSuite, from: 'us' | 'them'): SrtpKeys {
  const [ours, theirs] = [1, 2].map((seed) => Buffer.alloc(masterBytes(suite), 3 * stream + seed).toString('base64'));
  return from === 'us'
    ? { suite, sendKey: ours!, receiveKey: theirs! }
    : { suite, sendKey: theirs!, receiveKey: ours! };
}

function settings(stream: number, suite: SrtpSuite | undefined): StreamSettings {
  return {
    port: OUR_PORT,
    remote: pack(LOOPBACK, 37_000 + 2 * stream),
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
    protection: suite && keysOf(stream, suite, 'us'),
    supervised: true,
  };
}

/** Packet I/O without a network: each round brings the next packet of every stream, made beforehand. */
class RecordedIo implements PacketIo {
  readonly carriesIpv6 = false;
  readonly counters = packetIoCounters();
  readonly bytes = new Uint8Array(2048 * BATCH_COUNT_MAX);
  readonly out = new Uint8Array(2048);
  readonly starts = Int32Array.from({ length: BATCH_COUNT_MAX }, (_, i) => 2048 * i);
  readonly ends = new Int32Array(BATCH_COUNT_MAX);
  readonly sources = Float64Array.from({ length: BATCH_COUNT_MAX }, (_, i) => pack(LOOPBACK, 37_000 + 2 * i));
  readonly batchIsRtcp = false;
  readonly batchPort = OUR_PORT;
  readonly #packets = new Uint8Array(ROOM_BYTES * STREAMS * (WARM_UP_ROUNDS + ROUNDS));
  readonly #sizeBytes: number;
  #round = 0;
  #isTaken = true;

  constructor(suite: SrtpSuite | undefined) {
    const memory = new Uint8Array(2048);
    const ciphers = openCiphers([memory]);
    let sizeBytes = PACKET_BYTES;
    for (let stream = 0; stream < STREAMS; stream++) {
      const protection = suite === undefined ? undefined : new Protection(ciphers);
      if (suite !== undefined) protection?.use(keysOf(stream, suite, 'them'));
      for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round++) {
        writeRtpHeader(memory, 0, false, 0, round + 1, (round + 1) * 160, 1000 + stream);
        memory.fill(round, RTP_HEADER_BYTES, PACKET_BYTES);
        sizeBytes = protection?.protectRtp(memory, 0, PACKET_BYTES) ?? PACKET_BYTES;
        this.#packets.set(memory.subarray(0, sizeBytes), ROOM_BYTES * (round * STREAMS + stream));
      }
      protection?.close();
    }
    this.#sizeBytes = sizeBytes;
  }

  /** The time of the next round. */
  nextRound(): number {
    this.#isTaken = this.#round >= WARM_UP_ROUNDS + ROUNDS;
    return ++this.#round * 20;
  }

  receive(): number {
    if (this.#isTaken) return 0;
    this.#isTaken = true;
    for (let i = 0; i < STREAMS; i++) {
      const at = ROOM_BYTES * ((this.#round - 1) * STREAMS + i);
      this.bytes.set(this.#packets.subarray(at, at + this.#sizeBytes), this.starts[i]!);
      this.ends[i] = this.starts[i]! + this.#sizeBytes;
    }
    return STREAMS;
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
  send(): void {
    this.counters.sent++;
  }
  flush(): void {}
  close(): void {}
}
