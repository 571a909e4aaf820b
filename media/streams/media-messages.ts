import type { AudioDirection, StreamFormatName } from '../../core/ports.ts';
import { type Encapsulation, MALFORMED, type Said, type StreamMessage } from './encapsulation.ts';
import { rateOf, SampleBytes } from './sample-bytes.ts';
import { isObject, objectOf, orderOf } from './stream-orders.ts';

const FRAME_MS = 20;
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;
const ENCODINGS: Readonly<Record<StreamFormatName, string>> = {
  ulaw: 'audio/x-mulaw',
  alaw: 'audio/x-alaw',
  slin: 'audio/x-l16',
  slin16: 'audio/x-l16',
  slin24: 'audio/x-l16',
  slin48: 'audio/x-l16',
};
/** Which side of the call is heard, as messages name it. */
const TRACKS: Readonly<Record<AudioDirection, readonly string[]>> = {
  '': [],
  in: ['inbound'],
  out: ['outbound'],
  both: ['inbound', 'outbound'],
};

export interface MediaMessagesOptions {
  readonly format: StreamFormatName;
  readonly listen: AudioDirection;
  readonly streamId: string;
  readonly account: string;
  readonly reference: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/**
 * JSON messages as Twilio Media Streams has them: connected, start, media, dtmf, mark, clear, stop, payloads in base64. Where
 * both sides are heard they come as one sum, called inbound.
 */
export class MediaMessages implements Encapsulation {
  readonly #options: MediaMessagesOptions;
  readonly #bytes: SampleBytes;
  readonly #track: string;
  #sequence = 0;
  #chunk = 0;

  constructor(options: MediaMessagesOptions) {
    this.#options = options;
    this.#bytes = new SampleBytes(options.format, 'little');
    this.#track = options.listen === 'out' ? 'outbound' : 'inbound';
  }

  open(): readonly StreamMessage[] {
    const { format, listen, streamId, account, reference, parameters } = this.#options;
    const connected = JSON.stringify({ event: 'connected', protocol: 'Call', version: '1.0.0' });
    const start = this.#message('start', {
      start: {
        accountSid: account,
        streamSid: streamId,
        callSid: reference,
        tracks: TRACKS[listen],
        mediaFormat: { encoding: ENCODINGS[format], sampleRate: rateOf(format), channels: 1 },
        customParameters: parameters,
      },
    });
    return [connected, start];
  }

  encode(samples: Int16Array): StreamMessage {
    const payload = Buffer.allocUnsafe(this.#bytes.sizeOf(samples.length));
    this.#bytes.encode(samples, payload, 0);
    const timestamp = String(this.#chunk * FRAME_MS);
    this.#chunk += 1;
    const media = { track: this.#track, chunk: String(this.#chunk), timestamp, payload: payload.toString('base64') };
    return this.#message('media', { media });
  }

  decode(message: StreamMessage): readonly Said[] {
    if (typeof message !== 'string') return MALFORMED;
    const object = objectOf(message);
    if (object?.['event'] !== 'media') return orderOf(object);
    const media = object['media'];
    const payload = isObject(media) ? media['payload'] : undefined;
    if (typeof payload !== 'string' || !BASE64.test(payload)) return MALFORMED;
    return [{ kind: 'audio', samples: this.#bytes.decode(Buffer.from(payload, 'base64')) }];
  }

  mark(name: string, playedMs: number): StreamMessage {
    return this.#message('mark', { mark: { name, played_ms: playedMs } });
  }

  digit(digit: string): StreamMessage {
    return this.#message('dtmf', { dtmf: { track: 'inbound_track', digit } });
  }

  stop(): readonly StreamMessage[] {
    const { account, reference } = this.#options;
    return [this.#message('stop', { stop: { accountSid: account, callSid: reference } })];
  }

  #message(event: string, content: object): string {
    this.#sequence += 1;
    const { streamId } = this.#options;
    return JSON.stringify({ event, sequenceNumber: String(this.#sequence), ...content, streamSid: streamId });
  }
}
