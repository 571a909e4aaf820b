import type { Settled } from '../accounts.ts';
import type { CallCommand } from '../command.ts';
import type { CallId, LegId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/time.ts';
import type { ArchiveEvent, FlowEvent, Flows, HttpEvent, MediaEvent, SignalingEvent, StoreEvent } from '../ports.ts';
import { NO_ARCHIVE, NO_FLOWS, NO_HTTP } from './absent-edges.ts';
import { CallCommands } from './call-commands.ts';
import { CallControl } from './call-control.ts';
import { CallLife } from './call-life.ts';
import type { CallRecord } from './call-record.ts';
import { CallRecording } from './call-recording.ts';
import { type CallSignal, isOfCall } from './call-signal.ts';
import type { Cause } from './cause.ts';
import { Conferences } from './conferences.ts';
import { Connecting } from './connecting.ts';
import { Dialler } from './dialler.ts';
import { Digits } from './digits.ts';
import { Holding } from './holding.ts';
import { Incoming } from './incoming.ts';
import type { Ledger } from './ledger.ts';
import { Outgoing } from './outgoing.ts';
import { Recordings } from './recordings.ts';
import { Sounds } from './sounds.ts';
import type { LeftBehind, SwitchPorts } from './switch-ports.ts';
import { Transfers } from './transfers.ts';

/** Receipts from here on are the calls' own; those of others are smaller. */
const RECEIPTS_FROM = 2 ** 40;

const NO_FOLDERS = { prompts: 'prompts', recordings: 'recordings', cache: 'sounds' };

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
  readonly sounds: Sounds;
  readonly #ports: SwitchPorts;
  readonly #flows: Flows;
  readonly #life: CallLife;
  readonly dialler: Dialler;
  readonly #incoming: Incoming;
  readonly #outgoing: Outgoing;
  readonly #connecting: Connecting;
  readonly #control: CallControl;
  readonly #commands: CallCommands;
  readonly #recording: CallRecording;
  readonly #holding: Holding;
  readonly #transfers: Transfers;
  readonly #digits: Digits;
  /** Legs of calls that an earlier process left behind and that are being hung up. */
  readonly #leftBehind = new Map<LegId, CallId>();

  constructor(ports: SwitchPorts) {
    const { flows = NO_FLOWS, http = NO_HTTP, archive = NO_ARCHIVE, folders = NO_FOLDERS, country = '' } = ports;
    this.#ports = ports;
    this.#flows = flows;
    let lastReceipt = RECEIPTS_FROM;
    const nextReceipt = (): number => ++lastReceipt;
    const life = new CallLife({ ...ports, flows });
    const tell = life.tell.bind(life);
    const recordings = new Recordings({ ...ports, flows, nextReceipt, tell, folder: folders.recordings });
    const conferences = new Conferences({ ...ports, nextReceipt, tell, recordings });
    const recordingOf = recordings.recordOf.bind(recordings);
    const sounds = new Sounds({ ...ports, http, archive, folders, recordingOf, tell });
    const dialler = new Dialler(ports, life);
    const connecting = new Connecting(ports, life, dialler, sounds);
    const outgoing = new Outgoing({ ...ports, flows, nextReceipt }, life, dialler);
    const recording = new CallRecording(ports.calendar, life, recordings);
    const holding = new Holding(ports);
    const transfers = new Transfers({ ...ports, flows, country }, life, dialler, connecting);
    this.ledger = life.ledger;
    this.conferences = conferences;
    this.recordings = recordings;
    this.sounds = sounds;
    this.#life = life;
    this.dialler = dialler;
    const places = { ...ports, flows, country, carried: dialler.carried };
    this.#incoming = new Incoming(places, life, connecting, transfers);
    this.#outgoing = outgoing;
    this.#connecting = connecting;
    this.#control = new CallControl(ports.media, life, {
      connecting,
      conferences,
      recording,
      recordings,
      sounds,
      transfers,
    });
    this.#commands = new CallCommands(ports, life, { conferences, holding, outgoing, recording, recordings });
    this.#recording = recording;
    this.#holding = holding;
    this.#transfers = transfers;
    this.#digits = new Digits(ports, life, recordings);
  }

  get bridgeCount(): number {
    return this.#connecting.connectionCount;
  }

  /** Legs that were dialled by command and have not answered. */
  get waitingCount(): number {
    return this.#outgoing.waitingCount;
  }

  get heldCount(): number {
    return this.#holding.heldCount;
  }

  /** Legs of transfers that are not over. */
  get transferCount(): number {
    return this.#transfers.size;
  }

  get timerCount(): number {
    return this.#life.timerCount;
  }

  /** Legs left behind by an earlier process that are still being hung up. */
  get leftBehindCount(): number {
    return this.#leftBehind.size;
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
    this.#control.receive(event, now);
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
    this.#outgoing.receive(event, now);
    this.#finish(now);
  }

  /** A command that was judged already; `poll` tells how it ended. */
  execute(ticket: number, command: CallCommand, now: Instant): void {
    this.#commands.execute(ticket, command, now);
    this.#finish(now);
  }

  /** A program is about to take over the call: it is told what happens to it, though no flow runs on it. */
  drive(id: CallId): void {
    this.#life.drive(id);
  }

  /** The next command that has ended. */
  poll(): Settled | undefined {
    return this.#commands.poll();
  }

  /** Ends a live call. False when there is none with this id. */
  hangup(id: CallId, cause: Cause, now: Instant): boolean {
    const leg = this.ledger.legOf(id);
    if (leg === undefined) return false;
    this.#life.end(leg, cause, now);
    this.#finish(now);
    return true;
  }

  /** Hangs up a live call and marks its record as deleted. False when there is none with this id. */
  remove(id: CallId, now: Instant): boolean {
    const leg = this.ledger.legOf(id);
    if (leg === undefined) return false;
    this.ledger.markDeleted(leg, now);
    this.#life.end(leg, 'normal', now);
    this.#finish(now);
    return true;
  }

  /** Ends every call; when the switch shuts down, no others are made by command. */
  hangupAll(cause: Cause, now: Instant): void {
    if (cause === 'shutting-down') this.#commands.close();
    for (const leg of this.ledger.legs()) this.#life.end(leg, cause, now);
    this.#finish(now);
  }

  /**
   * Takes up what an earlier process left: calls that were live in its store end with the cause `crashed`, and BYE is
   * sent in each of the confirmed dialogs that it kept. Nobody is in a conference any more; recordings are repaired.
   */
  restore(left: LeftBehind, now: Instant): void {
    const at = this.#ports.calendar(now);
    const end = { status: 'hangup', hangupAt: at, updatedAt: at, hangupBy: 'local', hangupReason: 'failed' } as const;
    for (const record of left.calls) {
      this.ledger.endLeftBehind({ ...record, ...end, recordingId: null, cause: 'crashed' }, now);
    }
    for (const [callId, dialog] of left.dialogs) {
      const leg = this.#ports.nextLeg();
      this.#leftBehind.set(leg, callId);
      this.#ports.signaling.restore(leg, dialog);
      this.#ports.signaling.hangup(leg, 'crashed');
    }
    this.conferences.restore(left.conferencecalls ?? [], now);
    this.recordings.restore(left.recordings ?? [], now);
    this.#finish(now);
  }

  /** Acts on one due timer of each part. Call again while `deadline()` is not after `now`. */
  expire(now: Instant): void {
    const due = this.#life.takeDue(now);
    if (due?.kind === 'duration') this.#life.end(due.leg, 'timeout', now);
    else if (due?.kind === 'tone') this.#life.end(due.leg, 'normal', now);
    else if (due !== undefined && !this.#giveUp(due.leg, now)) this.#life.end(due.leg, 'no-answer', now);
    if (this.#holding.deadline() <= now) this.#holding.expire(now);
    if (this.conferences.deadline() <= now) this.conferences.expire(now);
    if (this.recordings.deadline() <= now) this.recordings.expire(now);
    this.#finish(now);
  }

  #giveUp(leg: LegId, now: Instant): boolean {
    return this.#connecting.giveUp(leg, now) || this.#transfers.giveUp(leg, now);
  }

  deadline(): Instant {
    return Math.min(
      this.#life.deadline(),
      this.#holding.deadline(),
      this.conferences.deadline(),
      this.recordings.deadline(),
    );
  }

  // ── Who gets what ─────────────────────────────────────────────────────────────────────────────────────────

  #handle(event: CallSignal | MediaEvent, now: Instant): void {
    switch (event.kind) {
      case 'offered':
        this.#incoming.offered(event, now);
        break;
      case 'located':
        this.dialler.located(event.leg, event.peer, now);
        break;
      case 'ringing': {
        const call = this.ledger.get(event.leg);
        if (call !== undefined) this.#callees(call.leg).ringing(call, event.body, now);
        break;
      }
      case 'answered':
        this.#answered(event.leg, event.body, event.dialog, now);
        break;
      case 'failed':
        if (this.dialler.failsOver(event, now)) break;
        if (event.redirects !== undefined) this.#connecting.redirected(event.leg, event.redirects, now);
        this.#over(event.leg, event.cause, now);
        break;
      case 'ended':
        this.#over(event.leg, event.cause, now);
        break;
      case 'confirmed':
        this.#life.confirmed(event.leg, event.body, now);
        break;
      case 'dialogChanged':
        this.ledger.saveDialog(event.leg, event.dialog);
        break;
      case 'reoffered':
        if (this.ledger.get(event.leg) !== undefined) this.#holding.reoffered(event.leg, event.offer);
        break;
      case 'referred':
        this.#transfers.referred(event, now);
        break;
      case 'referralTold':
        this.#transfers.told(event.referral, now);
        break;
      case 'digitInformed':
        this.#digits.receive(event, now);
        break;
      case 'reanswered':
        if (this.ledger.get(event.leg) !== undefined) this.#holding.reanswered(event, now);
        break;
      default:
        this.#handleMedia(event, now);
    }
  }

  #handleMedia(event: MediaEvent, now: Instant): void {
    switch (event.kind) {
      case 'played':
        this.sounds.receive(event, now);
        break;
      case 'digit':
        this.#digits.receive(event, now);
        break;
      case 'recorded': {
        const record = this.recordings.receive(event, now);
        if (record !== undefined) this.#recording.ended(record, now);
        this.sounds.recordingsMoved(now);
        break;
      }
      case 'silent':
        this.#life.end(event.leg, 'media-lost', now);
        break;
      case 'workerLost':
        for (const leg of event.legs) this.#life.end(leg, 'media-failed', now);
        break;
    }
  }

  #answered(leg: LegId, body: Uint8Array | undefined, dialog: string, now: Instant): void {
    const call = this.ledger.get(leg);
    // The answer crossed our CANCEL, or came after another contact's: signalling hangs it up.
    if (call === undefined || !call.isGoingOn) return;
    this.dialler.answered(leg);
    const isCallee = this.#transfers.isTarget(leg) || this.#connecting.isCallee(leg);
    if (isCallee) this.#callees(leg).answered(call, body, dialog, now);
    else if (this.#outgoing.isWaitingFor(leg)) this.#outgoing.answered(call, body, dialog, now);
  }

  /** Whoever knows for whom this callee rings. */
  #callees(leg: LegId): Connecting | Transfers {
    return this.#transfers.isTarget(leg) ? this.#transfers : this.#connecting;
  }

  // ── The end ───────────────────────────────────────────────────────────────────────────────────────────────

  #over(leg: LegId, cause: Cause, now: Instant): void {
    const left = this.#leftBehind.get(leg);
    if (left !== undefined) {
      this.#leftBehind.delete(leg);
      this.ledger.dropDialog(left);
      return;
    }
    const call = this.ledger.get(leg);
    if (call === undefined) return;
    const isTold = this.#life.isTold(call);
    this.#life.conclude(call, cause, now);
    const { record } = call;
    const final = record.cause ?? cause;
    this.#part(leg, record.id, final, now);
    this.#connecting.missed(leg, final, now);
    this.#transfers.missed(leg, final, now);
    this.#digits.over(leg);
    this.dialler.over(leg);
    this.#outgoing.over(leg);
    this.#control.over(leg);
    this.#holding.over(leg);
    this.#ports.media.close(leg);
    if (isTold) this.#flows.tell(record.id, { kind: 'ended', call: record });
  }

  /** A call ends: what it hears and what hears it. */
  #part(leg: LegId, id: CallId, cause: Cause, now: Instant): void {
    this.sounds.over(leg);
    this.conferences.over(id, now);
    this.recordings.over({ type: 'call', id }, now);
    this.#transfers.part(leg, cause, now);
    this.#connecting.part(leg, cause, now);
  }

  /** What ended takes along what depends on it; then the store gets what has changed. */
  #finish(now: Instant): void {
    for (let ending = this.#life.pollEnding(); ending !== undefined; ending = this.#life.pollEnding()) {
      const call = this.ledger.get(ending.leg);
      if (call !== undefined) this.#part(ending.leg, call.record.id, ending.cause, now);
    }
    this.ledger.commit();
  }
}
