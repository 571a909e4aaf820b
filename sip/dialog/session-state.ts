/** Where one leg is. The first six are ours as UAS, the next five as UAC, the rest are of both. */
export type SessionState =
  /** An INVITE came; we have said nothing, or 100. */
  | 'offered'
  | 'ringing'
  /** Our reliable provisional response is repeated until its PRACK comes (RFC 3262 §3). */
  | 'assuring'
  /** Our 2xx is repeated until its ACK comes. */
  | 'answering'
  /** As answering, and BYE follows the ACK: it must not come before (RFC 3261 §15). */
  | 'releasing'
  /** Our refusal waits for its ACK. */
  | 'refusing'
  /** Our INVITE has no response yet. */
  | 'dialing'
  | 'early'
  /** To be canceled as soon as CANCEL is allowed: after a provisional response (RFC 3261 §9.1). */
  | 'abandoning'
  | 'canceling'
  /** The 2xx to our INVITE brings an offer: its ACK waits for our user's answer (RFC 3261 §13.2.2.4). */
  | 'owing'
  | 'established'
  /** Our re-INVITE has no final response yet. */
  | 'reoffering'
  /** Our re-INVITE met the peer's and is repeated after a random time (RFC 3261 §14.1). */
  | 'postponed'
  /** The peer's re-INVITE or UPDATE waits for our user. */
  | 'reoffered'
  /** Our 2xx to the peer's re-INVITE is repeated until its ACK comes. */
  | 'reanswering'
  /** BYE is sent. */
  | 'ending'
  | 'ended';

export type SessionTimer =
  | 'Assure'
  | 'Prack'
  | 'Repeat'
  | 'Ack'
  | 'Cancel'
  | 'Dial'
  | 'Glare'
  | 'Refresh'
  | 'Expiry'
  | 'Return';

/** `ringReliably`: the caller demands to be sure of provisional responses. */
type UserEvent =
  | 'ring'
  | 'ringReliably'
  | 'answer'
  | 'acknowledge'
  | 'hangup'
  | 'reoffer'
  | 'acceptOffer'
  | 'acceptUpdate'
  | 'refuseOffer';
/**
 * `modify`: a new offer; `modifyEarly`: one before the INVITE is answered, after offer and answer were exchanged. `prack`
 * acknowledges our provisional response, `prackOffer` brings a new offer along.
 */
type PeerEvent = 'ack' | 'bye' | 'cancel' | 'modify' | 'modifyEarly' | 'prack' | 'prackOffer';
/** Responses to our INVITE: `offer` is a 2xx with one, `again` a 2xx repeated, `fork` the 2xx of another branch. */
type InviteEvent = 'provisional' | 'success' | 'offer' | 'again' | 'fork' | 'failure';
/** Responses to our re-INVITE: `pending` is 491, `gone` says that the peer has lost the dialog. */
type ReinviteEvent = 'modified' | 'pending' | 'unmodified' | 'gone';

export type SessionEvent =
  | UserEvent
  | PeerEvent
  | InviteEvent
  | ReinviteEvent
  /** 401 or 407 that we have an answer to. */
  | 'challenge'
  /** The server did not serve, and there is another one. */
  | 'failover'
  /** The session is to be refreshed by a re-INVITE; by UPDATE it is `timerRefresh`. */
  | 'renew'
  /** Our UPDATE was not answered, or the peer has lost the dialog. */
  | 'lost'
  /** The peer's connection is gone before its INVITE was answered, and no answer reaches it. */
  | 'deserted'
  /** BYE is answered, or given up. */
  | 'byeDone'
  /** Our refusal of an INVITE is acknowledged, or given up. */
  | 'refused'
  | `timer${SessionTimer}`;

/** Answers to the peer's re-INVITE or UPDATE. */
export type ModificationAction =
  | 'acceptModify'
  | 'refuseModify'
  | 'terminateModify'
  | 'sayPending'
  | 'sayRetry'
  | 'sayUnknown';

/** Provisional responses that are acknowledged. */
export type ReliableAction =
  | 'sendReliably'
  | 'deferProvisional'
  | 'repeatProvisional'
  | 'deferAnswer'
  | 'refuseUnassured'
  | 'sendPrack'
  | 'answerOffer';

/** What is said to the peer. */
export type SpokenAction =
  | 'sendProvisional'
  | 'sendAnswer'
  | 'repeatAnswer'
  | 'refuse'
  | 'sayTerminated'
  | 'resend'
  | 'inviteNext'
  | 'establish'
  | 'cancelInvite'
  | 'abandonInvite'
  | 'acknowledge'
  | 'releaseFork'
  | 'sendReinvite'
  | 'sendUpdate'
  | 'sendBye'
  | 'replyOk'
  | ReliableAction
  | ModificationAction;

/** What is said to our user, or remembered for it. */
export type ReportAction =
  | 'reportRinging'
  | 'reportAnswered'
  | 'reportDialog'
  | 'reportConfirmed'
  | 'reportModified'
  | 'reportUnmodified'
  | 'reportPending'
  | 'reportReoffer'
  | 'blameNetwork'
  | 'blameNoAnswer'
  | 'blameExpiry'
  | 'reportCanceled'
  | 'reportRemoteEnd'
  | 'reportOver';

export type SessionAction = SpokenAction | ReportAction;
