import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LegId, MixId } from '../core/kernel/ids.ts';
import { pack } from '../media/io/addresses.ts';
import { openPacketIo } from '../media/io/open-packet-io.ts';
import type { ThreadIo } from '../media/io/packet-io.ts';
import { RTP_HEADER_BYTES, writeRtpHeader } from '../media/rtp/packet-view.ts';
import { Workers } from '../media/workers.ts';
import { LOUD_FRAME, loudAtOf, SILENT_FRAME } from './loud-frame.ts';
import { LOOPBACK, plainStream } from './plain-stream.ts';

const OUR_PORT = 38_000;
const PHONE_PORTS = Array.from({ length: 20 }, (_, i) => 38_200 + 2 * i);
const FRAME_MS = 20;
const WARM_UP_ROUNDS = 100;
/** Between one sound and the next, of another phone, which sends at another time of the 20 ms. */
const SOUND_EVERY_ROUNDS = 10;
const PACKET_BYTES = RTP_HEADER_BYTES + LOUD_FRAME.length;
const DESTINATION = Float64Array.of(pack(LOOPBACK, OUR_PORT));

/** Phones in one conference of a media thread that send silence, one after the other a sound; the first one listens. */
export class MixProbe {
  readonly #phones: ThreadIo;
  readonly #delaysMs: number[] = [];
  #saidAt = 0;

  private constructor() {
    this.#phones = openPacketIo({ address: LOOPBACK }).io;
    for (const port of PHONE_PORTS) {
      if (!this.#phones.openPort(port)) throw new Error(`port ${port} is taken: another run would be measured`);
    }
  }

  /** In ms, for every sound: from when its packet was sent to when the first one with it came, and how much further behind in that one it lies. */
  static async run(ms: number): Promise<readonly number[]> {
    const workers = await Workers.start({
      count: 1,
      address: LOOPBACK,
      io: 'best',
      streamsMax: PHONE_PORTS.length,
      mediaTimeoutMs: 60_000,
      country: 'US',
      received: () => {},
      lost: () => {},
    });
    openConference(workers);
    await nextTurn();
    const probe = new MixProbe();
    try {
      await probe.#run(ms);
    } finally {
      probe.#phones.close();
      await workers.stop();
    }
    return probe.#delaysMs;
  }

  /** Without pause, so that no packet goes or comes later than it could. */
  async #run(ms: number): Promise<void> {
    const start = performance.now();
    const count = PHONE_PORTS.length;
    let next = 0;
    for (let now = start; now < start + ms; now = performance.now()) {
      const waiting = this.#phones.wait(0);
      if (waiting !== undefined) await waiting;
      this.#listen();
      const due = Math.floor(((now - start) * count) / FRAME_MS);
      for (; next < due; next++) this.#send(next % count, Math.floor(next / count));
      this.#phones.flush();
    }
  }

  #send(phone: number, round: number): void {
    const sounds = round - WARM_UP_ROUNDS;
    const turn = Math.floor(sounds / SOUND_EVERY_ROUNDS);
    const isSound = sounds >= 0 && sounds % SOUND_EVERY_ROUNDS === 0 && phone === 1 + (turn % (PHONE_PORTS.length - 1));
    const at = this.#phones.reserve();
    const payload = writeRtpHeader(this.#phones.out, at, false, 0, round & 0xffff, round * 160, 1000 + phone);
    this.#phones.out.set(isSound ? LOUD_FRAME : SILENT_FRAME, payload);
    this.#phones.send(PHONE_PORTS[phone]!, false, DESTINATION, 0, PACKET_BYTES);
    if (isSound) this.#saidAt = performance.now();
  }

  #listen(): void {
    const phones = this.#phones;
    for (let count = phones.receive(); count > 0; count = phones.receive()) {
      if (phones.batchPort !== PHONE_PORTS[0] || phones.batchIsRtcp || this.#saidAt === 0) continue;
      for (let i = 0; i < count; i++) {
        const at = loudAtOf(phones.bytes, phones.starts[i]! + RTP_HEADER_BYTES, phones.ends[i]!);
        if (at === -1 || this.#saidAt === 0) continue;
        this.#delaysMs.push(performance.now() - this.#saidAt + at / 8);
        this.#saidAt = 0;
      }
    }
  }
}

function openConference(workers: Workers): void {
  workers.post(0, { kind: 'bindPort', port: OUR_PORT });
  for (const [slot, port] of PHONE_PORTS.entries()) {
    const leg = slot as LegId;
    workers.post(0, { kind: 'open', leg, slot, settings: plainStream(OUR_PORT, pack(LOOPBACK, port)) });
    workers.post(0, { kind: 'join', leg, mix: 1 as MixId });
  }
}
