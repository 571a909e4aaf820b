import { AUDIO_RATE_HZ } from './audio-file.ts';
import type { OpusLibrary } from './codec/opus.ts';
import { COMPRESSED_SAMPLES_MAX, type Decoding, tooLong } from './decoding.ts';
import { OggPackets } from './ogg-packets.ts';

/** Opus counts at this rate, whatever is decoded (RFC 7845 §4). */
const GRANULES_PER_SAMPLE = 48_000 / AUDIO_RATE_HZ;
const HEAD_BYTES = 19;
/** 120 ms, the longest packet (RFC 6716 §3.2.5). */
const PACKET_SAMPLES_MAX = 960;
/** Ten seconds of packets of 20 ms, some five milliseconds of work. */
const PACKETS_PER_PIECE = 500;
/** As much work, where they are only counted. */
const PACKETS_PER_COUNT = 20_000;
const HEAD = 'OpusHead';
const TAGS = 'OpusTags';

interface Head {
  readonly preSkipSamples: number;
  readonly gain: number;
}

/** Decodes Ogg with Opus in one or two channels (RFC 7845, mapping family 0) to mono 16-bit samples at 8 kHz. */
export function* decodeOggOpus(bytes: Uint8Array, library: OpusLibrary | undefined): Decoding {
  const head = readHead(new OggPackets(bytes).read());
  if (typeof head === 'string') return { kind: 'refused', detail: head };
  if (library === undefined) return { kind: 'refused', detail: 'no libopus is on this machine' };
  const lengthSamples = yield* countSamples(bytes, head);
  if (lengthSamples > COMPRESSED_SAMPLES_MAX) return tooLong();
  const samples = new Int16Array(lengthSamples);
  const decoder = library.createDecoder(AUDIO_RATE_HZ);
  try {
    const packets = audioPackets(bytes);
    // What the decoder needs to settle is not heard (RFC 7845 §4.2).
    let at = -head.preSkipSamples;
    for (let count = 1, packet = packets.read(); packet !== undefined; packet = packets.read(), count++) {
      at += decodePacket(library, decoder, packet, samples, at, head.gain);
      if (at >= samples.length) break;
      if (count % PACKETS_PER_PIECE === 0) yield 'going on';
    }
  } finally {
    library.destroyDecoder(decoder);
  }
  return { kind: 'decoded', samples, sourceRateHz: 48_000 };
}

/** The identification header (RFC 7845 §5.1), or what is wrong with it. */
function readHead(packet: Uint8Array | undefined): Head | string {
  if (packet === undefined || packet.length < HEAD_BYTES || !startsWith(packet, HEAD)) return 'expected Opus in Ogg';
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  const [version, channelCount, family] = [packet[8]!, packet[9]!, packet[18]!];
  if (version > 15) return `expected Opus in Ogg of version 0 to 15, got ${version}`;
  if (family !== 0 || channelCount < 1 || channelCount > 2) {
    return `expected 1 or 2 channels of mapping family 0, got ${channelCount} of ${family}`;
  }
  return {
    preSkipSamples: Math.round(view.getUint16(10, true) / GRANULES_PER_SAMPLE),
    gain: 10 ** (view.getInt16(16, true) / 256 / 20),
  };
}

function audioPackets(bytes: Uint8Array): OggPackets {
  const packets = new OggPackets(bytes);
  packets.read();
  return packets;
}

/** What the packets hold, less what is skipped at the begin and, by the last page, at the end (RFC 7845 §4.4). */
function* countSamples(bytes: Uint8Array, { preSkipSamples }: Head): Decoding<number> {
  const packets = audioPackets(bytes);
  let count = -preSkipSamples;
  for (let number = 1, packet = packets.read(); packet !== undefined; packet = packets.read(), number++) {
    count += packetSamples(packet);
    if (count > COMPRESSED_SAMPLES_MAX) return count;
    if (number % PACKETS_PER_COUNT === 0) yield 'going on';
  }
  const told = Math.round(packets.granule / GRANULES_PER_SAMPLE) - preSkipSamples;
  return Math.max(0, told > 0 ? Math.min(count, told) : count);
}

/** Returns the samples of the packet; of those, `into` gets what lies within it. One that is damaged is silence. */
function decodePacket(
  library: OpusLibrary,
  decoder: number,
  packet: Uint8Array,
  into: Int16Array,
  at: number,
  gain: number,
): number {
  const count = packetSamples(packet);
  if (count === 0 || packet.length > library.bytes.length) return count;
  library.bytes.set(packet);
  const decoded = library.decode(decoder, packet.length, PACKET_SAMPLES_MAX, 'packet');
  const end = Math.min(decoded, count, into.length - at);
  const from = library.samples;
  for (let i = Math.max(0, -at); i < end; i++) {
    into[at + i] = gain === 1 ? from[i]! : Math.max(-32768, Math.min(32767, Math.round(gain * from[i]!)));
  }
  return count;
}

/** Samples at 8 kHz by the first bytes (RFC 6716 §3.1, §3.2); 0 for a packet that can be none, and for the tags. */
export function packetSamples(packet: Uint8Array): number {
  if (packet.length === 0 || startsWith(packet, TAGS)) return 0;
  const config = packet[0]! >> 3;
  const code = packet[0]! & 3;
  const frameCount = code === 0 ? 1 : code < 3 ? 2 : (packet[1] ?? 0) & 63;
  const count = frameCount * frameSamples(config);
  return count <= PACKET_SAMPLES_MAX ? count : 0;
}

function frameSamples(config: number): number {
  // SILK 10 to 60 ms, hybrid 10 and 20 ms, CELT 2.5 to 20 ms.
  if (config < 12) return [80, 160, 320, 480][config & 3]!;
  return config < 16 ? [80, 160][config & 1]! : [20, 40, 80, 160][config & 3]!;
}

function startsWith(packet: Uint8Array, word: string): boolean {
  for (let i = 0; i < word.length; i++) if (packet[i] !== word.charCodeAt(i)) return false;
  return true;
}
