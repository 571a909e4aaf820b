import type { Calendar } from '../kernel/clock.ts';
import type { LegId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/time.ts';
import type { MediaEvent, MediaPlane, SignalingEvent } from '../ports.ts';
import type { CallLife } from './call-life.ts';
import type { Externals } from './externals.ts';
import type { LedgerPorts } from './ledger.ts';
import type { Recordings } from './recordings.ts';

type Heard = Extract<MediaEvent, { kind: 'digit' }> | Extract<SignalingEvent, { kind: 'digitInformed' }>;

/** Digits of callers: told to whoever waits for them, whichever way they came. */
export class Digits {
  readonly #media: MediaPlane;
  readonly #journal: LedgerPorts['journal'];
  readonly #calendar: Calendar;
  readonly #life: CallLife;
  readonly #recordings: Recordings;
  readonly #externals: Externals;
  /** How the first digit of a leg came: a phone that sends each in two ways is heard in that one alone. */
  readonly #ways = new Map<LegId, Heard['kind']>();

  constructor(
    { media, journal, calendar }: LedgerPorts & { readonly media: MediaPlane },
    life: CallLife,
    recordings: Recordings,
    externals: Externals,
  ) {
    this.#media = media;
    this.#journal = journal;
    this.#calendar = calendar;
    this.#life = life;
    this.#recordings = recordings;
    this.#externals = externals;
  }

  receive({ kind, leg, digit, durationMs }: Heard, now: Instant): void {
    const record = this.#life.ledger.get(leg)?.record;
    if (record === undefined) return;
    const way = this.#ways.get(leg);
    if (way === undefined) this.#ways.set(leg, kind);
    else if (way !== kind) return;
    if (kind === 'digitInformed') this.#media.passDigit(leg, digit, durationMs);
    const { id: callId, customerId } = record;
    this.#journal.append(customerId, { type: 'dtmf_received', callId, digit, durationMs }, this.#calendar(now));
    this.#recordings.digit(callId, digit, now);
    this.#externals.key(callId, digit);
    this.#life.tell(callId, { kind: 'digit', digit, durationMs });
  }

  over(leg: LegId): void {
    this.#ways.delete(leg);
  }
}
