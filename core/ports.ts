import type { Cause } from './calls/cause.ts';
import type { RecordingRecord } from './calls/recording-record.ts';
import type { CommandResult, FlowCommand } from './command.ts';
import type { Binding } from './directory/records.ts';
import type { Action } from './flows/action.ts';
import type { ActiveflowRecord, FlowReference } from './flows/activeflow-record.ts';
import type { CallDemand, CallNews } from './flows/call-control.ts';
import type {
  ActiveflowId,
  CallId,
  CustomerId,
  ExtensionId,
  FlowId,
  LegId,
  ParkSlotId,
  ProviderId,
  RecordingId,
  ScriptSessionId,
  TrunkId,
} from './kernel/ids.ts';
import type { CarrierWishes, ProviderSignal, ProviderSignaling } from './provider-ports.ts';
import type { Write } from './write.ts';

export type * from './external-media-port.ts';
export type * from './media-port.ts';

/**
 * What `core` asks of its edges. Every method returns at once: an effect is queued, and what comes of it
 * arrives later as a `SignalingEvent`, a `MediaEvent` or a `StoreEvent`.
 */

export type TransportProtocol = 'udp' | 'tcp' | 'tls' | 'ws' | 'wss';

/** Where a SIP message came from or goes to. `address` is a literal IPv4 or IPv6 address without brackets. */
export interface TransportAddress {
  readonly transport: TransportProtocol;
  readonly address: string;
  readonly port: number;
  /** The name that the address was found by, for a server that must prove by a certificate to have it; with TLS alone. */
  readonly name?: string;
}

/** A body as it crosses the border between SIP and media: SDP bytes that only `media/sdp` reads. */
export type Body = Uint8Array;

// ── Signaling ────────────────────────────────────────────────────────────────────────────────────────────────

/** Who a request proved to be. */
export type Caller =
  | { readonly kind: 'extension'; readonly customerId: CustomerId; readonly extensionId: ExtensionId }
  | { readonly kind: 'trunk'; readonly customerId: CustomerId; readonly trunkId: TrunkId }
  /** Its calls are for whoever has the number that they name. */
  | { readonly kind: 'provider'; readonly customerId: CustomerId; readonly providerId: ProviderId };

/** Where an outgoing INVITE goes. `contact` and `path` are SIP URIs, opaque to `core`. */
export interface DialTarget {
  readonly contact: string;
  readonly path: readonly string[];
  /** The flow to use (RFC 5626): where the binding was registered from, and our listener that received it. */
  readonly via: TransportAddress | undefined;
  readonly localPort: number | undefined;
}

export interface DialRequest {
  readonly target: DialTarget;
  /** User part and display name that the callee sees in From. */
  readonly fromUser: string;
  readonly fromName: string;
  /** User part for To (the number dialled). */
  readonly toUser: string;
  /** Undefined when the callee is to make the offer (RFC 3261 §13.2.1): then `acknowledge` answers it. */
  readonly offer: Body | undefined;
  /** Digest credentials with which a 401 or 407 is answered. */
  readonly credentials?: { readonly username: string; readonly password: string };
  /** The callee must not learn who calls: anonymous From, `Privacy: id`, the number in P-Asserted-Identity (RFC 3323, 3325). */
  readonly isAnonymous?: boolean;
  /** When a provider carries the call. */
  readonly wishes?: CarrierWishes;
  /** The extension whose phone is dialled: others may watch what becomes of it. */
  readonly extensionId?: ExtensionId;
  /** The leg that it is dialled for: a call that goes round in circles runs out of hops. */
  readonly caller?: LegId;
  /** Who transferred the call, as it named itself: a name-addr (RFC 3892). */
  readonly referredBy?: string;
}

/** Whom a peer is to call in our place. */
export interface ReferRequest {
  /** User part, and whose name stands behind it: the peer's own, or ours. */
  readonly toUser: string;
  readonly domain: 'theirs' | 'ours';
  /** A SIP URI in place of both. */
  readonly uri?: string;
  /** In place of all that: the peer takes our place in the call of this leg (RFC 3891). */
  readonly replaces?: LegId;
}

/** A text outside any call. */
interface MessageContent {
  /** Media type, as `text/plain;charset=utf-8`. */
  readonly contentType: string;
  readonly body: Body;
  readonly fromUser: string;
  readonly fromName: string;
  readonly toUser: string;
}

export interface MessageRequest extends MessageContent {
  readonly target: DialTarget;
}

/** A text from somebody who proved who they are; it waits for `answerMessage` under its number. */
export interface MessageOffer extends MessageContent {
  readonly message: number;
  readonly caller: Caller;
}

export interface Signaling extends ProviderSignaling {
  /**
   * Looks for the servers of a target that is named (RFC 3263), before it is dialled. Outcome: located | failed, or ended
   * when it is hung up first.
   */
  locate(leg: LegId, target: DialTarget): void;
  /** Sends an INVITE; of a leg that was located, to one server after the other. Outcome: ringing*, then answered | failed. */
  dial(leg: LegId, request: DialRequest): void;
  /** Provisional response to an offered leg; 183 with a body, 180 without. */
  ring(leg: LegId, early: Body | undefined): void;
  /** 200 to an offered leg. Outcome: confirmed, or ended when the ACK never comes. */
  answer(leg: LegId, body: Body): void;
  /** Our answer to the offer of a callee who was called without one. */
  acknowledge(leg: LegId, answer: Body): void;
  /** Whatever ends the leg in its present state: a refusal, CANCEL, or BYE. Outcome: ended. */
  hangup(leg: LegId, cause: Cause): void;
  /** Our re-INVITE with an offer. Outcome: reanswered. */
  reoffer(leg: LegId, offer: Body): void;
  /** 200 with this answer to the peer's re-INVITE or UPDATE. */
  acceptOffer(leg: LegId, answer: Body): void;
  /** Refuses the peer's re-INVITE or UPDATE; the session goes on as it was. */
  refuseOffer(leg: LegId, cause: Cause): void;
  /** Takes up a confirmed dialog that an earlier process left behind, so that it can be hung up. */
  restore(leg: LegId, dialog: string): void;
  /** Takes the referral up, or refuses it with a cause (RFC 3515). One that is taken up is reported on until it is final. */
  answerReferral(referral: number, cause: Cause | undefined): void;
  /** Tells the referrer the SIP status of whom it referred to; from 200 on it is the last. Outcome: referralTold. */
  reportReferral(referral: number, status: number): void;
  /** Asks the peer of a confirmed leg to call somebody else (RFC 3515). Outcome: referProgressed*, then referSettled, unless the leg ends. */
  refer(leg: LegId, request: ReferRequest): void;
  /** Sends a text to one phone (RFC 3428). Outcome: messageSettled. */
  sendMessage(delivery: number, request: MessageRequest): void;
  /** Tells the sender of a text what became of it; without a cause it was taken. */
  answerMessage(message: number, cause: Cause | undefined): void;
  /** An extension can be reached now, or cannot any more: those who watch it are told. */
  reachabilityChanged(extensionId: ExtensionId): void;
  /** A call waits in this slot, or none does any more: those who watch it are told. */
  slotChanged(slot: ParkSlotId, parked: ParkedParty | undefined): void;
}

/** Who waits in a slot, as those see it who watch it. */
export interface ParkedParty {
  readonly leg: LegId;
  readonly user: string;
  readonly name: string;
}

/** Somebody whom a phone names: a user part, and the host that it stands for ('' for a telephone number). */
export interface Redirect {
  readonly toUser: string;
  readonly toHost: string;
}

export type SignalingEvent =
  /** An INVITE outside a dialog, from a caller who proved who they are. */
  | {
      readonly kind: 'offered';
      readonly leg: LegId;
      readonly caller: Caller;
      /** Customer whose domain the Request-URI addresses. */
      readonly customerId: CustomerId;
      readonly toUser: string;
      readonly fromUser: string;
      readonly fromName: string;
      /** Number that forwarded the call, as a trusted peer says (RFC 5806); '' for none. */
      readonly divertedFrom?: string;
      readonly source: TransportAddress;
      readonly offer: Body | undefined;
      /** The leg whose place it takes (RFC 3891). */
      readonly replaces?: LegId;
    }
  /**
   * Who talks to us over this leg asks that the other side be connected to somebody else (RFC 3515); answer with
   * `answerReferral`.
   */
  | {
      readonly kind: 'referred';
      readonly leg: LegId;
      readonly referral: number;
      readonly toUser: string;
      /** '' for a telephone number. */
      readonly toHost: string;
      /** The leg by which the referrer talks to them already. */
      readonly replaces?: LegId;
      /** As the referrer names itself (RFC 3892): name-addr, for those who are called. */
      readonly referredBy?: string;
    }
  /** The referrer knows the final status, or does not listen any more. */
  | { readonly kind: 'referralTold'; readonly referral: number }
  /** What whom we referred the peer to has said to it so far: a SIP status. */
  | { readonly kind: 'referProgressed'; readonly leg: LegId; readonly status: number }
  /**
   * What came of a `refer`: the peer does not do that (`refused`, its status, or 0 for none), it reached whom it was
   * referred to (`done`) or did not (`failed`, with their status), or it does not say.
   */
  | {
      readonly kind: 'referSettled';
      readonly leg: LegId;
      readonly outcome: 'refused' | 'done' | 'failed' | 'unknown';
      readonly status: number;
    }
  /** A digit in an INFO. Some phones send each by RTP too. */
  | { readonly kind: 'digitInformed'; readonly leg: LegId; readonly digit: string; readonly durationMs: number }
  /** The server that will be tried first; now the leg can be dialled. */
  | { readonly kind: 'located'; readonly leg: LegId; readonly peer: TransportAddress }
  | {
      readonly kind: 'ringing';
      readonly leg: LegId;
      readonly status: number;
      readonly body: Body | undefined;
      /** The body is an offer, of one who was called without; `acknowledge` answers it. */
      readonly isOffer?: true;
    }
  /** 2xx to our INVITE; its ACK is sent, unless the body is an offer. `dialog` as in `dialogChanged`. */
  | {
      readonly kind: 'answered';
      readonly leg: LegId;
      readonly body: Body | undefined;
      readonly dialog: string;
      readonly isOffer?: true;
    }
  /** Our INVITE got no 2xx, or there is no server to send it to. */
  | {
      readonly kind: 'failed';
      readonly leg: LegId;
      readonly cause: Cause;
      readonly status: number;
      /** Whom the peer wants called in its place, best first; undefined when nobody. */
      readonly redirects?: readonly Redirect[];
    }
  /** The ACK of our 2xx arrived; `body` is the answer when the offer was ours. */
  | { readonly kind: 'confirmed'; readonly leg: LegId; readonly body: Body | undefined }
  /** The dialog's state worth storing (tags, CSeq, route set, remote target, transport) is new or changed. */
  | { readonly kind: 'dialogChanged'; readonly leg: LegId; readonly dialog: string }
  /** The peer's re-INVITE or UPDATE; answer with acceptOffer or refuseOffer. Without a body it asks for our offer. */
  | { readonly kind: 'reoffered'; readonly leg: LegId; readonly offer: Body | undefined }
  | { readonly kind: 'reanswered'; readonly leg: LegId; readonly status: number; readonly body: Body | undefined }
  /** The leg is over: BYE, CANCEL, refusal acknowledged, timeout. Always the last event of a leg that was offered,
   *  answered or hung up. `by` tells who ended it. */
  | { readonly kind: 'ended'; readonly leg: LegId; readonly cause: Cause; readonly by: 'remote' | 'local' }
  | ({ readonly kind: 'messaged' } & MessageOffer)
  /** What a phone said to a text of ours; without a cause it took it. */
  | { readonly kind: 'messageSettled'; readonly delivery: number; readonly cause: Cause | undefined }
  | ProviderSignal
  /** A phone registered or refreshed; the REGISTER is being answered. */
  | { readonly kind: 'bound'; readonly binding: Binding }
  | { readonly kind: 'unbound'; readonly binding: Binding };

// ── Flows ────────────────────────────────────────────────────────────────────────────────────────────────────

/** A flow to run. Its record is made from this by whoever runs it. */
export interface FlowStart {
  readonly activeflowId: ActiveflowId;
  readonly customerId: CustomerId;
  readonly flowId: FlowId | null;
  readonly actions: readonly Action[];
  readonly onCompleteFlowId: FlowId | null;
  readonly reference: FlowReference;
  /** Reserved ones (`voipbin.…`) that the core knows; they win over those supplied. */
  readonly variables: Readonly<Record<string, string>>;
  /** Given by whoever created the call or the activeflow. */
  readonly suppliedVariables: Readonly<Record<string, string>>;
  readonly webhookUri: string;
  readonly webhookMethod: ActiveflowRecord['webhookMethod'];
}

/** Whoever runs flows. Every method queues. */
export interface Flows {
  start(start: FlowStart): void;
  /** What happened to a call that a flow runs on. */
  tell(call: CallId, news: CallNews): void;
  /** A command about activeflows, judged already. Outcome: settled. */
  execute(ticket: number, command: FlowCommand): void;
}

export type FlowEvent =
  | { readonly kind: 'demand'; readonly call: CallId; readonly demand: CallDemand }
  /** The last action of the call's flow, and of what its completion started, is done: the call ends. */
  | { readonly kind: 'completed'; readonly call: CallId; readonly activeflowId: ActiveflowId }
  | { readonly kind: 'settled'; readonly ticket: number; readonly result: CommandResult };

// ── HTTP ─────────────────────────────────────────────────────────────────────────────────────────────────────

export interface HttpRequest {
  /** Unique for the owner, which gets the outcome: an `HttpEvent` with this number. */
  readonly owner: 'flows' | 'calls';
  readonly number: number;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** For the whole of it. */
  readonly timeoutMs: number;
  /** A longer answer is a failure. */
  readonly answerBytesMax: number;
  /** Writes the answer's body to this file, whole or not at all, in place of giving it. */
  readonly saveTo?: string;
}

export interface HttpClient {
  /** Outcome: answered or failed. Private addresses are not reached unless `--allow-private` names them. */
  request(request: HttpRequest): void;
}

export type HttpEvent =
  | {
      readonly kind: 'answered';
      readonly owner: HttpRequest['owner'];
      readonly number: number;
      readonly status: number;
      readonly contentType: string;
      /** '' when it was saved to a file. */
      readonly body: string;
    }
  | {
      readonly kind: 'failed';
      readonly owner: HttpRequest['owner'];
      readonly number: number;
      readonly detail: string;
    };

// ── Scripts ──────────────────────────────────────────────────────────────────────────────────────────────────

/** WebSockets to programs that drive calls (subprotocol `tandem.script.v1`). */
export interface ScriptLinks {
  /** Connects to the program at this ws or wss URL. Outcome: opened, or closed with why. */
  open(session: ScriptSessionId, url: string): void;
  /** One text frame. */
  send(session: ScriptSessionId, text: string): void;
  close(session: ScriptSessionId, reason: string): void;
}

export type ScriptEvent =
  | { readonly kind: 'opened'; readonly session: ScriptSessionId }
  | { readonly kind: 'received'; readonly session: ScriptSessionId; readonly text: string }
  | { readonly kind: 'closed'; readonly session: ScriptSessionId; readonly detail: string };

// ── Store ────────────────────────────────────────────────────────────────────────────────────────────────────

export interface Store {
  /**
   * Commits the writes, all or none, grouped with others. With a receipt, a `StoreEvent` with that number follows
   * once they are durable; 0 asks for none. Order is kept.
   */
  write(writes: readonly Write[], receipt: number): void;
}

/** Rows that are not in memory any more. */
export interface Archive {
  /** Outcome: recordingFound, once, with the same request. */
  findRecording(request: number, id: RecordingId): void;
}

export interface ArchiveEvent {
  readonly kind: 'recordingFound';
  readonly request: number;
  /** Undefined when there is none, or it could not be read. */
  readonly recording: RecordingRecord | undefined;
}

export type StoreEvent =
  | { readonly kind: 'stored'; readonly receipt: number }
  | { readonly kind: 'storeFailed'; readonly receipt: number; readonly detail: string };
