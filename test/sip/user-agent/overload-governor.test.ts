import { describe, expect, test } from 'vitest';
import type { QueueState } from '../../../sip/transport/queue-probe.ts';
import { OverloadGovernor } from '../../../sip/user-agent/overload-governor.ts';
import { OFFER, Rig, words } from '../stack/rig.ts';

const CALL_MS = 0.5;
const REFUSAL_MS = 0.04;
const FULL: QueueState = { isOverflowing: true, delayMs: 100 };
const CALM: QueueState = { isOverflowing: false, delayMs: 0 };

/** INVITEs that wait in the socket; what comes when it is full is lost, and gets no answer. */
const SOCKET_MAX = 250;

/** A thread that takes INVITEs from a socket one by one, and has work with each: much when it lets it in, else little. */
class Thread {
  readonly governor = new OverloadGovernor(() => this.#queue());
  #now = 0;
  /** When those that wait came. */
  readonly #socket: number[] = [];
  #longestMs = 0;
  #isFull = false;
  #nextArrival = 0;

  /** What became of the INVITEs of each second, and how long they waited. */
  run(seconds: number, perSecond: number, { isChallenged = false } = {}) {
    return Array.from({ length: seconds }, () => {
      const report = { admitted: 0, refused: 0, lost: 0, waitedMs: 0 };
      const end = Math.floor(this.#now / 1000 + 1e-9) * 1000 + 1000;
      while (this.#now < end) {
        report.lost += this.#arrive(perSecond);
        const came = this.#socket.shift();
        if (came === undefined) this.#now = Math.min(this.#nextArrival, end);
        else {
          report.waitedMs = Math.max(report.waitedMs, this.#now - came);
          this.#longestMs = Math.max(this.#longestMs, this.#now - came);
          const admits = this.#admits(isChallenged);
          report[admits ? 'admitted' : 'refused']++;
          this.work(admits ? CALL_MS : REFUSAL_MS);
        }
      }
      return report;
    });
  }

  work(ms: number): void {
    this.#now += ms;
  }

  #admits(isChallenged: boolean): boolean {
    return this.governor.admits(false, this.#now) && (!isChallenged || this.governor.admits(true, this.#now));
  }

  #arrive(perSecond: number): number {
    let lost = 0;
    for (; this.#nextArrival <= this.#now; this.#nextArrival += 1000 / perSecond) {
      if (this.#socket.length < SOCKET_MAX) this.#socket.push(this.#nextArrival);
      else lost++;
    }
    if (lost > 0) this.#isFull = true;
    return lost;
  }

  /** As probes find it. */
  #queue(): QueueState {
    const state = { isOverflowing: this.#isFull, delayMs: this.#longestMs };
    this.#isFull = false;
    this.#longestMs = 0;
    return state;
  }
}

describe('a switch that is asked for more calls than it can serve', () => {
  test.each([false, true])('lets in nearly what it can, and answers the others (challenged: %s)', (isChallenged) => {
    const thread = new Thread();
    const reports = thread.run(60, 6_000, { isChallenged });
    // What is left of a second when 4,000 refusals took their time: some 1,700 calls.
    for (const { admitted, waitedMs } of reports.slice(2)) {
      expect(admitted).toBeGreaterThan(1_200);
      expect(waitedMs).toBeLessThan(130);
    }
    // What is lost on the way to the limit is sent again half a second later.
    expect(reports.reduce((sum, { lost }) => sum + lost, 0)).toBeLessThan(0.04 * 60 * 6_000);
  });

  test('recovers within a second when the flood is over', () => {
    const thread = new Thread();
    thread.run(60, 6_000);
    const [, ...after] = thread.run(5, 1_000);
    expect(after.every(({ refused }) => refused === 0)).toBe(true);
    expect(thread.governor.isOverloaded).toBe(false);
  });

  test('refuses nobody at nine tenths of what it can serve', () => {
    const thread = new Thread();
    expect(thread.run(20, 1_800).every(({ refused }) => refused === 0)).toBe(true);
  });

  test('refuses nobody who waits for an answer before the next call, however busy it is', () => {
    const governor = new OverloadGovernor(() => ({ isOverflowing: false, delayMs: 200 }));
    for (let at = 0; at < 10_000; at++) expect(governor.admits(false, at)).toBe(true);
  });

  test('refuses nobody because of one long pause', () => {
    const thread = new Thread();
    thread.run(2, 500);
    thread.work(150);
    expect(thread.run(2, 500).every(({ refused }) => refused === 0)).toBe(true);
  });

  test('an INVITE with credentials goes before one that has none', () => {
    const governor = new OverloadGovernor(() => FULL);
    for (let at = 0; at < 250; at++) governor.admits(true, at);
    const admitted = { true: 0, false: 0 };
    for (let at = 300; at < 399; at++) {
      for (const hasCredentials of [false, true] as const) {
        if (governor.admits(hasCredentials, at)) admitted[`${hasCredentials}`]++;
      }
    }
    expect(admitted.true).toBeGreaterThan(admitted.false);
    expect(governor.refusedCount).toBeGreaterThan(50);
  });
});

describe('RFC 3261 §21.5.4: an overloaded switch', () => {
  const isEmergency = (user: string) => user === '112';

  test('refuses calls that begin with 503 and Retry-After, and goes on with those that live', () => {
    const rig = new Rig({ queue: () => FULL, isEmergency });
    const leg = rig.offered();
    const [ok] = rig.execute({ kind: 'answer', leg, body: new TextEncoder().encode(OFFER) });
    const To = ok!.message.first('To')!;
    const refused: string[] = [];
    for (rig.now = 0; rig.now < 1_000; rig.now += 10) {
      const [sent] = rig.receive(rig.request('INVITE', { 'Call-ID': `flood${rig.now}` }, OFFER));
      if (sent?.message.type === 'response' && sent.message.status === 503) {
        refused.push(sent.message.first('Retry-After') ?? '');
      }
    }
    expect(refused.length).toBeGreaterThan(30);
    expect(new Set(refused)).toEqual(new Set(['10']));
    expect(rig.stack.counters).toMatchObject({ isOverloaded: 1, overloadRefusals: refused.length, legs: 1 });
    expect(words(rig.receive(rig.request('BYE', { To, CSeq: '3 BYE' })))).toEqual(['200 BYE']);
  });

  test('lets calls for help in', () => {
    const rig = new Rig({ queue: () => FULL, isEmergency });
    for (rig.now = 0; rig.now < 1_000; rig.now += 10) {
      const [sent] = rig.receive(rig.request('INVITE', { 'Call-ID': `help${rig.now}` }, OFFER, 'sip:112@192.0.2.1'));
      expect(words([sent!])).toEqual(['401 INVITE']);
    }
  });

  test('refuses a repeated INVITE again when it has become calm, and lets a new one in', () => {
    let state = FULL;
    const rig = new Rig({ queue: () => state, isEmergency });
    const invite = (branch: string) =>
      words(
        rig.receive(
          rig.request(
            'INVITE',
            { 'Call-ID': branch, Via: `SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK${branch}` },
            OFFER,
          ),
        ),
      )[0];
    let refused = '';
    for (rig.now = 0; refused === ''; rig.now += 10) {
      if (invite(`flood${rig.now}`) === '503 INVITE') refused = `flood${rig.now}`;
    }
    state = CALM;
    rig.now += 2_000;
    for (let count = 0; count < 10; count++, rig.now += 1_000) invite(`calm${count}`);
    expect(invite(refused)).toBe('503 INVITE');
    expect(invite('anew')).toBe('401 INVITE');
  });
});
