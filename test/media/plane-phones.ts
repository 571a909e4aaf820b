import { expect } from 'vitest';
import type { LegId } from '../../core/kernel/ids.ts';
import { pcmu } from '../../media/codec/g711.ts';
import { testTone } from '../audio/measures.ts';
import { at, read, rtp } from './phones.ts';
import { described, peer, type Stage, sdp } from './stage.ts';

export const LEVEL_DBOV = -30;

/** A phone that says a tone of its own, and what it was sent. */
export class Phone {
  readonly leg: LegId;
  readonly address: number;
  readonly #tone: Int16Array;
  port = 0;
  isTalking = true;
  #position = 0;

  readonly #host: string;

  /** `host` is the last part of its address. */
  constructor(leg: number, toneHz: number, host = leg) {
    this.leg = leg as LegId;
    this.#host = `192.0.2.${host}`;
    this.address = at(this.#host, 4000);
    this.#tone = testTone(toneHz, LEVEL_DBOV, 8000);
  }

  open(stage: Stage): this {
    const offer = sdp(this.#host, 4000, '0 101');
    expect(stage.plane.open(this.leg, peer(this.#host), offer, undefined).kind).toBe('opened');
    this.port = described(stage.plane.describe(this.leg, undefined)).port;
    return this;
  }

  speak(stage: Stage): void {
    this.#position++;
    if (!this.isTalking) return;
    const payload = new Uint8Array(160);
    pcmu.encode(this.#tone, (this.#position * 160) % 8000, 160, payload, 0);
    const fields = { sequence: this.#position & 0xffff, timestamp: this.#position * 160, ssrc: 1000 + this.leg };
    stage.deliver(this.address, this.port, rtp(fields, payload));
  }

  /** The samples of all that came to it since the stage's list was emptied. */
  heard(stage: Stage): Int16Array {
    const packets = stage.sent.filter(({ remote, isRtcp }) => remote === this.address && !isRtcp).map(read);
    const samples = new Int16Array(160 * packets.length);
    packets.forEach(({ payload }, i) => {
      pcmu.decode(payload, 0, 160, samples, i * 160);
    });
    return samples;
  }
}

export function talk(stage: Stage, phones: readonly Phone[], ms: number): void {
  for (let time = 0; time < ms; time += 20) {
    for (const phone of phones) phone.speak(stage);
    stage.advance(20);
  }
}
