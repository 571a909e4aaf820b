import { type PacketView, readUint32 } from '../rtp/packet-view.ts';
import { PacketIndex } from './packet-index.ts';
import { type PacketTransform, RTCP_CLEAR_BYTES } from './packet-transform.ts';
import { ReplayWindow } from './replay-window.ts';

/** Sources that one key has been proved to belong to; none is forgotten, or what it has sent could be sent again. */
export const SOURCES_MAX = 64;

const REFUSED = -1;

/** What is known of one source. */
class Source {
  readonly rtp = new PacketIndex();
  readonly rtcp = new ReplayWindow();
  rtcpHighest = -1;
}

/** Unprotects what one peer sends (RFC 3711 §3.3, §3.4). Results are the ends of packets, -1 for what is not genuine or not new. */
export class SrtpReceiver {
  #transform: PacketTransform;
  readonly #sources = new Map<number, Source>();
  /** The source of the last packet, found without a look into the map. */
  #last: Source | undefined;
  #lastSsrc = 0;

  constructor(transform: PacketTransform) {
    this.#transform = transform;
  }

  /** Roll-over counters and what has been seen hold on under another key (RFC 3711 §3.3.1). */
  rekey(transform: PacketTransform): void {
    this.#transform.close();
    this.#transform = transform;
  }

  /** The packet `[start … end)` with this header. */
  unprotectRtp(bytes: Uint8Array, view: PacketView, start: number, end: number): number {
    const { ssrc, sequence, payloadStart } = view;
    const known = this.#find(ssrc);
    if (known === undefined && this.#sources.size === SOURCES_MAX) return REFUSED;
    const rollOver = known === undefined ? 0 : known.rtp.rollOverOf(sequence);
    if (known !== undefined && !known.rtp.isNew(sequence, rollOver)) return REFUSED;
    const plainEnd = this.#transform.unprotectRtp(bytes, start, payloadStart, end, rollOver | 0);
    if (plainEnd !== REFUSED) (known ?? this.#add(ssrc)).rtp.mark(sequence, rollOver);
    return plainEnd;
  }

  unprotectRtcp(bytes: Uint8Array, start: number, end: number): number {
    const indexAt = this.#transform.indexAt(end);
    if (indexAt < start + RTCP_CLEAR_BYTES) return REFUSED;
    const ssrc = readUint32(bytes, start + 4);
    const index = readUint32(bytes, indexAt) & 0x7fff_ffff;
    const known = this.#find(ssrc);
    if (known === undefined && this.#sources.size === SOURCES_MAX) return REFUSED;
    if (known !== undefined && !known.rtcp.isNew(index, index - known.rtcpHighest)) return REFUSED;
    const plainEnd = this.#transform.unprotectRtcp(bytes, start, end);
    if (plainEnd === REFUSED) return REFUSED;
    const source = known ?? this.#add(ssrc);
    source.rtcp.mark(index, index - source.rtcpHighest);
    source.rtcpHighest = Math.max(source.rtcpHighest, index);
    return plainEnd;
  }

  close(): void {
    this.#transform.close();
  }

  #find(ssrc: number): Source | undefined {
    if (this.#last !== undefined && ssrc === this.#lastSsrc) return this.#last;
    const found = this.#sources.get(ssrc);
    if (found !== undefined) {
      this.#last = found;
      this.#lastSsrc = ssrc;
    }
    return found;
  }

  #add(ssrc: number): Source {
    const source = new Source();
    this.#sources.set(ssrc, source);
    return source;
  }
}
