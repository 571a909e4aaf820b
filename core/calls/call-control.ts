import type { Refusal } from '../command.ts';
import type { CallDemand } from '../flows/call-control.ts';
import type { LegId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/time.ts';
import type { FlowEvent, MediaPlane } from '../ports.ts';
import type { Call } from './call.ts';
import { type CallLife, partyOf } from './call-life.ts';
import type { CallRecording } from './call-recording.ts';
import type { Conferences } from './conferences.ts';
import type { Connecting } from './connecting.ts';
import type { Consultations } from './consultations.ts';
import type { ExternalMediaRecord } from './external-media-record.ts';
import type { Externals } from './externals.ts';
import type { HoldMusic } from './hold-music.ts';
import type { Listening } from './listening.ts';
import { programTerms } from './member-terms.ts';
import type { Parking } from './parking.ts';
import type { Recordings } from './recordings.ts';
import type { Sounds } from './sounds.ts';
import type { Supervisions } from './supervisions.ts';
import type { Transfers } from './transfers.ts';

/** Whom the demands of flows go to. */
export interface CallControlParts {
  readonly connecting: Connecting;
  readonly conferences: Conferences;
  readonly consultations: Consultations;
  readonly externals: Externals;
  readonly music: HoldMusic;
  readonly listening: Listening;
  readonly parking: Parking;
  readonly recording: CallRecording;
  readonly recordings: Recordings;
  readonly sounds: Sounds;
  readonly supervisions: Supervisions;
  readonly transfers: Transfers;
}

type Demand<Kind extends CallDemand['kind']> = Extract<CallDemand, { kind: Kind }>;

/** A caller who hears the busy tone hangs up, or is hung up after so long. */
const BUSY_TONE_MS = 4_000;

/** What flows ask of their calls. A call that is ending is asked in vain: its flow is being told. */
export class CallControl {
  readonly #media: MediaPlane;
  readonly #life: CallLife;
  readonly #parts: CallControlParts;
  readonly #echoing = new Set<LegId>();

  constructor(media: MediaPlane, life: CallLife, parts: CallControlParts) {
    this.#media = media;
    this.#life = life;
    this.#parts = parts;
  }

  receive(event: Exclude<FlowEvent, { kind: 'settled' }>, now: Instant): void {
    const call = this.#life.goingOn(event.call);
    if (call === undefined) return;
    if (event.kind === 'completed') this.#complete(call, now);
    else if (call.record.direction === 'outgoing' && !call.isAnswered && event.demand.kind !== 'hangup') {
      // A program may attach itself before anybody answered: there is nothing yet that could be played or recorded.
      this.#refuse(call, event.demand, `call ${call.record.id} is ${call.status}`);
    } else {
      this.#parts.connecting.takeFailure(call.leg);
      this.#meet(call, event.demand, now);
    }
  }

  over(leg: LegId): void {
    this.#echoing.delete(leg);
  }

  /** Nothing runs on the call any more: it ends. Who was answered and then could not be connected hears why. */
  #complete(call: Call, now: Instant): void {
    if (!call.isAnswered || !this.#parts.connecting.takeFailure(call.leg)) {
      this.#life.end(call.leg, 'normal', now);
      return;
    }
    this.#media.play(call.leg, { kind: 'tone', tone: 'busy' });
    this.#life.arm('tone', call.leg, now + BUSY_TONE_MS);
  }

  #meet(call: Call, demand: CallDemand, now: Instant): void {
    const { connecting, conferences } = this.#parts;
    switch (demand.kind) {
      case 'answer':
        this.#answer(call, now);
        this.#life.tellAnswered(call);
        break;
      case 'hangup':
        this.#hangup(call, demand, now);
        break;
      case 'connect':
        this.#leaveOthers(call, now);
        connecting.connect(call, demand, now);
        break;
      case 'disconnect':
        this.#dropTransfers(call, now);
        connecting.disconnect(call, now);
        break;
      case 'joinConference':
        this.#join(call, demand, now);
        break;
      case 'leaveConference':
        conferences.leave(call.record.id, now);
        break;
      case 'supervise':
        this.#supervise(call, demand, now);
        break;
      case 'stopSupervising':
        this.#parts.supervisions.end(call.leg, now);
        break;
      case 'listen':
        this.#life.openEarly(call, now);
        this.#parts.listening.listen(call, demand);
        break;
      case 'judgeMachine':
        if (call.isAnswered) this.#parts.listening.judge(call, demand);
        else this.#refuse(call, demand, `call ${call.record.id} is ${call.status}`);
        break;
      case 'startRecording':
        this.#record(call, demand, now);
        break;
      case 'stopRecording':
        this.#stopRecording(call, demand, now);
        break;
      case 'pauseRecording':
        this.#pauseRecording(call, demand, now);
        break;
      case 'startExternalMedia':
      case 'stopExternalMedia':
        if (demand.kind === 'startExternalMedia') this.#connectProgram(call, demand, now);
        else this.#parts.externals.stopOf(call.record.id);
        break;
      case 'changeMember':
      case 'kickMember':
        this.#steerMember(call, demand, now);
        break;
      default:
        this.#sound(call, demand, now);
    }
  }

  /** What the far end hears. One who has not answered yet hears it as early media. */
  #sound(
    call: Call,
    demand: Demand<'play' | 'beep' | 'stopPlaying' | 'steerPlaying' | 'echo' | 'stopEcho' | 'sendDigits'>,
    now: Instant,
  ): void {
    const media = this.#media;
    const { sounds } = this.#parts;
    switch (demand.kind) {
      case 'play':
        this.#life.openEarly(call, now);
        sounds.start(partyOf(call), demand.urls, demand.token, now, demand.times);
        break;
      case 'steerPlaying':
        sounds.steer(call.leg, demand.order);
        break;
      case 'beep':
        this.#life.openEarly(call, now);
        sounds.start(partyOf(call), ['tone:beep'], demand.token, now);
        break;
      case 'stopPlaying':
        sounds.stop(call.leg);
        this.#parts.music.played(call.leg, 'finished', '', now);
        break;
      case 'echo':
        this.#life.openEarly(call, now);
        this.#leaveOthers(call, now);
        this.#echoing.add(call.leg);
        media.echo(call.leg);
        break;
      case 'stopEcho':
        if (this.#echoing.delete(call.leg)) media.unbridge(call.leg);
        break;
      case 'sendDigits':
        this.#life.openEarly(call, now);
        media.sendDigits(call.leg, demand.digits, demand.durationMs, demand.intervalMs);
        break;
    }
  }

  #answer(call: Call, now: Instant): void {
    if (call.isAnswered) return;
    this.#life.answer(call, undefined, now);
    this.#life.armDuration(call.leg, now);
  }

  #hangup(call: Call, demand: Demand<'hangup'>, now: Instant): void {
    const { like } = demand;
    if (like !== null && this.#life.goingOn(like) !== undefined) {
      this.#refuse(call, demand, `call ${like} still lives`);
      return;
    }
    const cause = like === null ? undefined : this.#life.ledger.causeOf(like);
    this.#life.end(call.leg, cause ?? demand.cause, now);
  }

  #join(call: Call, demand: Demand<'joinConference'>, now: Instant): void {
    this.#answer(call, now);
    this.#echoing.delete(call.leg);
    this.#parts.supervisions.end(call.leg, now);
    this.#dropTransfers(call, now);
    this.#parts.connecting.drop(call.leg, now);
    const detail = this.#parts.conferences.join(partyOf(call), demand.conferenceId, demand.token, now, demand.terms);
    if (detail !== undefined) this.#refuse(call, demand, detail);
  }

  #supervise(call: Call, demand: Demand<'supervise'>, now: Instant): void {
    const { callId, mode, token } = demand;
    const supervised = this.#life.goingOn(callId);
    if (supervised?.isAnswered !== true || supervised.record.customerId !== call.record.customerId) {
      this.#refuse(call, demand, `no answered call ${callId}`);
      return;
    }
    this.#answer(call, now);
    this.#leaveOthers(call, now);
    const refusal = this.#parts.supervisions.begin(partyOf(call), partyOf(supervised), mode, token, now);
    if (refusal !== undefined) this.#refuse(call, demand, refusal.message);
  }

  #record(call: Call, demand: Demand<'startRecording'>, now: Instant): void {
    const refusal = this.#parts.recording.start(call, demand.limits, undefined, now);
    if (refusal !== undefined) this.#refuse(call, demand, refusal.message);
  }

  #connectProgram(call: Call, demand: Demand<'startExternalMedia'>, now: Instant): void {
    const { token, wish, conference } = demand;
    const { conferences, externals } = this.#parts;
    const { id, customerId } = call.record;
    const terms = programTerms(wish.speak, conference?.terms);
    const start = { customerId, wish, terms, token, asker: id, id: null } as const;
    let started: ExternalMediaRecord | Refusal;
    if (conference === undefined) {
      this.#life.openEarly(call, now);
      const source = { kind: 'leg', leg: call.leg } as const;
      started = externals.start({ ...start, source, reference: { type: 'call', id } }, now);
    } else {
      const why = conferences.whyNot(customerId, conference.id, terms);
      if (why !== undefined) {
        this.#refuse(call, demand, why);
        return;
      }
      const source = { kind: 'mix', mix: conferences.mixOf(conference.id) } as const;
      started = externals.start({ ...start, source, reference: { type: 'confbridge', id: conference.id } }, now);
    }
    if ('code' in started) this.#refuse(call, demand, started.message);
  }

  #steerMember(call: Call, demand: Demand<'changeMember' | 'kickMember'>, now: Instant): void {
    const { conferences } = this.#parts;
    const { id } = demand;
    if (conferences.conferencecall(id)?.customerId !== call.record.customerId) {
      this.#refuse(call, demand, `no live conferencecall ${id}`);
    } else conferences.steer(id, demand.kind === 'kickMember' ? 'kick' : demand.changes, now);
  }

  #stopRecording(call: Call, demand: Demand<'stopRecording'>, now: Instant): void {
    const refusal = this.#parts.recordings.stop({ type: 'call', id: call.record.id }, now);
    if (refusal !== undefined) this.#refuse(call, demand, refusal.message);
  }

  #pauseRecording(call: Call, demand: Demand<'pauseRecording'>, now: Instant): void {
    const refusal = this.#parts.recordings.pause({ type: 'call', id: call.record.id }, demand.mode, now);
    if (refusal !== undefined) this.#refuse(call, demand, refusal.message);
  }

  /** A call hears one thing at a time: the echo, a conference, or whom it is connected to. */
  #leaveOthers(call: Call, now: Instant): void {
    if (this.#echoing.delete(call.leg)) this.#media.unbridge(call.leg);
    this.#parts.conferences.leave(call.record.id, now);
    this.#parts.supervisions.end(call.leg, now);
    this.#dropTransfers(call, now);
    this.#parts.connecting.drop(call.leg, now);
  }

  #dropTransfers({ leg }: Call, now: Instant): void {
    this.#parts.transfers.drop(leg, now);
    this.#parts.consultations.drop(leg, now);
    this.#parts.parking.part(leg, now);
  }

  #refuse(call: Call, demand: CallDemand, detail: string): void {
    this.#life.tell(call.record.id, { kind: 'refused', demand, detail });
  }
}
