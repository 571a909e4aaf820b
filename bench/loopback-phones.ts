import { setImmediate as turn } from 'node:timers/promises';
import { openPacketIo } from '../media/io/open-packet-io.ts';
import type { ThreadIo } from '../media/io/packet-io.ts';
import { writeRtpHeader } from '../media/rtp/packet-view.ts';
import { LOOPBACK } from './plain-stream.ts';

const PACKET_BYTES = 172;
/** How often what else this thread has to do gets its turn: messages to media threads among it. */
const TURN_EVERY_MS = 10;

/** The phones: every stream a packet every 20 ms, evenly spread over the time. */
export class LoopbackPhones {
  readonly #phones: ThreadIo;
  readonly #ports: readonly number[];
  readonly #destination: Float64Array;
  #next = 0;
  sent = 0;
  heard = 0;

  /** Phone n has the n-th of these ports on loopback; all send to the packed `destination`. */
  constructor(ports: readonly number[], destination: number) {
    this.#phones = openPacketIo({ address: LOOPBACK }).io;
    this.#ports = ports;
    this.#destination = Float64Array.of(destination);
    for (const port of ports) {
      if (!this.#phones.openPort(port)) throw new Error(`port ${port} is taken: another run would be measured`);
    }
  }

  close(): void {
    this.#phones.close();
  }

  async run(ms: number): Promise<void> {
    const phones = this.#phones;
    const start = performance.now();
    const first = this.#next;
    let turnAt = start;
    for (let now = start; now < start + ms; now = performance.now()) {
      if (now >= turnAt) {
        await turn();
        turnAt = now + TURN_EVERY_MS;
      }
      const waiting = phones.wait(0.5);
      if (waiting !== undefined) await waiting;
      for (let count = phones.receive(); count > 0; count = phones.receive()) this.heard += count;
      const due = first + Math.floor(((performance.now() - start) * this.#ports.length) / 20);
      for (; this.#next < due; this.#next++)
        this.#send(this.#next % this.#ports.length, Math.floor(this.#next / this.#ports.length));
      phones.flush();
    }
  }

  #send(stream: number, round: number): void {
    const at = this.#phones.reserve();
    writeRtpHeader(this.#phones.out, at, false, 0, round & 0xffff, round * 160, 1000 + stream);
    this.#phones.send(this.#ports[stream]!, false, this.#destination, 0, PACKET_BYTES);
    this.sent++;
  }
}
