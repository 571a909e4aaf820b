import type { Settled } from '../accounts.ts';
import type { CallCommand } from '../command.ts';
import type { CallId, LegId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/time.ts';
import type {
  ArchiveEvent,
  FlowEvent,
  Flows,
  HttpEvent,
  MediaEvent,
  MediaPlane,
  SignalingEvent,
  StoreEvent,
} from '../ports.ts';
import { NO_FLOWS } from './absent-edges.ts';
import type { CallRecord } from './call-record.ts';
import { type CallSignal, isOfCall } from './call-signal.ts';
import type { Cause } from './cause.ts';
import type { Conferences } from './conferences.ts';
import type { Dialler } from './dialler.ts';
import type { Externals } from './externals.ts';
import type { Ledger } from './ledger.ts';
import type { MediaFigures } from './media-figures.ts';
import type { Parking } from './parking.ts';
import type { Recordings } from './recordings.ts';
import type { Sounds } from './sounds.ts';
import type { Supervisions } from './supervisions.ts';
import { type SwitchParts, switchParts } from './switch-parts.ts';
import type { LeftBehind, SwitchPorts } from './switch-ports.ts';

/**
 * The call engine: what signalling, media and flows report becomes calls, connections, records and events. It decides
 * from memory alone, and every effect goes through a port. Here is who gets what; the parts do the rest:
 *
 *     offered ─▶ Incoming ─▶ Connecting ─▶ Dialler      an extension was dialled: its phones ring
 *                   └──────▶ Flows ─▶ CallControl       a number was dialled: its flow demands
 *     command ─▶ CallCommands ─▶ Outgoing ─▶ Dialler    somebody asked for calls
 */
export class Switch {
  readonly ledger: Ledger;
  readonly conferences: Conferences;
  readonly recordings: Recordings;
  readonly externals: Externals;
  readonly sounds: Sounds;
  readonly supervisions: Supervisions;
  readonly parking: Parking;
  readonly dialler: Dialler;
  readonly #media: MediaPlane;
  readonly #flows: Flows;
  readonly #parts: SwitchParts;
  /** Those for whom callees ring. */
  readonly #ringing: readonly SwitchParts['connecting' | 'transfers' | 'consultations' | 'parking'][];

  constructor(ports: SwitchPorts) {
    const flows = ports.flows ?? NO_FLOWS;
    const parts = switchParts(ports, flows);
    this.#media = ports.media;
    this.#flows = flows;
    this.#parts = parts;
    this.#ringing = [parts.connecting, parts.transfers, parts.consultations, parts.parking];
    this.ledger = parts.life.ledger;
    this.conferences = parts.conferences;
    this.recordings = parts.recordings;
    this.externals = parts.externals;
    this.sounds = parts.sounds;
    this.supervisions = parts.supervisions;
    this.parking = parts.parking;
    this.dialler = parts.dialler;
  }

  /** How a live call is heard so far; null before its first packet, and of one that is over. */
  mediaNow(id: CallId): MediaFigures | null {
    const leg = this.ledger.legOf(id);
    return (leg === undefined ? undefined : this.#media.figures(leg)) ?? null;
  }

  get bridgeCount(): number {
    return this.#parts.connections.count;
  }

  /** Legs that were dialled by command and have not answered. */
  get waitingCount(): number {
    return this.#parts.outgoing.waitingCount;
  }

  get heldCount(): number {
    return this.#parts.holding.heldCount;
  }

  /** Legs of transfers that are not over, and legs that are parked or ring for one that is. */
  get transferCount(): number {
    const { transfers, consultations, referring, parking } = this.#parts;
    return transfers.size + consultations.size + referring.size + parking.size;
  }

  /** Legs that hear music on hold. */
  get musicCount(): number {
    return this.#parts.music.hearerCount;
  }

  /** Legs that somebody listens to for more than digits. */
  get listenedCount(): number {
    return this.#parts.listening.size;
  }

  get timerCount(): number {
    return this.#parts.life.timerCount;
  }

  /** Legs left behind by an earlier process that are still being hung up. */
  get leftBehindCount(): number {
    return this.#parts.leftBehind.count;
  }

  recordOf(id: CallId): CallRecord | undefined {
    const leg = this.ledger.legOf(id);
    return leg === undefined ? undefined : this.ledger.get(leg)?.record;
  }

  // ── Inputs ────────────────────────────────────────────────────────────────────────────────────────────────

  receive(event: SignalingEvent | MediaEvent, now: Instant): void {
    if (isOfCall(event)) this.#handle(event, now);
    this.#finish(now);
  }

  /** What whoever runs flows asks of calls. */
  receiveFlow(event: Exclude<FlowEvent, { kind: 'settled' }>, now: Instant): void {
    this.#parts.control.receive(event, now);
    this.#finish(now);
  }

  /** Outcomes of requests made in the name of `calls`, and what the archive found. */
  receiveSound(event: HttpEvent | ArchiveEvent, now: Instant): void {
    this.sounds.receive(event, now);
    this.#finish(now);
  }

  /** To be told of every store event, after the accounts have been. */
  receiveStore(event: StoreEvent, now: Instant): void {
    this.conferences.receive(event, now);
    this.recordings.receiveStore(event, now);
    this.sounds.recordingsMoved(now);
    this.#parts.outgoing.receive(event, now);
    this.#finish(now);
  }

  /** A command that was judged already; `poll` tells how it ended. */
  execute(ticket: number, command: CallCommand, now: Instant): void {
    this.#parts.commands.execute(ticket, command, now);
    this.#finish(now);
  }

  /** A program is about to take over the call: it is told what happens to it, though no flow runs on it. */
  drive(id: CallId): void {
    this.#parts.life.drive(id);
  }

  /** The next command that has ended. */
  poll(): Settled | undefined {
    return this.#parts.commands.poll();
  }

  /** Ends a live call. False when there is none with this id. */
  hangup(id: CallId, cause: Cause, now: Instant): boolean {
    const leg = this.ledger.legOf(id);
    if (leg === undefined) return false;
    this.#parts.life.end(leg, cause, now);
    this.#finish(now);
    return true;
  }

  /** Hangs up a live call and marks its record as deleted. False when there is none with this id. */
  remove(id: CallId, now: Instant): boolean {
    const leg = this.ledger.legOf(id);
    if (leg === undefined) return false;
    this.ledger.markDeleted(leg, now);
    this.#parts.life.end(leg, 'normal', now);
    this.#finish(now);
    return true;
  }

  /** Ends every call; when the switch shuts down, no others are made by command. */
  hangupAll(cause: Cause, now: Instant): void {
    if (cause === 'shutting-down') this.#parts.commands.close();
    for (const leg of this.ledger.legs()) this.#parts.life.end(leg, cause, now);
    this.#finish(now);
  }

  /**
   * Takes up what an earlier process left: calls that were live in its store end with the cause `crashed`, and BYE is
   * sent in each of the confirmed dialogs that it kept. Nobody is in a conference any more; recordings are repaired.
   */
  restore(left: LeftBehind, now: Instant): void {
    this.#parts.leftBehind.end(left, now);
    this.conferences.restore(left.conferencecalls ?? [], now);
    this.recordings.restore(left.recordings ?? [], now);
    this.#finish(now);
  }

  /** Acts on one due timer of each part. Call again while `deadline()` is not after `now`. */
  expire(now: Instant): void {
    const due = this.#parts.life.takeDue(now);
    if (due?.kind === 'duration') this.#parts.life.end(due.leg, 'timeout', now);
    else if (due?.kind === 'tone') this.#parts.life.end(due.leg, 'normal', now);
    else if (due !== undefined && !this.#giveUp(due.leg, now)) this.#parts.life.end(due.leg, 'no-answer', now);
    if (this.#parts.holding.deadline() <= now) this.#parts.holding.expire(now);
    if (this.conferences.deadline() <= now) this.conferences.expire(now);
    if (this.recordings.deadline() <= now) this.recordings.expire(now);
    this.#finish(now);
  }

  #giveUp(leg: LegId, now: Instant): boolean {
    return this.#ringing.some((part) => part.giveUp(leg, now));
  }

  deadline(): Instant {
    return Math.min(
      this.#parts.life.deadline(),
      this.#parts.holding.deadline(),
      this.conferences.deadline(),
      this.recordings.deadline(),
    );
  }

  // ── Who gets what ─────────────────────────────────────────────────────────────────────────────────────────

  #handle(event: CallSignal | MediaEvent, now: Instant): void {
    switch (event.kind) {
      case 'offered':
        this.#parts.incoming.offered(event, now);
        break;
      case 'located':
        this.dialler.located(event.leg, event.peer, now);
        break;
      case 'ringing': {
        const call = this.ledger.get(event.leg);
        if (event.isOffer === true) this.#answerOffer(event.leg, event.body, now);
        if (call !== undefined) (this.#calleesOf(call.leg) ?? this.#parts.connecting).ringing(call, event.body, now);
        break;
      }
      case 'answered':
        if (event.isOffer === true) this.#answerOffer(event.leg, event.body, now);
        this.#answered(event.leg, event.body, event.dialog, now);
        break;
      case 'failed':
        if (this.dialler.failsOver(event, now)) break;
        if (event.redirects !== undefined) this.#parts.connecting.redirected(event.leg, event.redirects, now);
        this.#over(event.leg, event.cause, now);
        break;
      case 'ended':
        this.#over(event.leg, event.cause, now);
        break;
      case 'confirmed':
        this.#parts.life.confirmed(event.leg, event.body, now);
        if (event.body !== undefined && this.ledger.get(event.leg) !== undefined)
          this.#parts.holding.settled(event.leg);
        break;
      case 'dialogChanged':
        this.ledger.saveDialog(event.leg, event.dialog);
        break;
      case 'reoffered':
        if (this.ledger.get(event.leg) !== undefined) this.#parts.holding.reoffered(event.leg, event.offer);
        break;
      case 'referred':
        if (!this.#parts.parkTransfers.referred(event, now)) this.#parts.transfers.referred(event, now);
        break;
      case 'referralTold':
        this.#parts.transfers.told(event.referral, now);
        break;
      case 'referSettled':
        this.#parts.referring.settled(event, now);
        break;
      case 'referProgressed': // Nobody waits for it: whom it rings for hears the other side.
        break;
      case 'digitInformed':
        this.#parts.digits.receive(event, now);
        break;
      case 'reanswered':
        if (this.ledger.get(event.leg) !== undefined) this.#parts.holding.reanswered(event, now);
        break;
      default:
        this.#handleMedia(event, now);
    }
  }

  #handleMedia(event: MediaEvent, now: Instant): void {
    switch (event.kind) {
      case 'played': {
        const isOfList = this.sounds.isPlayingTo(event.leg);
        this.sounds.receive(event, now);
        this.#parts.music.played(event.leg, isOfList ? 'finished' : event.outcome, event.detail, now);
        break;
      }
      case 'mixPlayed':
        this.sounds.receive(event, now);
        this.conferences.hear(event, now);
        break;
      case 'talkerChanged':
        this.conferences.hear(event, now);
        break;
      case 'digit':
        this.#parts.digits.receive(event, now);
        break;
      case 'judged':
      case 'talkChanged':
      case 'toneHeard':
        this.#parts.listening.receive(event, now);
        break;
      case 'recorded': {
        const record = this.recordings.receive(event, now);
        if (record !== undefined) this.#parts.recording.ended(record, now);
        this.sounds.recordingsMoved(now);
        break;
      }
      case 'externalOpened':
      case 'externalEnded':
        this.externals.receive(event, now);
        break;
      case 'silent':
        this.#parts.life.end(event.leg, 'media-lost', now);
        break;
      case 'workerLost':
        for (const leg of event.legs) this.#parts.life.end(leg, 'media-failed', now);
        break;
    }
  }

  /** One whose call is ending gets no answer: signalling hangs it up. */
  #answerOffer(leg: LegId, offer: Uint8Array | undefined, now: Instant): void {
    const call = this.ledger.get(leg);
    if (call?.isGoingOn === true) this.#parts.life.answerOffer(call, offer, now);
  }

  #answered(leg: LegId, body: Uint8Array | undefined, dialog: string, now: Instant): void {
    const call = this.ledger.get(leg);
    // The answer crossed our CANCEL, or came after another contact's: signalling hangs it up.
    if (call === undefined || !call.isGoingOn) return;
    this.dialler.answered(leg);
    const callees = this.#calleesOf(leg);
    if (callees !== undefined) callees.answered(call, body, dialog, now);
    else if (this.#parts.outgoing.isWaitingFor(leg)) this.#parts.outgoing.answered(call, body, dialog, now);
  }

  /** Whoever knows for whom this callee rings; undefined when it rings for nobody. */
  #calleesOf(leg: LegId): SwitchParts['connecting' | 'transfers' | 'consultations' | 'parking'] | undefined {
    return this.#ringing.find((part) => part.isTarget(leg));
  }

  // ── The end ───────────────────────────────────────────────────────────────────────────────────────────────

  #over(leg: LegId, cause: Cause, now: Instant): void {
    if (this.#parts.leftBehind.over(leg)) return;
    const call = this.ledger.get(leg);
    if (call === undefined) return;
    const isTold = this.#parts.life.isTold(call);
    this.#parts.life.conclude(call, cause, now);
    const { record } = call;
    const final = record.cause ?? cause;
    this.#part(leg, record.id, final, now);
    this.#parts.connecting.missed(leg, final, now);
    this.#parts.transfers.missed(leg, final, now);
    this.#parts.consultations.missed(leg, final);
    this.#parts.parking.missed(leg, final, now);
    this.#parts.digits.over(leg);
    this.#parts.listening.over(leg);
    this.dialler.over(leg);
    this.#parts.outgoing.over(leg);
    this.#parts.control.over(leg);
    this.#parts.holding.over(leg);
    this.#parts.music.over(leg);
    this.#media.close(leg);
    if (isTold) this.#flows.tell(record.id, { kind: 'ended', call: record });
  }

  /** A call ends: what it hears and what hears it. */
  #part(leg: LegId, id: CallId, cause: Cause, now: Instant): void {
    this.sounds.over(leg);
    this.conferences.over(id, now);
    this.recordings.over({ type: 'call', id }, now);
    this.externals.stopAll({ type: 'call', id });
    this.#parts.referring.part(leg);
    this.#parts.transfers.part(leg, cause, now);
    this.#parts.consultations.part(leg, cause, now);
    this.#parts.parking.part(leg, now);
    this.#parts.supervisions.over(leg, now);
    this.#parts.connecting.part(leg, cause, now);
  }

  /** What ended takes along what depends on it; then the store gets what has changed. */
  #finish(now: Instant): void {
    for (let ending = this.#parts.life.pollEnding(); ending !== undefined; ending = this.#parts.life.pollEnding()) {
      const call = this.ledger.get(ending.leg);
      if (call !== undefined) this.#part(ending.leg, call.record.id, ending.cause, now);
    }
    this.ledger.commit();
  }
}
