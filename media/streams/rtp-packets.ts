import type { StreamFormatName } from '../../core/ports.ts';
import { PacketView, RTP_HEADER_BYTES, writeRtpHeader } from '../rtp/packet-view.ts';
import { type Encapsulation, MALFORMED, NOTHING_SAID, type Said, type StreamMessage } from './encapsulation.ts';
import { SampleBytes } from './sample-bytes.ts';
import { objectOf, orderOf } from './stream-orders.ts';

const DYNAMIC = 96;

export interface RtpPacketsOptions {
  readonly format: StreamFormatName;
  /**
   * `datagrams` as RFC 3550 and RFC 3551 have them: PCMU and PCMA by their static types, L16 in network order.
   * `messages` as the reference has them: type 96, little-endian samples, timestamps that grow by bytes, SSRC 0.
   */
  readonly carriedBy: 'datagrams' | 'messages';
  readonly ssrc: number;
}

/** A frame an RTP packet. What comes late or twice is left out; a program may say orders in JSON where there are messages. */
export class RtpPackets implements Encapsulation {
  readonly #bytes: SampleBytes;
  readonly #carriedBy: RtpPacketsOptions['carriedBy'];
  readonly #payloadType: number;
  readonly #ssrc: number;
  readonly #view = new PacketView();
  #sequence = 0;
  #timestamp = 0;
  #isFirst = true;
  /** Of the newest packet that came; -1 before the first. */
  #newest = -1;

  constructor({ format, carriedBy, ssrc }: RtpPacketsOptions) {
    const isReal = carriedBy === 'datagrams';
    this.#bytes = new SampleBytes(format, isReal ? 'big' : 'little');
    this.#carriedBy = carriedBy;
    this.#payloadType = isReal ? staticTypeOf(format) : DYNAMIC;
    this.#ssrc = isReal ? ssrc : 0;
  }

  open(): readonly StreamMessage[] {
    return [];
  }

  encode(samples: Int16Array): StreamMessage {
    const size = this.#bytes.sizeOf(samples.length);
    const packet = new Uint8Array(RTP_HEADER_BYTES + size);
    const isReal = this.#carriedBy === 'datagrams';
    const marker = isReal && this.#isFirst;
    writeRtpHeader(packet, 0, marker, this.#payloadType, this.#sequence, this.#timestamp, this.#ssrc);
    this.#bytes.encode(samples, packet, RTP_HEADER_BYTES);
    this.#isFirst = false;
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.#timestamp = (this.#timestamp + (isReal ? samples.length : size)) >>> 0;
    return packet;
  }

  decode(message: StreamMessage): readonly Said[] {
    if (typeof message === 'string') return orderOf(objectOf(message));
    const view = this.#view;
    if (!view.read(message, 0, message.length) || view.payloadType !== this.#payloadType) return MALFORMED;
    if (this.#carriedBy === 'datagrams') {
      const ahead = (view.sequence - this.#newest) & 0xffff;
      // Half of the numbers are behind; of those, only the nearest are late, and others are a new beginning.
      if (this.#newest !== -1 && (ahead === 0 || ahead > 0xffff - LATE_MAX)) return NOTHING_SAID;
      this.#newest = view.sequence;
    }
    return [{ kind: 'audio', samples: this.#bytes.decode(message.subarray(view.payloadStart, view.payloadEnd)) }];
  }

  mark(name: string, playedMs: number): StreamMessage | undefined {
    if (this.#carriedBy === 'datagrams') return undefined;
    return JSON.stringify({ event: 'mark', mark: { name, played_ms: playedMs } });
  }

  digit(): undefined {
    return undefined;
  }

  stop(): readonly StreamMessage[] {
    return [];
  }
}

/** Packets that are this much older than the newest are late. */
const LATE_MAX = 100;

function staticTypeOf(format: StreamFormatName): number {
  if (format === 'ulaw') return 0;
  return format === 'alaw' ? 8 : DYNAMIC;
}
