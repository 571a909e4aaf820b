import type { Settled } from '../accounts.ts';
import type { CallCommand, CommandResult, Refusal } from '../command.ts';
import type { Directory } from '../directory/directory.ts';
import type { Calendar } from '../kernel/clock.ts';
import type { Instant } from '../kernel/time.ts';
import type { MediaPlane } from '../ports.ts';
import { notFound, SHUTTING_DOWN, stateInvalid } from '../refusal.ts';
import type { Call } from './call.ts';
import { type CallLife, partyOf } from './call-life.ts';
import { type CallRecording, notProgressing } from './call-recording.ts';
import { nothingPlayed } from './conference-orders.ts';
import type { Conferences } from './conferences.ts';
import type { ExternalMediaRecord } from './external-media-record.ts';
import type { Externals, ExternalsStart } from './externals.ts';
import type { HoldMusic } from './hold-music.ts';
import { type Holding, mutedBy } from './holding.ts';
import { programTerms } from './member-terms.ts';
import type { Outgoing } from './outgoing.ts';
import type { ParkTransfers } from './park-transfers.ts';
import type { RecordingReference } from './recording-record.ts';
import type { Recordings } from './recordings.ts';
import type { Sounds } from './sounds.ts';
import type { Supervisions } from './supervisions.ts';
import type { TransferCommands } from './transfer-commands.ts';

export interface CallCommandsPorts {
  readonly directory: Directory;
  readonly media: MediaPlane;
  readonly calendar: Calendar;
}

/** Whom commands go to. */
export interface CallCommandsParts {
  readonly conferences: Conferences;
  readonly externals: Externals;
  readonly holding: Holding;
  readonly music: HoldMusic;
  readonly outgoing: Outgoing;
  readonly parkTransfers: ParkTransfers;
  readonly recording: CallRecording;
  readonly recordings: Recordings;
  readonly sounds: Sounds;
  readonly supervisions: Supervisions;
  readonly transferCommands: TransferCommands;
}

type CommandOf<Kind extends CallCommand['kind']> = Extract<CallCommand, { kind: Kind }>;

/** What is played by command is no action of a flow. */
const NO_TOKEN = -1;

/** What is asked of calls, conferences and recordings that live. Rights were judged before. */
export class CallCommands {
  readonly #ports: CallCommandsPorts;
  readonly #life: CallLife;
  readonly #parts: CallCommandsParts;
  readonly #settled: Settled[] = [];
  #isClosed = false;

  constructor(ports: CallCommandsPorts, life: CallLife, parts: CallCommandsParts) {
    this.#ports = ports;
    this.#life = life;
    this.#parts = parts;
  }

  /** From here on no calls are made. */
  close(): void {
    this.#isClosed = true;
  }

  execute(ticket: number, command: CallCommand, now: Instant): void {
    switch (command.kind) {
      case 'hangupCall':
        this.#hangup(ticket, command, now);
        break;
      case 'holdCall':
        this.#onProgressing(ticket, command.id, ({ leg }) => this.#parts.holding.hold(leg, command.mode));
        break;
      case 'entertainCall':
        this.#onProgressing(ticket, command.id, ({ leg }) => this.#parts.music.order(leg, command.mode));
        break;
      case 'transferCall': {
        const begun = this.#isClosed ? SHUTTING_DOWN : this.#parts.transferCommands.begin(command, now);
        if ('code' in begun) this.#refuse(ticket, begun);
        else this.#answer(ticket, { kind: 'done', ...begun });
        break;
      }
      case 'parkCall':
        this.#settle(ticket, command.id, this.#parts.parkTransfers.execute(command, now));
        break;
      case 'muteCall':
        this.#onProgressing(ticket, command.id, (call) => this.#mute(call, command, now));
        break;
      case 'amplifyCall':
        this.#onProgressing(ticket, command.id, ({ leg }) =>
          this.#ports.media.amplify(leg, command.inDb, command.outDb),
        );
        break;
      case 'superviseCall':
        this.#settle(ticket, command.id, this.#supervise(command, now));
        break;
      case 'endSupervision':
        this.#onProgressing(ticket, command.id, ({ leg }) => this.#parts.supervisions.end(leg, now));
        break;
      case 'createCalls':
        this.#refuse(ticket, this.#isClosed ? SHUTTING_DOWN : this.#parts.outgoing.create(ticket, command, now));
        break;
      case 'startRecording':
        this.#refuse(ticket, this.#startRecording(ticket, command, now));
        break;
      case 'stopRecording':
      case 'pauseRecording':
        this.#settle(ticket, command.reference.id, this.#steerRecording(command, now));
        break;
      case 'startExternalMedia':
        this.#connectProgram(ticket, command, now);
        break;
      case 'playConferencecall':
      case 'steerConferencecall':
        this.#settle(ticket, command.id, this.#play(command, now));
        break;
      default:
        this.#parts.conferences.execute(ticket, command, now);
    }
  }

  /** The next command that has ended. */
  poll(): Settled | undefined {
    const { conferences, outgoing, recordings } = this.#parts;
    return this.#settled.shift() ?? outgoing.poll() ?? recordings.poll() ?? conferences.poll();
  }

  #hangup(ticket: number, { id }: CommandOf<'hangupCall'>, now: Instant): void {
    const leg = this.#life.ledger.legOf(id);
    if (leg !== undefined) this.#life.end(leg, 'normal', now);
    this.#done(ticket, id);
  }

  #onProgressing(ticket: number, id: Call['record']['id'], act: (call: Call) => void): void {
    const leg = this.#life.ledger.legOf(id);
    const call = leg === undefined ? undefined : this.#life.ledger.get(leg);
    if (call === undefined) this.#refuse(ticket, notFound('live call', id));
    else if (call.status !== 'progressing') this.#refuse(ticket, notProgressing(call));
    else {
      act(call);
      this.#done(ticket, id);
    }
  }

  #supervise({ id, supervised, mode }: CommandOf<'superviseCall'>, now: Instant): Refusal | undefined {
    const { conferences, supervisions } = this.#parts;
    const [call, other] = [this.#life.goingOn(id), this.#life.goingOn(supervised)];
    if (call === undefined) return notFound('live call', id);
    if (other === undefined) return notFound('live call', supervised, 'call_id');
    const early = [call, other].find(({ status }) => status !== 'progressing');
    if (early !== undefined) return notProgressing(early);
    if (conferences.isIn(id))
      return stateInvalid(`call ${id} is in a conference`, 'a supervisor who is alone', 'joined');
    return supervisions.begin(partyOf(call), partyOf(other), mode, undefined, now);
  }

  /** To one who is in a conference, besides what it hears there. */
  #play(command: CommandOf<'playConferencecall' | 'steerConferencecall'>, now: Instant): Refusal | undefined {
    const { id } = command;
    const { conferences, sounds } = this.#parts;
    const reference = conferences.conferencecall(id)?.reference;
    if (reference?.type === 'external_media') {
      return stateInvalid(`conferencecall ${id} is a program`, 'a call, which can be played to', reference.type);
    }
    const leg = reference === undefined ? undefined : this.#life.ledger.legOf(reference.id);
    if (leg === undefined) return notFound('live conferencecall', id);
    if (command.kind === 'steerConferencecall') {
      if (!sounds.isPlayingTo(leg)) return nothingPlayed(`conferencecall ${id}`);
      sounds.steer(leg, command.order);
    } else if (command.urls.length === 0) sounds.stop(leg);
    else sounds.start(partyOf(this.#life.ledger.get(leg)!), command.urls, NO_TOKEN, now);
    return undefined;
  }

  #mute(call: Call, { direction, mode }: CommandOf<'muteCall'>, now: Instant): void {
    const muteDirection = mutedBy(call.record.muteDirection, direction, mode);
    if (muteDirection === call.record.muteDirection) return;
    this.#ports.media.mute(call.leg, muteDirection);
    call.change({ muteDirection }, this.#ports.calendar(now));
    this.#life.ledger.publish('call_updated', call, now);
  }

  #steerRecording(command: CommandOf<'stopRecording' | 'pauseRecording'>, now: Instant): Refusal | undefined {
    const { recordings } = this.#parts;
    if (command.kind === 'stopRecording') return recordings.stop(command.reference, now);
    return recordings.pause(command.reference, command.mode, now);
  }

  /** Undefined when `recordings` will tell. */
  #startRecording(ticket: number, command: CommandOf<'startRecording'>, now: Instant): Refusal | undefined {
    const { reference, limits } = command;
    if (reference.type === 'call') {
      const leg = this.#life.ledger.legOf(reference.id);
      if (leg === undefined) return notFound('live call', reference.id);
      return this.#parts.recording.start(this.#life.ledger.get(leg)!, limits, ticket, now);
    }
    const place = this.#placeOf(reference);
    if ('code' in place) return place;
    const started = this.#parts.recordings.start({ ...place, reference, limits, activeflowId: null, ticket }, now);
    return 'code' in started ? started : undefined;
  }

  #connectProgram(ticket: number, command: CommandOf<'startExternalMedia'>, now: Instant): void {
    const started = this.#startProgram(command, now);
    if ('code' in started) this.#refuse(ticket, started);
    else this.#done(ticket, started.id);
  }

  #startProgram(command: CommandOf<'startExternalMedia'>, now: Instant): ExternalMediaRecord | Refusal {
    const { reference, id, wish } = command;
    const found = this.#placeOf(reference);
    if ('code' in found) return found;
    const terms = programTerms(wish.speak, command.terms);
    if (reference.type === 'confbridge') {
      const why = this.#parts.conferences.whyNot(found.customerId, reference.id, terms);
      if (why !== undefined) return stateInvalid(why, 'a conference that lets it in', 'closed');
    }
    return this.#parts.externals.start({ ...found, reference, wish, terms, id, asker: undefined, token: 0 }, now);
  }

  /** What there is to be heard of a call or conference, and whose it is. */
  #placeOf(reference: RecordingReference): Pick<ExternalsStart, 'source' | 'customerId'> | Refusal {
    if (reference.type === 'call') {
      const leg = this.#life.ledger.legOf(reference.id);
      const call = leg === undefined ? undefined : this.#life.ledger.get(leg);
      if (call === undefined) return notFound('live call', reference.id);
      if (call.status !== 'progressing') return notProgressing(call);
      return { source: { kind: 'leg', leg: call.leg }, customerId: call.record.customerId };
    }
    const conference = this.#ports.directory.conferences.get(reference.id);
    if (conference === undefined) return notFound('conference', reference.id);
    const { id, customerId, status } = conference;
    if (status !== 'progressing') {
      return stateInvalid(`conference ${id} is ${status}`, 'a conference that is progressing', status);
    }
    return { source: { kind: 'mix', mix: this.#parts.conferences.mixOf(id) }, customerId };
  }

  #settle(ticket: number, id: string, refusal: Refusal | undefined): void {
    if (refusal === undefined) this.#done(ticket, id);
    else this.#refuse(ticket, refusal);
  }

  #done(ticket: number, id: string): void {
    this.#answer(ticket, { kind: 'done', id });
  }

  #refuse(ticket: number, refusal: Refusal | undefined): void {
    if (refusal !== undefined) this.#answer(ticket, { kind: 'refused', refusal });
  }

  #answer(ticket: number, result: CommandResult): void {
    this.#settled.push({ ticket, result });
  }
}
