import type { LegId, RecordingNumber } from '../../core/kernel/ids.ts';
import { seeded } from '../../core/kernel/random.ts';
import type { Instant } from '../../core/kernel/time.ts';
import type { OpusLibrary } from '../../media/codec/opus.ts';
import { COUNTER_COUNT } from '../../media/counters.ts';
import { tonesOf } from '../../media/dsp/country-tones.ts';
import { Engine } from '../../media/engine.ts';
import { pack, parseIpv4 } from '../../media/io/addresses.ts';
import type { FromWorker, StreamSettings, ToWorker } from '../../media/protocol.ts';
import type { RecordingOrder } from '../../media/recording.ts';
import { PcmRing } from '../../media/ring.ts';
import { PacketView, writeRtpHeader } from '../../media/rtp/packet-view.ts';
import { StreamMemory } from '../../media/stream-memory.ts';
import { MemoryPacketIo, type Packet } from '../sim/memory-packet-io.ts';

export const PORT = 20000;

/** A packed address from its text. */
export function at(address: string, port: number): number {
  return pack(parseIpv4(address)!, port);
}

export function rtp(
  fields: { sequence: number; timestamp: number; ssrc: number; payloadType?: number; marker?: boolean },
  payload: Uint8Array,
): Uint8Array {
  const bytes = new Uint8Array(12 + payload.length);
  const { payloadType = 0, marker = false, sequence, timestamp, ssrc } = fields;
  writeRtpHeader(bytes, 0, marker, payloadType, sequence, timestamp, ssrc);
  bytes.set(payload, 12);
  return bytes;
}

/** The header of a packet that the engine sent, and its payload. */
export function read(packet: Packet): PacketView & { payload: Uint8Array } {
  const view = new PacketView();
  if (!view.read(packet.bytes, 0, packet.bytes.length)) throw new Error('not an RTP packet');
  return Object.assign(view, { payload: packet.bytes.slice(view.payloadStart, view.payloadEnd) });
}

export function settings(remote: number, changes: Partial<StreamSettings> = {}): StreamSettings {
  return {
    port: PORT,
    remote,
    remoteRtcp: 0,
    rtcpMux: false,
    allowed: [Math.floor(remote / 65536)],
    receivePayloadTypes: [
      { payloadType: 0, format: 'PCMU' },
      { payloadType: 101, format: 'telephone-event' },
    ],
    sendCodec: 'PCMU',
    sendPayloadType: 0,
    sendEventPayloadType: 101,
    hearsKeys: false,
    sends: true,
    receives: true,
    supervised: true,
    ...changes,
  };
}

/** What a recording needs, with rings of its own. */
export function recordingOrder(
  recording: number,
  { samples = 512, durationMs = 0, silenceMs = 0, isOneSided = false } = {},
): RecordingOrder {
  const outRing = isOneSided ? undefined : PcmRing.allocate(samples);
  return {
    recording: recording as RecordingNumber,
    inRing: PcmRing.allocate(samples),
    outRing,
    durationMs,
    silenceMs,
  };
}

/** Everything that a ring holds. */
export function readRing(buffer: SharedArrayBuffer): Int16Array {
  const ring = new PcmRing(buffer);
  const whole: number[] = [];
  const piece = new Int16Array(8192);
  for (let count = ring.read(piece); count > 0; count = ring.read(piece)) whole.push(...piece.subarray(0, count));
  return Int16Array.from(whole);
}

/** An engine on packet I/O in memory, with a clock that is turned by hand. */
export class Bench {
  now: Instant = 1000;
  readonly io: MemoryPacketIo;
  readonly engine: Engine;
  readonly counters = new Float64Array(COUNTER_COUNT);
  readonly sent: Packet[] = [];
  readonly messages: FromWorker[] = [];
  readonly memory: StreamMemory;
  /** By slot. */
  readonly #streams: (number | undefined)[] = [];

  constructor(
    options: {
      mediaTimeoutMs?: number;
      streamsMax?: number;
      taken?: readonly number[];
      opus?: OpusLibrary | undefined;
    } = {},
  ) {
    const { mediaTimeoutMs = 60_000, streamsMax = 16, taken = [], opus } = options;
    this.io = new MemoryPacketIo(taken);
    this.io.onSend((packet) => this.sent.push(packet));
    const surroundings = { random: seeded(1), wallOffsetMs: 1_700_000_000_000 };
    const { counters } = this;
    this.memory = new StreamMemory(streamsMax);
    this.engine = new Engine(
      this.io,
      { ...surroundings, memory: this.memory, opus, counters, streamsMax, mediaTimeoutMs, tones: tonesOf('US') },
      this.now,
    );
    this.post({ kind: 'bindPort', port: PORT });
  }

  post(message: ToWorker): void {
    if (message.kind === 'close') {
      const slot = this.#streams.indexOf(message.leg);
      if (slot !== -1) this.#streams[slot] = undefined;
    }
    this.engine.handle(message, this.now);
    this.#drain();
  }

  open(leg: number, value: StreamSettings): void {
    const slot = this.#streams.includes(undefined) ? this.#streams.indexOf(undefined) : this.#streams.length;
    this.#streams[slot] = leg;
    this.post({ kind: 'open', leg: leg as LegId, slot, settings: value });
  }

  /** A packet arrives, and the engine takes its turn. */
  deliver(source: number, bytes: Uint8Array, options: { port?: number; isRtcp?: boolean } = {}): void {
    this.io.deliver(source, options.port ?? PORT, options.isRtcp ?? false, bytes);
    this.turn();
  }

  turn(): void {
    this.engine.turn(this.now);
    this.engine.measureTurn(this.now);
    this.#drain();
  }

  /** Lets time pass, turn by turn, as deadlines come. */
  advance(ms: number): void {
    const end = this.now + ms;
    for (let turns = 0; this.engine.deadline() <= end; turns++) {
      if (turns > 100_000) throw new Error('the engine does not settle');
      this.now = Math.max(this.now, this.engine.deadline());
      this.turn();
    }
    this.now = end;
  }

  /** Lets the first packet pass that a leg is sent which nobody speaks to. */
  passFirst(): void {
    this.advance(20);
    this.sent.length = 0;
  }

  /** What has been sent to a packed address since the last call, RTP or RTCP. */
  takeSentTo(remote: number, kind: 'rtp' | 'rtcp' = 'rtp'): Packet[] {
    const chosen = this.sent.filter((packet) => packet.remote === remote && packet.isRtcp === (kind === 'rtcp'));
    for (const packet of chosen) this.sent.splice(this.sent.indexOf(packet), 1);
    return chosen;
  }

  takeMessages(): FromWorker[] {
    return this.messages.splice(0);
  }

  #drain(): void {
    for (let message = this.engine.poll(); message !== undefined; message = this.engine.poll())
      this.messages.push(message);
  }
}
