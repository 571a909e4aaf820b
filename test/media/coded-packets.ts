import type { Codec } from '../../media/codec/codec.ts';
import { Resampler } from '../../media/resampler.ts';
import { rtp } from './phones.ts';

/** A packet, and when it is sent. */
export interface Sent {
  readonly bytes: Uint8Array;
  readonly at: number;
}

/** Samples of 8 kHz as packets of 20 ms, or of what the codec takes at a time, beginning at this timestamp. */
export function packets(codec: Codec, narrow: Int16Array, timestamp = 0xffff_0000): Sent[] {
  const frame = (codec.sampleRateHz / 1000) * 20;
  const up = codec.sampleRateHz === 8000 ? undefined : new Resampler(8000, codec.sampleRateHz);
  const encoder = codec.encoder('');
  const sent: Sent[] = [];
  for (let i = 0; i * 160 + 160 <= narrow.length; i++) {
    const samples = new Int16Array(frame);
    if (up === undefined) samples.set(narrow.subarray(i * 160, i * 160 + 160));
    else up.resample(narrow, i * 160, 160, samples, 0);
    for (let offset = 0; offset < frame; offset += codec.packetSamples) {
      const payload = new Uint8Array(2000);
      const size = encoder.encode(samples, offset, codec.packetSamples, payload, 0);
      const units = ((i * frame + offset) * codec.clockRateHz) / codec.sampleRateHz;
      const fields = { sequence: sent.length & 0xffff, timestamp: (timestamp + units) >>> 0, ssrc: 1 };
      sent.push({ bytes: rtp(fields, payload.slice(0, size)), at: i * 20 });
    }
  }
  encoder.close();
  return sent;
}
