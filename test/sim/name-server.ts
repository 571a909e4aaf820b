import { type Instant, NEVER } from '../../core/kernel/time.ts';
import { keyOf, type Lookup, type LookupAnswer, type Outcome, type RecordType } from '../../sip/locating/records.ts';

/** Records as a zone file writes them: `NAPTR pbx.example` → `10 50 s SIP+D2U _sip._udp.pbx.example`. */
export type Zone = Readonly<Record<string, readonly string[]>>;

const TTL_MS = 60_000;

/** A name server in memory. It answers after a while, and says nothing where `silent` names the query. */
export class NameServer {
  /** What was asked, in order: `SRV _sip._udp.pbx.example`. */
  readonly asked: string[] = [];
  zone: Zone;
  silent: ReadonlySet<string> = new Set();
  /** Queries that it refuses to answer (SERVFAIL). */
  failing: ReadonlySet<string> = new Set();
  readonly #delayMs: number;
  readonly #answers: { readonly at: Instant; readonly answer: LookupAnswer }[] = [];

  constructor(zone: Zone, delayMs = 20) {
    this.zone = zone;
    this.#delayMs = delayMs;
  }

  ask(lookup: Lookup, now: Instant): void {
    const key = keyOf(lookup);
    this.asked.push(key);
    if (this.silent.has(key)) return;
    this.#answers.push({
      at: now + this.#delayMs,
      answer: { number: lookup.number, outcome: this.#outcomeOf(key, lookup.type) },
    });
  }

  /** When the next answer arrives. */
  deadline(): Instant {
    return this.#answers[0]?.at ?? NEVER;
  }

  /** The next answer that has arrived. */
  poll(now: Instant): LookupAnswer | undefined {
    return this.deadline() <= now ? this.#answers.shift()!.answer : undefined;
  }

  /** Who asked is gone: nothing is answered that was asked before. */
  clear(): void {
    this.#answers.length = 0;
  }

  #outcomeOf(key: string, type: RecordType): Outcome {
    if (this.failing.has(key)) return { kind: 'failed', detail: 'SERVFAIL' };
    const lines = this.zone[key];
    return lines === undefined ? { kind: 'nothing' } : recordsOf(type, lines);
  }
}

function recordsOf(type: RecordType, lines: readonly string[]): Outcome {
  const kind = 'records';
  const rows = lines.map((line) => line.split(' '));
  switch (type) {
    case 'NAPTR': {
      const records = rows.map(([order, preference, flags = '', service = '', replacement = '', regexp = '']) => ({
        order: Number(order),
        preference: Number(preference),
        flags,
        service,
        regexp,
        replacement,
      }));
      return { kind, type, records, ttlMs: TTL_MS };
    }
    case 'SRV': {
      const records = rows.map(([priority, weight, port, target = '']) => ({
        priority: Number(priority),
        weight: Number(weight),
        port: Number(port),
        target,
      }));
      return { kind, type, records, ttlMs: TTL_MS };
    }
    default:
      return { kind, type, records: lines, ttlMs: TTL_MS };
  }
}
