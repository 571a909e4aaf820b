import { expect, test } from 'vitest';
import { MEMBER_ROLES, mixTermsOf, SUPERVISOR_MODES } from '../../core/calls/who-hears-whom.ts';
import type { LegId, MixId } from '../../core/kernel/ids.ts';
import { seeded } from '../../core/kernel/random.ts';
import { COUNTER } from '../../media/counters.ts';
import { Phone } from './plane-phones.ts';
import { Stage } from './stage.ts';

/** Seconds of 500 comings and goings each. */
const SECONDS = Number(process.env['TANDEM_ROUNDS'] ?? 2);
const EVENTS_PER_S = 500;
const LEGS = 40;
const MIXES = 5;
const ROLES = [...MEMBER_ROLES, ...SUPERVISOR_MODES];

/** Phones that come to conferences on two threads and go, change their roles, hang up in the midst, and call again. */
class Storm {
  readonly stage = new Stage({ workerCount: 2, streamsMax: 64, portTo: 20_999 });
  readonly phones = new Map<number, Phone>();
  readonly #random = seeded(11);
  counts = { joined: 0, left: 0, hungUp: 0 };
  #lastLeg = 0;

  blow(): void {
    const number = this.#pick(LEGS);
    const { plane } = this.stage;
    const phone = this.phones.get(number);
    const mix = (1 + this.#pick(MIXES)) as MixId;
    if (phone === undefined) this.#call(number, mix);
    else if (this.#pick(4) === 0) this.#hangUp(number, phone);
    else if (this.#pick(3) === 0) {
      plane.leave(phone.leg);
      this.counts.left++;
    } else this.#join(phone.leg, mix);
    if (this.#pick(10) === 0) plane.mixes.play(mix, { kind: 'tone', tone: 'conference-entry' });
    if (this.#pick(20) === 0) plane.mixes.watchTalkers(mix, this.#pick(2) === 0 ? 'on' : 'off');
    this.stage.advance(1000 / EVENTS_PER_S);
  }

  end(): void {
    for (const [number, phone] of this.phones) this.#hangUp(number, phone);
    this.stage.advance(3000);
  }

  #call(number: number, mix: MixId): void {
    const phone = new Phone(++this.#lastLeg, 300 + 20 * number, number + 1).open(this.stage);
    this.phones.set(number, phone);
    this.#join(phone.leg, mix);
  }

  #hangUp(number: number, phone: Phone): void {
    this.stage.plane.close(phone.leg);
    this.phones.delete(number);
    this.counts.hungUp++;
  }

  #join(leg: LegId, mix: MixId): void {
    const role = ROLES[this.#pick(ROLES.length)]!;
    const supervises = [...this.phones.values()][this.#pick(this.phones.size)]!.leg;
    const terms = mixTermsOf({ role, isMuted: this.#pick(5) === 0, isDeaf: this.#pick(5) === 0, supervises });
    this.stage.plane.join(leg, mix, terms);
    this.counts.joined++;
  }

  #pick(count: number): number {
    return Math.floor(this.#random.next() * count);
  }
}

test('a storm of people who join, leave and hang up leaves no mix, no stream and no tick behind', () => {
  const storm = new Storm();
  const { stage } = storm;
  for (let second = 0; second < SECONDS; second++) {
    for (let event = 0; event < EVENTS_PER_S; event++) {
      storm.blow();
      if (event % 10 === 0) for (const phone of storm.phones.values()) phone.speak(stage);
      stage.sent.length = 0;
    }
  }
  expect(Math.min(...Object.values(storm.counts))).toBeGreaterThan(SECONDS * 50);
  storm.end();
  const { plane, workers } = stage;
  expect([plane.legCount, plane.mixCount, plane.recordingCount]).toEqual([0, 0, 0]);
  expect(workers.counters.map((counters) => counters[COUNTER.streams])).toEqual([0, 0]);
  const ticks = workers.counters.map((counters) => counters[COUNTER.ticks]);
  stage.advance(1000);
  expect(workers.counters.map((counters) => counters[COUNTER.ticks])).toEqual(ticks);
});
