import type { StreamFormatName } from '../../core/ports.ts';
import type { Encapsulation, Said, StreamMessage } from './encapsulation.ts';
import { SampleBytes } from './sample-bytes.ts';
import { objectOf, orderOf } from './stream-orders.ts';

/**
 * Samples and nothing else, a frame a message, 16 bits in little-endian order. A program may say `mark`, `clear` and `stop`
 * in JSON between them, and gets its marks back so.
 */
export class BareSamples implements Encapsulation {
  readonly #bytes: SampleBytes;

  constructor(format: StreamFormatName) {
    this.#bytes = new SampleBytes(format, 'little');
  }

  open(): readonly StreamMessage[] {
    return [];
  }

  encode(samples: Int16Array): StreamMessage {
    const message = new Uint8Array(this.#bytes.sizeOf(samples.length));
    this.#bytes.encode(samples, message, 0);
    return message;
  }

  decode(message: StreamMessage): readonly Said[] {
    if (typeof message === 'string') return orderOf(objectOf(message));
    return [{ kind: 'audio', samples: this.#bytes.decode(message) }];
  }

  mark(name: string, playedMs: number): StreamMessage {
    return JSON.stringify({ event: 'mark', mark: { name, played_ms: playedMs } });
  }

  digit(): undefined {
    return undefined;
  }

  stop(): readonly StreamMessage[] {
    return [];
  }
}

/** A way of packing that nobody knows: connected, and silent. */
export class SilentEncapsulation implements Encapsulation {
  open(): readonly StreamMessage[] {
    return [];
  }

  encode(): undefined {
    return undefined;
  }

  decode(): readonly Said[] {
    return [{ kind: 'malformed' }];
  }

  mark(): undefined {
    return undefined;
  }

  digit(): undefined {
    return undefined;
  }

  stop(): readonly StreamMessage[] {
    return [];
  }
}
