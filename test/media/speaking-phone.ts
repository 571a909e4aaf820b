import type { LegId } from '../../core/kernel/ids.ts';
import type { Codec, Decoder, Encoder } from '../../media/codec/codec.ts';
import type { StreamSettings } from '../../media/protocol.ts';
import { type AudioCodec, clockRateOf, codecTable, formatOf } from '../../media/stream-formats.ts';
import { testTone } from '../audio/measures.ts';
import { at, type Bench, PORT, read, rtp, settings } from './phones.ts';

const PAYLOAD_TYPE = 96;
const EVENT_TYPE = 97;

/** A phone of one codec at an engine: says a tone, and keeps what it is sent as samples. */
export class SpeakingPhone {
  readonly leg: LegId;
  readonly address: number;
  readonly codec: Codec;
  readonly eventClockRateHz: number;
  /** Of what it says; silence without. */
  tone: Int16Array;
  isTalking = true;
  readonly #bench: Bench;
  readonly #encoder: Encoder;
  readonly #decoder: Decoder;
  #frames = 0;
  /** Numbers and times of what came, in the order in which it did. */
  readonly packets: { sequence: number; timestamp: number; ssrc: number; payload: Uint8Array }[] = [];

  constructor(bench: Bench, leg: number, name: AudioCodec, opus: Parameters<typeof codecTable>[0], toneHz = 0) {
    this.#bench = bench;
    this.leg = leg as LegId;
    this.address = at('192.0.2.7', 4000 + 2 * leg);
    const table = codecTable(opus);
    this.codec = table[formatOf(name)]!;
    this.eventClockRateHz = clockRateOf(table, formatOf(name));
    this.#encoder = this.codec.encoder('');
    this.#decoder = this.codec.decoder();
    const { sampleRateHz } = this.codec;
    this.tone = toneHz === 0 ? new Int16Array(sampleRateHz) : testTone(toneHz, -20, sampleRateHz, sampleRateHz);
    bench.open(leg, this.settings(name));
  }

  settings(name: AudioCodec, changes: Partial<StreamSettings> = {}): StreamSettings {
    return settings(this.address, {
      port: PORT,
      receivePayloadTypes: [
        { payloadType: PAYLOAD_TYPE, format: name },
        { payloadType: EVENT_TYPE, format: 'telephone-event' },
      ],
      sendCodec: name,
      sendPayloadType: PAYLOAD_TYPE,
      sendEventPayloadType: EVENT_TYPE,
      ...changes,
    });
  }

  /** One frame of 20 ms. */
  say(): void {
    const { sampleRateHz, clockRateHz } = this.codec;
    const frame = sampleRateHz / 50;
    const payload = new Uint8Array(2000);
    const from = (this.#frames * frame) % this.tone.length;
    const sizeBytes = this.#encoder.encode(this.tone, from, frame, payload, 0);
    this.#frames++;
    if (!this.isTalking) return;
    const timestamp = (this.#frames * clockRateHz) / 50;
    const fields = { sequence: this.#frames & 0xffff, timestamp, ssrc: 1000 + this.leg, payloadType: PAYLOAD_TYPE };
    this.#bench.deliver(this.address, rtp(fields, payload.subarray(0, sizeBytes)));
  }

  /** A packet of a key that is held. */
  press(event: number, start: number, duration: number, isEnd = false): void {
    const payload = Uint8Array.of(event, isEnd ? 0x80 : 0, duration >> 8, duration & 0xff);
    this.#frames++;
    const fields = {
      sequence: this.#frames & 0xffff,
      timestamp: start,
      ssrc: 1000 + this.leg,
      payloadType: EVENT_TYPE,
    };
    this.#bench.deliver(this.address, rtp(fields, payload));
  }

  /** Keeps what the engine has sent to it since the last time. */
  take(): void {
    for (const packet of this.#bench.takeSentTo(this.address)) this.packets.push(read(packet));
  }

  /** Everything that came as samples, at the rate of the codec, at the times that the timestamps tell. */
  hear(): Int16Array {
    const { sampleRateHz, clockRateHz, packetSamples } = this.codec;
    const first = this.packets[0]?.timestamp ?? 0;
    const offsetOf = (timestamp: number) => (((timestamp - first) >>> 0) * sampleRateHz) / clockRateHz;
    const last = this.packets.at(-1);
    const samples = new Int16Array(last === undefined ? 0 : offsetOf(last.timestamp) + packetSamples);
    for (const { timestamp, payload } of this.packets.splice(0)) {
      this.#decoder.decode(payload, 0, payload.length, samples, offsetOf(timestamp));
    }
    return samples;
  }
}

/** Lets all of them talk for so long, and hear. */
export function converse(bench: Bench, phones: readonly SpeakingPhone[], ms: number): void {
  for (let time = 0; time < ms; time += 20) {
    for (const phone of phones) {
      bench.advance(20 / phones.length);
      phone.say();
    }
  }
  for (const phone of phones) phone.take();
}
