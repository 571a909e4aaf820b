import type { Instant } from '../../core/kernel/time.ts';
import { pack, parseIpv4 } from '../../media/io/addresses.ts';
import type { PacketIo } from '../../media/io/packet-io.ts';
import { Histogram } from './histogram.ts';
import { PACKET_BYTES, Stream } from './stream.ts';

const PACKET_MS = 20;
/** A process that slept does not send more than this at once; the rest is skipped and counted. */
const BEHIND_MAX_MS = 200;
const PORTS_END = 65_000;

export interface Audio {
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly foreign: number;
  readonly misrouted: number;
  readonly other: number;
  /** Streams that heard nothing, and pairs that do not hear each other. */
  readonly silentStreams: number;
  readonly strayStreams: number;
  readonly streams: number;
  readonly levelMean: number;
  readonly levelMin: number;
}

interface Live {
  readonly port: number;
  readonly stream: Stream;
  readonly remote: Float64Array;
  dueAt: Instant;
}

/** RTP of all phones, each on a port of its own, sent by an absolute schedule. Without audio, ports are only numbers. */
export class Streams {
  readonly times = { gapMs: new Histogram(), delayMs: new Histogram() };
  /** How late the generator itself was in sending. */
  readonly lateMs = new Histogram();
  skipped = 0;
  readonly #io: PacketIo;
  readonly #audio: 'on' | 'off';
  readonly #free: number[] = [];
  readonly #live = new Map<number, Live>();
  #nextPort: number;
  #lastNumber = -1;

  constructor(io: PacketIo, audio: 'on' | 'off', firstPort: number) {
    this.#io = io;
    this.#audio = audio;
    this.#nextPort = firstPort;
  }

  get liveCount(): number {
    return this.#live.size;
  }

  /** A port for one stream; the one that rested longest, so that late packets of its last call do not meet the next. */
  take(): number {
    while (this.#nextPort < PORTS_END && this.#free.length < 64) {
      const port = this.#nextPort;
      this.#nextPort += 2;
      if (this.#audio === 'off' || this.#io.openPort(port)) return port;
    }
    const port = this.#free.shift();
    if (port === undefined) throw new Error('no free UDP port is left for another stream');
    return port;
  }

  giveBack(port: number): void {
    this.#live.delete(port);
    this.#free.push(port);
  }

  start(port: number, media: { readonly address: string; readonly port: number } | undefined, now: Instant): void {
    const address = parseIpv4(media?.address ?? '');
    if (this.#audio === 'off' || media === undefined || address === undefined || media.port === 0) return;
    const number = ++this.#lastNumber & 0xffff;
    const dueAt = now + (number % PACKET_MS);
    this.#live.set(port, {
      port,
      stream: new Stream(number, this.times),
      remote: Float64Array.of(pack(address, media.port)),
      dueAt,
    });
  }

  /** Sends what is due. The caller flushes. */
  expire(now: Instant): void {
    for (const live of this.#live.values()) {
      if (now - live.dueAt > BEHIND_MAX_MS) {
        const behind = Math.floor((now - live.dueAt) / PACKET_MS);
        this.skipped += behind;
        live.dueAt += behind * PACKET_MS;
      }
      for (; live.dueAt <= now; live.dueAt += PACKET_MS) {
        this.lateMs.add(now - live.dueAt);
        live.stream.write(this.#io.out, this.#io.reserve(), now);
        this.#io.send(live.port, false, live.remote, 0, PACKET_BYTES);
      }
    }
  }

  receive(port: number, bytes: Uint8Array, start: number, end: number, now: Instant): void {
    this.#live.get(port)?.stream.read(bytes, start, end, now);
  }

  /** What is measured begins now. */
  clear(): void {
    this.times.gapMs.clear();
    this.times.delayMs.clear();
    this.lateMs.clear();
    this.skipped = 0;
    for (const { stream } of this.#live.values()) stream.clear();
  }

  /** Of the streams that live at present. */
  audio(): Audio {
    const streams = [...this.#live.values()].map((live) => live.stream);
    const peers = new Map(streams.map((stream) => [stream.number, stream.peer]));
    const sum = (of: (stream: Stream) => number): number => streams.reduce((total, stream) => total + of(stream), 0);
    return {
      streams: streams.length,
      sent: sum((stream) => stream.sent),
      received: sum((stream) => stream.received),
      lost: sum((stream) => stream.lost),
      duplicated: sum((stream) => stream.duplicated),
      foreign: sum((stream) => stream.foreign),
      misrouted: sum((stream) => stream.misrouted),
      other: sum((stream) => stream.other),
      silentStreams: streams.filter((stream) => stream.received === 0).length,
      strayStreams: streams.filter((stream) => stream.peer >= 0 && peers.get(stream.peer) !== stream.number).length,
      levelMean: streams.length === 0 ? 0 : sum((stream) => stream.level) / streams.length,
      levelMin: streams.length === 0 ? 0 : Math.min(...streams.map((stream) => stream.level)),
    };
  }
}
