import type { StatelessCodec } from './codec.ts';

/** Payload bytes of a packet: with all headers, also those of IPv6 and SRTP, it fits into an Ethernet frame. */
const PAYLOAD_BYTES_MAX = 1400;

/** Linear 16-bit samples, big-endian (RFC 3551 §4.5.11), one channel at `clockRateHz`; the description assigns the type. */
export function l16(clockRateHz: number): StatelessCodec {
  const frameSamples = clockRateHz / 50;
  const codec: StatelessCodec = {
    name: 'L16',
    clockRateHz,
    sampleRateHz: clockRateHz,
    packetSamples: 2 * frameSamples <= PAYLOAD_BYTES_MAX ? frameSamples : frameSamples / 2,
    frameBytes: 2 * frameSamples,
    payloadType: -1,
    concealment: undefined,
    sizeBytes: (samples) => samples * 2,
    encoder: () => codec,
    decoder: () => codec,
    decode,
    encode,
    expectLoss: () => {},
    close: () => {},
  };
  return codec;
}

/** A last odd byte is not a sample. */
function decode(bytes: Uint8Array, start: number, end: number, samples: Int16Array, offset: number): number {
  const count = Math.min((end - start) >> 1, samples.length - offset);
  for (let i = 0; i < count; i++) samples[offset + i] = (bytes[start + 2 * i]! << 8) | bytes[start + 2 * i + 1]!;
  return count;
}

function encode(samples: Int16Array, offset: number, count: number, bytes: Uint8Array, at: number): number {
  for (let i = 0; i < count; i++) {
    bytes[at + 2 * i] = samples[offset + i]! >> 8;
    bytes[at + 2 * i + 1] = samples[offset + i]!;
  }
  return count * 2;
}
