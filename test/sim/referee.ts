import { assert } from '../../core/kernel/assert.ts';
import type { LegId } from '../../core/kernel/ids.ts';
import type { Instant } from '../../core/kernel/time.ts';
import type { Dialog } from '../../sip/dialog/dialog.ts';
import { headerIn } from '../../sip/dialog/replaces.ts';
import { parseNameAddress } from '../../sip/grammar/name-address.ts';
import type { Arrival } from '../../sip/transaction/transaction-layer.ts';
import { respond } from '../../sip/writer.ts';
import type { Phone } from './phone.ts';
import { dialBeside, SERVER } from './transferor.ts';

/** Of the call that a phone is referred to. */
export const REFERRED_LEG = 2_000 as LegId;
const LOOK_EVERY_MS = 50;

/** What a phone does when it is referred to somebody: it calls them and tells of it, or calls them and tells nothing, or refuses. */
export type Obedience = 'tells' | 'keeps silent' | 405 | 420 | 501 | 403 | 603;

/** A phone that is referred to others. */
export class Referee {
  /** Refer-To of each REFER that is new. */
  readonly referredTo: string[] = [];
  readonly #phone: Phone;
  readonly #extension: string;
  readonly #obedience: Obedience;

  constructor(phone: Phone, extension: string, obedience: Obedience) {
    this.#phone = phone;
    this.#extension = extension;
    this.#obedience = obedience;
    phone.attend = (arrival, now) => this.#attend(arrival, now);
  }

  /** The call that it was referred to is answered and not over. */
  get isTalking(): boolean {
    return this.#phone.sessions.get(REFERRED_LEG)?.isConfirmed === true;
  }

  #attend(arrival: Arrival, now: Instant): boolean {
    const { request } = arrival;
    const { layer, sessions } = this.#phone;
    const session = sessions.find(request);
    if (request.method !== 'REFER' || session?.dialog === undefined) return false;
    const transaction = layer.open(arrival, now);
    assert(typeof transaction === 'number', 'a phone has room for a transaction');
    const obedience = this.#obedience;
    const status = typeof obedience === 'number' ? obedience : obedience === 'tells' ? 202 : 200;
    const fields = obedience === 'keeps silent' ? [['Refer-Sub', 'false'] as const] : [];
    layer.respond(transaction, respond(request, status, { toTag: request.toTag, fields }), now);
    const target = request.first('Refer-To') ?? '';
    this.referredTo.push(target);
    if (status >= 300) return true;
    const { uri } = parseNameAddress(target)!;
    dialBeside(
      this.#phone,
      this.#extension,
      { leg: REFERRED_LEG, to: uri.user, replaces: headerIn(uri, 'replaces') },
      now,
    );
    if (obedience === 'tells') {
      this.#notify(session.dialog, 'SIP/2.0 100 Trying', 'active;expires=60', now);
      this.#look(session.dialog, now);
    }
    return true;
  }

  /** Tells how its own call has ended up. */
  #look(dialog: Dialog, now: Instant): void {
    this.#phone.plan(now + LOOK_EVERY_MS, {
      kind: 'do',
      what: (later) => {
        const session = this.#phone.sessions.get(REFERRED_LEG);
        if (session === undefined) this.#notify(dialog, 'SIP/2.0 486 Busy Here', 'terminated;reason=noresource', later);
        else if (session.isConfirmed) this.#notify(dialog, 'SIP/2.0 200 OK', 'terminated;reason=noresource', later);
        else this.#look(dialog, later);
      },
    });
  }

  #notify(dialog: Dialog, fragment: string, state: string, now: Instant): void {
    const { layer, addresses } = this.#phone;
    const notify = dialog.request(
      'NOTIFY',
      [
        ['Contact', `<sip:${this.#extension}@${addresses[0]!.address}:5060>`],
        ['Event', 'refer'],
        ['Subscription-State', state],
        ['Content-Type', 'message/sipfrag;version=2.0'],
      ],
      new TextEncoder().encode(fragment),
    );
    layer.request(notify, SERVER, 5060, now);
  }
}
