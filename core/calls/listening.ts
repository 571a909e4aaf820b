import type { CallDemand, CallNews } from '../flows/call-control.ts';
import type { LegId } from '../kernel/ids.ts';
import { LiveMap } from '../kernel/live-map.ts';
import type { Instant } from '../kernel/time.ts';
import type { MachineTerms, MediaEvent, MediaPlane } from '../ports.ts';
import type { Call } from './call.ts';
import type { CallLife } from './call-life.ts';

type Demand<Kind extends CallDemand['kind']> = Extract<CallDemand, { kind: Kind }>;
type Heard = Extract<MediaEvent, { kind: 'talkChanged' | 'toneHeard' | 'judged' }>;

/** How people greet: a word or two, said within two seconds, and then they wait. */
export const MACHINE_TERMS: MachineTerms = {
  initialSilenceMs: 2500,
  greetingMs: 1500,
  afterGreetingMs: 800,
  totalMs: 5000,
  wordMinMs: 100,
  wordMaxMs: 4000,
  betweenWordsMs: 100,
  wordsMax: 4,
};

interface Wish {
  talk: boolean;
  tones: boolean;
}

/** What flows want to hear of their calls, beside digits: talk, tones, and whether it is an answering machine. */
export class Listening {
  readonly #media: MediaPlane;
  readonly #life: CallLife;
  readonly #wishes = new LiveMap<LegId, Wish>();
  readonly #judging = new LiveMap<LegId, Demand<'judgeMachine'>>();

  constructor(media: MediaPlane, life: CallLife) {
    this.#media = media;
    this.#life = life;
  }

  /** Legs that somebody listens to. */
  get size(): number {
    return new Set([...this.#wishes.keys(), ...this.#judging.keys()]).size;
  }

  listen({ leg }: Call, { talk, tones }: Demand<'listen'>): void {
    if (talk || tones) this.#wishes.set(leg, { talk, tones });
    else this.#wishes.delete(leg);
    this.#media.listen(leg, { talk, tones, machine: undefined });
  }

  /** A new judging begins from the beginning. */
  judge({ leg }: Call, demand: Demand<'judgeMachine'>): void {
    this.#judging.set(leg, demand);
    const { talk, tones } = this.#wishes.get(leg) ?? { talk: false, tones: false };
    this.#media.listen(leg, { talk, tones, machine: MACHINE_TERMS });
  }

  receive(event: Heard, now: Instant): void {
    const call = this.#life.ledger.get(event.leg);
    if (call === undefined || !call.isGoingOn) return;
    const judging = this.#judging.get(event.leg);
    const news = newsOf(event, judging);
    if (news === undefined) return;
    this.#life.tell(call.record.id, news);
    if (event.kind !== 'judged') return;
    this.#judging.delete(event.leg);
    if (event.verdict === 'machine' && judging?.endsMachine === true) this.#life.end(event.leg, 'machine', now);
  }

  over(leg: LegId): void {
    this.#wishes.delete(leg);
    this.#judging.delete(leg);
  }
}

function newsOf(event: Heard, judging: Demand<'judgeMachine'> | undefined): CallNews | undefined {
  switch (event.kind) {
    case 'talkChanged':
      return { kind: 'talkChanged', change: event.change, levelDbov: event.levelDbov };
    case 'toneHeard':
      return { kind: 'toneHeard', tone: event.tone, frequencyHz: event.frequencyHz, durationMs: event.durationMs };
    case 'judged': {
      const { verdict, reason, afterMs } = event;
      return judging === undefined ? undefined : { kind: 'judged', token: judging.token, verdict, reason, afterMs };
    }
  }
}
