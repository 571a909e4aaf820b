import { PACKET_SIZE_MAX_BYTES } from '../io/packet-io.ts';
import type { PacketView } from '../rtp/packet-view.ts';
import type { SrtpKeys, SrtpSuite } from './crypto-suite.ts';
import type { PacketCiphers } from './packet-ciphers.ts';
import type { PacketTransform } from './packet-transform.ts';
import { SrtpReceiver } from './srtp-receiver.ts';
import { SrtpSender } from './srtp-sender.ts';
import { suiteTransform } from './suite-transform.ts';

/** `awaited`: nothing goes either way until keys are agreed on, by the answer or by a handshake. */
export type ProtectionState = SrtpKeys | 'awaited';

/**
 * SRTP of one stream, both ways, for its life: keys come and change, what has been sent and seen under them counts on.
 * Results are sizes or ends in bytes; 0 for what may not be sent, -1 for what is not genuine.
 */
export class Protection {
  readonly #ciphers: PacketCiphers;
  #state: ProtectionState = 'awaited';
  #sender: SrtpSender | undefined;
  #receiver: SrtpReceiver | undefined;

  constructor(ciphers: PacketCiphers) {
    this.#ciphers = ciphers;
  }

  /** From the next packet on. What both states share goes on untouched. */
  use(state: ProtectionState): void {
    const before = this.#state;
    this.#state = state;
    if (state === 'awaited') return;
    const isOther = before === 'awaited' || before.suite !== state.suite;
    if (isOther || before.sendKey !== state.sendKey) {
      const transform = this.#transform(state.suite, state.sendKey);
      if (this.#sender === undefined) this.#sender = new SrtpSender(transform);
      else this.#sender.rekey(transform);
    }
    if (isOther || before.receiveKey !== state.receiveKey) {
      const transform = this.#transform(state.suite, state.receiveKey);
      if (this.#receiver === undefined) this.#receiver = new SrtpReceiver(transform);
      else this.#receiver.rekey(transform);
    }
  }

  protectRtp(bytes: Uint8Array, at: number, sizeBytes: number): number {
    if (this.#sender === undefined || this.#state === 'awaited') return 0;
    return this.#sender.protectRtp(bytes, at, sizeBytes, at + PACKET_SIZE_MAX_BYTES);
  }

  protectRtcp(bytes: Uint8Array, at: number, sizeBytes: number): number {
    if (this.#sender === undefined || this.#state === 'awaited') return 0;
    return this.#sender.protectRtcp(bytes, at, sizeBytes, at + PACKET_SIZE_MAX_BYTES);
  }

  unprotectRtp(bytes: Uint8Array, view: PacketView, start: number, end: number): number {
    if (this.#receiver === undefined || this.#state === 'awaited') return -1;
    return this.#receiver.unprotectRtp(bytes, view, start, end);
  }

  unprotectRtcp(bytes: Uint8Array, start: number, end: number): number {
    if (this.#receiver === undefined || this.#state === 'awaited') return -1;
    return this.#receiver.unprotectRtcp(bytes, start, end);
  }

  close(): void {
    this.#sender?.close();
    this.#receiver?.close();
    this.#sender = undefined;
    this.#receiver = undefined;
  }

  #transform(suite: SrtpSuite, key: string): PacketTransform {
    return suiteTransform(suite, new Uint8Array(Buffer.from(key, 'base64')), this.#ciphers);
  }
}
