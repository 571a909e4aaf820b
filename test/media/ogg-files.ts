import type { OpusLibrary } from '../../media/codec/opus.ts';
import { oggPage, PAGE_FLAG } from '../../media/ogg-page.ts';

const FRAME = 160;
/** Samples by which libopus lags at 8 kHz: 312 at 48 kHz. */
const SETTLING = 52;
const PACKETS_PER_PAGE = 10;

/** The identification header (RFC 7845 §5.1): one channel, mapping family 0. */
export function opusHead(preSkip: number, { version = 1, channelCount = 1, family = 0, gain = 0 } = {}): Uint8Array {
  const head = Buffer.alloc(19);
  head.write('OpusHead');
  head[8] = version;
  head[9] = channelCount;
  head.writeUInt16LE(preSkip, 10);
  head.writeUInt32LE(8000, 12);
  head.writeInt16LE(gain, 16);
  head[18] = family;
  return new Uint8Array(head);
}

export const OPUS_TAGS = new Uint8Array(Buffer.from('OpusTags\0\0\0\0\0\0\0\0', 'latin1'));

/** Pages of a stream, one for each list of packets, that ends at `granule`. */
export function oggFile(pages: readonly (readonly Uint8Array[])[], granule: number, serial = 7): Uint8Array {
  const last = pages.length - 1;
  return Buffer.concat(
    pages.map((packets, sequence) => {
      const flags = sequence === 0 ? PAGE_FLAG.begin : sequence === last ? PAGE_FLAG.end : 0;
      return oggPage({ serial, sequence, granule: sequence === last ? granule : 0, flags }, packets);
    }),
  );
}

/** Samples at 8 kHz as Ogg with Opus, a whole number of frames, with what an encoder needs to settle (RFC 7845 §4.2). */
export function oggOpusOf(library: OpusLibrary, samples: Int16Array, head: Uint8Array = opusHead(312)): Uint8Array {
  const encoder = library.createEncoder(8000);
  const packets: Uint8Array[] = [];
  for (let at = 0; at < samples.length + SETTLING; at += FRAME) {
    for (let i = 0; i < FRAME; i++) library.samples[i] = samples[at + i] ?? 0;
    const sizeBytes = library.encode(encoder, FRAME, 1275);
    packets.push(library.bytes.slice(0, sizeBytes));
  }
  library.destroyEncoder(encoder);
  const pages: Uint8Array[][] = [[head], [OPUS_TAGS]];
  for (let i = 0; i < packets.length; i += PACKETS_PER_PAGE) pages.push(packets.slice(i, i + PACKETS_PER_PAGE));
  return oggFile(pages, 312 + samples.length * 6);
}
