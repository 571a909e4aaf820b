import { assert } from '../../core/kernel/assert.ts';
import type { GatewayId, LegId } from '../../core/kernel/ids.ts';
import type { Instant } from '../../core/kernel/time.ts';
import { buildUri } from '../../sip/grammar/uri.ts';
import type { Arrival } from '../../sip/transaction/transaction-layer.ts';
import { respond } from '../../sip/writer.ts';
import type { Phone } from './phone.ts';
import { PASSWORD } from './switch.ts';
import type { World } from './world.ts';

/** Of a second call, beside the phone's own. */
export const SECOND_LEG = 1_000 as LegId;

export const SERVER = { transport: 'udp', address: '192.0.2.1', port: 5060 } as const;

const NO_WISHES = {
  gatewayId: '' as GatewayId,
  fromUser: '',
  fromDomain: '',
  identity: 'none',
  forwardedFrom: '',
} as const;

function replacing(value: string) {
  return { action: 'add', name: 'Replaces', value } as const;
}

/** Keys of a phone that transfers its calls, calls a second time beside them, and picks up those of others. */
export class Transferor {
  /** Status and Subscription-State of each NOTIFY that is new. */
  readonly told: string[] = [];
  readonly #phone: Phone;
  readonly #extension: string;

  constructor(phone: Phone, extension: string) {
    this.#phone = phone;
    this.#extension = extension;
    phone.attend = (arrival, now) => this.#attend(arrival, now);
  }

  /** Transfers its call to this extension or number. */
  transfer(at: Instant, to: string, fields: readonly (readonly [string, string])[] = []): void {
    this.#plan(at, (now) => {
      this.#refer(this.#phone.leg, `<sip:${to}@${SERVER.address}>`, fields, now);
    });
  }

  /** As `transfer`, with the whole of Refer-To. */
  referTo(at: Instant, to: () => string): void {
    this.#plan(at, (now) => this.#refer(this.#phone.leg, to(), [], now));
  }

  /** Calls somebody besides. */
  consult(at: Instant, to: string): void {
    this.#plan(at, (now) => this.#dial(SECOND_LEG, to, undefined, now));
  }

  /** Brings whom it talks to together with whom it consults. */
  join(at: Instant): void {
    this.#plan(at, (now) => {
      const replaces = this.replacesOf(SECOND_LEG);
      if (replaces !== undefined) {
        this.#refer(this.#phone.leg, `<sip:${SERVER.address}?Replaces=${encodeURIComponent(replaces)}>`, [], now);
      }
    });
  }

  /** Calls in the place of another leg: the value of Replaces, as its owner knows it at that instant; several with |. */
  replace(at: Instant, replaces: () => string | undefined): void {
    this.#plan(at, (now) => {
      const value = replaces();
      if (value !== undefined) this.#dial(SECOND_LEG, this.#extension, value, now);
    });
  }

  hangupSecond(at: Instant): void {
    this.#plan(at, (now) => this.#phone.sessions.execute({ kind: 'hangup', leg: SECOND_LEG, cause: 'normal' }, now));
  }

  /** Sends a digit by INFO. */
  inform(at: Instant, contentType: string, text: string): void {
    this.#plan(at, (now) => this.#send(this.#phone.leg, 'INFO', [['Content-Type', contentType]], now, text));
  }

  /** Replaces for the dialog of this leg, as those write it who are not its other end: the other's tag is `to-tag`. */
  replacesOf(leg: LegId | undefined = this.#phone.leg): string | undefined {
    const session = leg === undefined ? undefined : this.#phone.sessions.get(leg);
    if (session === undefined) return undefined;
    return `${session.callId};to-tag=${session.remoteTag};from-tag=${session.localTag}`;
  }

  #plan(at: Instant, what: (now: Instant) => void): void {
    this.#phone.plan(at, { kind: 'do', what });
  }

  #refer(leg: LegId | undefined, to: string, fields: readonly (readonly [string, string])[], now: Instant): void {
    this.#send(leg, 'REFER', [['Refer-To', to], ['Referred-By', `<sip:${this.#extension}@192.0.2.1>`], ...fields], now);
  }

  /** In the dialog of a leg that is in one; else it comes to nothing, as the key of a phone without a call does. */
  #send(
    leg: LegId | undefined,
    method: string,
    fields: readonly (readonly [string, string])[],
    now: Instant,
    text = '',
  ): void {
    const { sessions, layer, addresses } = this.#phone;
    const dialog = leg === undefined ? undefined : sessions.get(leg)?.dialog;
    if (dialog === undefined) return;
    const contact = `<sip:${this.#extension}@${addresses[0]!.address}:5060>`;
    const request = dialog.request(method, [['Contact', contact], ...fields], new TextEncoder().encode(text));
    layer.request(request, SERVER, 5060, now);
  }

  #dial(leg: LegId, to: string, replaces: string | undefined, now: Instant): void {
    dialBeside(this.#phone, this.#extension, { leg, to, replaces }, now);
  }

  #attend(arrival: Arrival, now: Instant): boolean {
    const { request } = arrival;
    if (request.method !== 'NOTIFY' || request.toTag === '') return false;
    const transaction = this.#phone.layer.open(arrival, now);
    assert(typeof transaction === 'number', 'a phone has room for a transaction');
    this.#phone.layer.respond(transaction, respond(request, 200, { toTag: request.toTag }), now);
    const status = /^SIP\/2\.0 ([0-9]{3})/.exec(new TextDecoder().decode(request.body))?.[1];
    this.told.push(`${status} ${(request.first('Subscription-State') ?? '').split(';')[0]}`);
    return true;
  }
}

interface Beside {
  readonly leg: LegId;
  readonly to: string;
  /** Values of Replaces; several with |. */
  readonly replaces: string | undefined;
}

/** Lets a phone make a call besides those that it has. */
export function dialBeside(phone: Phone, extension: string, { leg, to, replaces }: Beside, now: Instant): void {
  const { sessions, addresses, name } = phone;
  const contact = buildUri({ user: to, host: SERVER.address, port: SERVER.port }).text;
  sessions.dial(
    leg,
    {
      target: { contact, path: [], via: SERVER, localPort: addresses[0]!.port },
      fromUser: extension,
      fromName: name,
      toUser: to,
      offer: phone.describe('sendrecv'),
      credentials: { username: extension, password: PASSWORD },
      ...(replaces === undefined ? {} : { wishes: { ...NO_WISHES, headers: replaces.split('|').map(replacing) } }),
    },
    undefined,
    now,
  );
}

/** Refer-To of a phone that does not wait for the answer of whom it has called last; undefined when nobody rings. */
export function earlyReferTo({ hops }: World, phone: string): string | undefined {
  const ringing = hops.findLast(
    ({ to, message }) => to === phone && message.type === 'response' && message.status === 180,
  );
  if (ringing === undefined) return undefined;
  const { callId, toTag, fromTag } = ringing.message;
  const replaces = encodeURIComponent(`${callId};to-tag=${toTag};from-tag=${fromTag}`);
  return `<sip:${SERVER.address}?Replaces=${replaces}>`;
}
