import type { Random } from '../../core/kernel/random.ts';
import type { Body, DialRequest } from '../../core/ports.ts';
import type { Request, Response } from '../message.ts';
import { ownCopy } from '../user-agent/own-copy.ts';
import { authorizationFor, hasCredentials, isChallenge } from './authorization.ts';
import { Dialog } from './dialog.ts';
import type { Flow } from './next-hop.ts';
import { descriptionFields, type Field, requires, sessionDescription } from './session-messages.ts';

/** Number of a reliable provisional response (RFC 3262 §7.1); 0 when it is none. */
export function reliableNumber(response: Response): number {
  const text = response.first('RSeq');
  if (text === undefined || !/^\d{1,10}$/.test(text) || response.toTag === '') return 0;
  return requires(response, '100rel') ? Number(text) : 0;
}

interface EarlyDialog {
  readonly dialog: Dialog;
  /** Of the last response that was acknowledged. */
  number: number;
  /** What the branch described first: its answer to our offer, or its offer; undefined before. */
  answer: Body | undefined;
}

/** A PRACK, and the dialog that it goes to. */
interface HeldPrack {
  readonly dialog: Dialog;
  readonly request: Request;
}

type Credentials = NonNullable<DialRequest['credentials']>;

/** What a repeated PRACK says as before; all else belongs to its dialog. */
const KEPT_FIELDS = ['RAck', 'Content-Type', 'User-Agent'] as const;

/** Branches of one INVITE that answer reliably; more of them are no proxy's. */
const BRANCHES_MAX = 16;

/**
 * The early dialogs of an INVITE of ours whose branches answer reliably (RFC 3262 §4): each has its tag, its CSeq and its
 * own numbering. Branches that do not answer reliably need none.
 */
export class EarlyDialogs {
  readonly #byTag = new Map<string, EarlyDialog>();
  #held: { readonly early: EarlyDialog; readonly rack: string } | undefined;

  /** Whether this reliable response has not come before, nor before one that it follows. */
  isNext(response: Response, number: number): boolean {
    const known = this.#byTag.get(response.toTag);
    return known === undefined ? this.#byTag.size < BRANCHES_MAX : number === known.number + 1;
  }

  /** A reliable response that is news: its PRACK (RFC 3262 §7.2) waits for `takeHeld`. */
  receive(invite: Request, response: Response, flow: Flow): void {
    const early = this.#byTag.get(response.toTag) ?? this.#open(invite, response, flow);
    early.number = reliableNumber(response);
    early.dialog.refreshTarget(response);
    early.answer ??= ownBody(sessionDescription(response));
    this.#held = { early, rack: `${early.number} ${response.cseq.number} INVITE` };
  }

  /** The PRACK of the response that came last, and the dialog that it goes to; undefined when it has gone already. */
  takeHeld(answer: Body | undefined, fields: readonly Field[]): HeldPrack | undefined {
    if (this.#held === undefined) return undefined;
    const { early, rack } = this.#held;
    this.#held = undefined;
    const { dialog } = early;
    const all: readonly Field[] = [['RAck', rack], ...fields, ...descriptionFields(answer)];
    return { dialog, request: dialog.request('PRACK', all, answer) };
  }

  /**
   * A PRACK that was challenged, once more with credentials and the next CSeq; undefined when it had some already, or the
   * challenge cannot be met.
   */
  again(
    prack: Request,
    response: Response,
    credentials: Credentials | undefined,
    random: Random,
  ): HeldPrack | undefined {
    const dialog = this.of(prack.toTag);
    if (!isChallenge(response) || dialog === undefined || credentials === undefined || hasCredentials(prack))
      return undefined;
    const authorization = authorizationFor(response, credentials, prack.uri.text, random);
    if (authorization === undefined) return undefined;
    const kept: Field[] = KEPT_FIELDS.flatMap((name) => prack.all(name).map((value): Field => [name, value]));
    return { dialog, request: dialog.request('PRACK', [...kept, authorization], prack.body) };
  }

  of(tag: string): Dialog | undefined {
    return this.#byTag.get(tag)?.dialog;
  }

  /** The description that the branch gave reliably: its 2xx need not repeat it. */
  answerOf(tag: string): Body | undefined {
    return this.#byTag.get(tag)?.answer;
  }

  #open(invite: Request, response: Response, flow: Flow): EarlyDialog {
    const early = { dialog: Dialog.fromResponse(invite, response, flow), number: 0, answer: undefined };
    this.#byTag.set(ownCopy(response.toTag), early);
    return early;
  }
}

function ownBody(body: Body | undefined): Body | undefined {
  return body === undefined ? undefined : Uint8Array.from(body);
}
