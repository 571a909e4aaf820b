import { describe, expect, test } from 'vitest';
import { seeded } from '../../core/kernel/random.ts';
import type { Instant } from '../../core/kernel/time.ts';
import type { TransportAddress } from '../../core/ports.ts';
import type { RegistrationStatus } from '../../core/provider-ports.ts';
import type { Errand, ErrandOutcome } from '../../sip/providers/errands.ts';
import { aimOf } from '../../sip/providers/provider-aim.ts';
import { Registration } from '../../sip/providers/registration.ts';
import { buildRequest, respond } from '../../sip/writer.ts';
import { providerOf } from '../sim/providers.ts';

const SERVER: TransportAddress = { transport: 'udp', address: '192.0.2.2', port: 5060 };
const SENT_BY = { host: '192.0.2.1', port: 5060, transport: 'udp' } as const;
const TERMS = { username: '1000', password: 'secret', registers: true };

function registration(seed = 1) {
  const aim = aimOf(providerOf(1, { hostname: 'sip.example.com', terms: TERMS }))!;
  const options = { aim, line: 'line-1', expiresS: 600, random: seeded(seed), userAgent: 'Tandem' };
  const machine = new Registration(options);
  const statuses: RegistrationStatus[] = [];
  let errand: Errand | undefined;
  let abandoned = 0;
  const drain = (): void => {
    for (let output = machine.poll(); output !== undefined; output = machine.poll()) {
      if (output.kind === 'status') statuses.push(output.status);
      else if (output.kind === 'begin') errand = output.errand;
      else abandoned += 1;
    }
  };
  const request = () => {
    const fields = [['Via', 'SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1;received=203.0.113.7;rport=1024'] as const];
    const { method, uri } = errand!;
    const cseq = ['CSeq', `${errand!.nextCSeq()} REGISTER`] as const;
    return buildRequest({ method, uri, fields: [...fields, ...errand!.fieldsFor(SENT_BY), cseq] });
  };
  const outcome = (what: ErrandOutcome, now: Instant) => {
    machine.receive(errand!, what, now);
    drain();
  };
  return {
    machine,
    statuses,
    request,
    abandonedCount: () => abandoned,
    begin: (now: Instant) => {
      machine.begin(now);
      drain();
    },
    stop: (now: Instant) => {
      machine.stop(now);
      drain();
    },
    flowFailed: (now: Instant) => {
      machine.flowFailed(now);
      drain();
    },
    expire: (now: Instant) => {
      machine.expire(now);
      drain();
    },
    answer: (status: number, fields: readonly (readonly [string, string])[], now: Instant) =>
      outcome({ kind: 'answered', response: respond(request(), status, { fields }), server: SERVER }, now),
    silence: (now: Instant) => outcome({ kind: 'failed', reason: 'silent' }, now),
  };
}

const contact = (expires: number) => [['Contact', `<sip:line-1@192.0.2.1:5060>;expires=${expires}`]] as const;

describe('a registration at a provider', () => {
  test('RFC 3261 §10.2: asks for a binding of its own line, and is told where it was seen', () => {
    const { begin, request, answer, statuses } = registration();
    begin(0);
    const asked = request();
    expect(asked.uri.text).toBe('sip:sip.example.com');
    expect(asked.first('To')).toBe('<sip:1000@sip.example.com>');
    expect(asked.first('Contact')).toBe('<sip:line-1@192.0.2.1:5060>;expires=600');
    answer(200, contact(600), 10);
    const { state, endsInMs, seenAs } = statuses.at(-1)!;
    expect({ state, endsInMs, seenAs }).toEqual({ state: 'registered', endsInMs: 600_000, seenAs: '203.0.113.7:1024' });
  });

  test('RFC 3261 §10.2.4: is refreshed before what was granted to its own Contact runs out, under the same Call-ID', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { begin, answer, machine, expire, request } = registration(seed);
      begin(0);
      const first = request();
      answer(200, [['Contact', '<sip:else@192.0.2.9>;expires=9000, <sip:line-1@192.0.2.1>;expires=100']], 0);
      expect(machine.deadline()).toBeGreaterThanOrEqual(75_000);
      expect(machine.deadline()).toBeLessThanOrEqual(85_000);
      expire(machine.deadline());
      expect(machine.state).toBe('refreshing');
      expect(request().callId).toBe(first.callId);
      expect(request().cseq.number).toBeGreaterThan(first.cseq.number);
    }
  });

  test('RFC 3261 §10.2.8: asks for as long as the registrar wants after 423', () => {
    const { begin, answer, request, machine } = registration();
    begin(0);
    answer(423, [['Min-Expires', '1800']], 10);
    expect(machine.state).toBe('registering');
    expect(request().first('Expires')).toBe('1800');
    answer(423, [['Min-Expires', '1800']], 20);
    expect(machine.state).toBe('waiting');
  });

  test('RFC 5626 §4.5: waits twice as long after each failure, half to all of it by chance, and no longer than half an hour', () => {
    const { begin, silence, machine, expire } = registration();
    begin(0);
    let now = 0;
    const waits: number[] = [];
    for (let failure = 0; failure < 12; failure++) {
      silence(now);
      waits.push(machine.deadline() - now);
      now = machine.deadline();
      expire(now);
    }
    for (const [index, wait] of waits.entries()) {
      const upper = Math.min(1_800_000, 30_000 * 2 ** index);
      expect(wait).toBeGreaterThanOrEqual(upper / 2);
      expect(wait).toBeLessThanOrEqual(upper);
    }
  });

  test('RFC 3261 §20.33: waits at least as long as Retry-After says', () => {
    const { begin, answer, machine } = registration();
    begin(0);
    answer(503, [['Retry-After', '600 (maintenance)']], 0);
    expect(machine.deadline()).toBe(600_000);
  });

  test('begins again soon when its connection breaks', () => {
    const { begin, answer, flowFailed, machine, statuses } = registration();
    begin(0);
    answer(200, contact(600), 0);
    flowFailed(5_000);
    expect(statuses.at(-1)).toMatchObject({ state: 'waiting', detail: 'connection lost' });
    expect(machine.deadline() - 5_000).toBeLessThanOrEqual(2_000);
  });

  test('a refresh that nobody answers leaves it registered until the time is over, and truthfully not after', () => {
    const { begin, answer, machine, expire, statuses } = registration();
    begin(0);
    answer(200, contact(100), 0);
    expire(machine.deadline());
    expect(machine.state).toBe('refreshing');
    expect(machine.deadline()).toBe(100_000);
    expire(100_000);
    expect(statuses.at(-1)!.state).toBe('registering');
  });

  test('is taken away in the end, and given up when nobody confirms that', () => {
    for (const isConfirmed of [true, false]) {
      const { begin, answer, stop, request, machine, expire, statuses } = registration();
      begin(0);
      answer(200, contact(600), 0);
      stop(1_000);
      expect(request().first('Contact')).toContain(';expires=0');
      if (isConfirmed) answer(200, [], 1_010);
      else expire(machine.deadline());
      expect(machine.state).toBe('stopped');
      expect(statuses.at(-1)!.state).toBe('stopped');
      expect(machine.deadline()).toBe(Number.POSITIVE_INFINITY);
    }
  });
});
