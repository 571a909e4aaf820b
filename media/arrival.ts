import type { PacketProof } from './io/latching-entry.ts';
import type { PacketIo } from './io/packet-io.ts';
import { PacketView } from './rtp/packet-view.ts';
import type { Slots } from './slots.ts';

/** The packet that is being judged: what proves it genuine takes its protection off, in place. */
export class Arrival implements PacketProof {
  readonly #io: PacketIo;
  readonly #slots: Slots;
  /** Of its header. */
  readonly view = new PacketView();
  start = 0;
  /** Before its authentication tag, once it is proved genuine. */
  end = 0;
  /** Its keys are not those of the stream that it would belong to, or it has been seen before. */
  isForged = false;

  constructor(io: PacketIo, slots: Slots) {
    this.#io = io;
    this.#slots = slots;
  }

  begin(start: number, end: number): void {
    this.start = start;
    this.end = end;
    this.isForged = false;
  }

  /** The view has read the header of what is RTP. */
  proves(slot: number, kind: 'rtp' | 'rtcp'): boolean {
    const { protection } = this.#slots.at(slot)!;
    const { bytes } = this.#io;
    const end =
      kind === 'rtp'
        ? protection?.unprotectRtp(bytes, this.view, this.start, this.end)
        : protection?.unprotectRtcp(bytes, this.start, this.end);
    this.isForged = end === undefined || end === -1;
    if (end !== undefined && end !== -1) this.end = end;
    return !this.isForged;
  }
}
