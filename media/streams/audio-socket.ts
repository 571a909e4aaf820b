import type { StreamFormatName } from '../../core/ports.ts';
import { type Encapsulation, NOTHING_SAID, type Said, type StreamMessage } from './encapsulation.ts';
import { SampleBytes } from './sample-bytes.ts';
import { objectOf, orderOf } from './stream-orders.ts';

const HEADER_BYTES = 3;
const KIND = { hangup: 0x00, id: 0x01, digit: 0x03, error: 0xff } as const;
/** Kinds of audio by its rate. */
const AUDIO_KINDS: Readonly<Partial<Record<StreamFormatName, number>>> = {
  slin: 0x10,
  slin16: 0x12,
  slin24: 0x13,
  slin48: 0x16,
};

export interface AudioSocketOptions {
  readonly format: StreamFormatName;
  /** Told in the first frame, by whoever connects; undefined for whoever was connected to. */
  readonly id: string | undefined;
}

/** Whether AudioSocket has frames for a format. */
export function isAudioSocketFormat(format: StreamFormatName): boolean {
  return AUDIO_KINDS[format] !== undefined;
}

/** Frames of AudioSocket: a kind, a length in network order, and as many bytes; samples in little-endian order. */
export class AudioSocket implements Encapsulation {
  readonly #bytes: SampleBytes;
  readonly #audioKind: number;
  readonly #id: string | undefined;
  /** What has come of a frame that is not complete. */
  #rest: Uint8Array = new Uint8Array(0);

  constructor({ format, id }: AudioSocketOptions) {
    this.#bytes = new SampleBytes(format, 'little');
    this.#audioKind = AUDIO_KINDS[format] ?? AUDIO_KINDS.slin!;
    this.#id = id;
  }

  open(): readonly StreamMessage[] {
    return this.#id === undefined ? [] : [frame(KIND.id, Buffer.from(this.#id.replaceAll('-', ''), 'hex'))];
  }

  encode(samples: Int16Array): StreamMessage {
    const size = this.#bytes.sizeOf(samples.length);
    const message = frame(this.#audioKind, new Uint8Array(size));
    this.#bytes.encode(samples, message, HEADER_BYTES);
    return message;
  }

  decode(message: StreamMessage): readonly Said[] {
    if (typeof message === 'string') return orderOf(objectOf(message));
    const bytes = this.#rest.length === 0 ? message : Buffer.concat([this.#rest, message]);
    const said: Said[] = [];
    let at = 0;
    while (bytes.length - at >= HEADER_BYTES) {
      const end = at + HEADER_BYTES + ((bytes[at + 1]! << 8) | bytes[at + 2]!);
      if (end > bytes.length) break;
      said.push(...this.#read(bytes[at]!, bytes.subarray(at + HEADER_BYTES, end)));
      at = end;
    }
    // At most a header and 65,535 bytes wait. A copy, so that what the socket gave is free.
    this.#rest = Uint8Array.from(bytes.subarray(at));
    return said;
  }

  mark(name: string, playedMs: number): StreamMessage | undefined {
    return this.#id === undefined ? JSON.stringify({ event: 'mark', mark: { name, played_ms: playedMs } }) : undefined;
  }

  digit(digit: string): StreamMessage {
    return frame(KIND.digit, Buffer.from(digit, 'latin1'));
  }

  stop(): readonly StreamMessage[] {
    return [frame(KIND.hangup, new Uint8Array(0))];
  }

  #read(kind: number, payload: Uint8Array): readonly Said[] {
    switch (kind) {
      case this.#audioKind:
        return [{ kind: 'audio', samples: this.#bytes.decode(payload) }];
      case KIND.hangup:
        return [{ kind: 'stop' }];
      case KIND.id:
      case KIND.digit:
        return NOTHING_SAID;
      default:
        return [{ kind: 'malformed' }];
    }
  }
}

function frame(kind: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + payload.length);
  bytes[0] = kind;
  bytes[1] = payload.length >> 8;
  bytes[2] = payload.length;
  bytes.set(payload, HEADER_BYTES);
  return bytes;
}
