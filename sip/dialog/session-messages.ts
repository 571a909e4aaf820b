import { CAUSES, type Cause } from '../../core/calls/cause.ts';
import type { GatewayId } from '../../core/kernel/ids.ts';
import type { Random } from '../../core/kernel/random.ts';
import type { Body, DialRequest, TransportAddress } from '../../core/ports.ts';
import { formatHostPort } from '../grammar/host.ts';
import { formatNameAddress } from '../grammar/name-address.ts';
import { quote } from '../grammar/quoted-string.ts';
import { buildUri, parseUri } from '../grammar/uri.ts';
import type { HeaderName, Message, Request, Uri } from '../message.ts';
import type { Timing } from '../transaction/timing.ts';
import type { SentBy } from '../transaction/transaction-layer.ts';
import { buildRequest } from '../writer.ts';
import { callerAddress, identityFields } from './caller-identity.ts';
import { withRules } from './header-table.ts';
import { type Flow, withoutHeaders } from './next-hop.ts';

export type Field = readonly [HeaderName, string];

/** What every session of a stack shares. */
export interface SessionSettings {
  readonly random: Random;
  readonly timing: Timing;
  /** Product name for User-Agent and Server. */
  readonly userAgent: string;
  /** Host in our From and To when the switch has a name; else '' for the address told to the peer. */
  readonly domain: string;
  /** The address told to this peer. */
  readonly contactFor: (peer: TransportAddress, localPort: number | undefined) => SentBy;
  /** After so long a session that we begin is over unless it is refreshed; without it only the peer may wish that. */
  readonly sessionExpiresS?: number;
  /** User part of our Contact at a provider. */
  readonly lineOf?: (provider: GatewayId) => string;
  /** The connection that a phone with this contact registered over last. */
  readonly flowOf?: (contact: Uri) => Flow | undefined;
}

/** Methods that we answer (RFC 3261 §20.5). */
export const ALLOW =
  'INVITE, ACK, CANCEL, PRACK, BYE, OPTIONS, INFO, UPDATE, REFER, REGISTER, SUBSCRIBE, NOTIFY, MESSAGE';
export const ALLOW_FIELD: Field = ['Allow', ALLOW];
/** Extensions that our sessions have (RFC 3262, RFC 4028, RFC 3891, RFC 4488). */
export const SUPPORTED_FIELD: Field = ['Supported', '100rel, timer, replaces, norefersub'];
export const SDP = 'application/sdp';
const NO_FIELDS: readonly Field[] = [];
const SDP_FIELDS: readonly Field[] = [['Content-Type', SDP]];

/** Contact of ours towards a peer, with the transport that it must use. */
export function contactField({ host, port, transport }: SentBy, secure: boolean, user = ''): Field {
  const named = transport === 'wss' ? 'ws' : transport; // RFC 7118 §5.2.4: there is one name for both.
  const parameter = transport === 'udp' || (secure && transport === 'tls') ? '' : `;transport=${named}`;
  return [
    'Contact',
    `<${secure ? 'sips' : 'sip'}:${user === '' ? '' : `${user}@`}${formatHostPort(host.toLowerCase(), port)}${parameter}>`,
  ];
}

/** A session description is the body of a message that says so (RFC 3261 §13.2.1); others are none of ours. */
export function sessionDescription(message: Message): Body | undefined {
  return message.body.length > 0 && isSdp(message) ? message.body : undefined;
}

export function isSdp(message: Message): boolean {
  return (message.first('Content-Type') ?? '').split(';')[0]!.trim().toLowerCase() === SDP;
}

/** Whether a message needs its receiver to have this extension (RFC 3261 §20.32). */
export function requires(message: Message, option: string): boolean {
  return message.all('Require').some((required) => required.toLowerCase() === option);
}

export function descriptionFields(body: Body | undefined): readonly Field[] {
  return body === undefined ? NO_FIELDS : SDP_FIELDS;
}

/** RFC 3326: why, for BYE, CANCEL and refusals (RFC 6432). */
export function reasonField(cause: Cause): Field {
  return REASONS[cause];
}

const REASONS = Object.fromEntries(
  Object.entries(CAUSES).map(([cause, { q850, text }]) => [
    cause,
    // Phones know by this not to show a missed call.
    cause === 'answered-elsewhere'
      ? ['Reason', 'SIP;cause=200;text="Call completed elsewhere"']
      : ['Reason', `Q.850;cause=${q850};text=${quote(text)}`],
  ]),
) as unknown as Readonly<Record<Cause, Field>>;

/** Seconds after which a re-INVITE that came too early may be sent again, at most (RFC 3261 §14.2). */
const EARLY_RETRY_AFTER_MAX_S = 10;

export function retryAfterField(random: Random): Field {
  return ['Retry-After', String(1 + Math.floor(random.next() * EARLY_RETRY_AFTER_MAX_S))];
}

/** Seconds after which a refused caller may try again (RFC 3261 §20.33). */
const RETRY_AFTER_S = 10;
/** RFC 3261 §20.43: 399 is for people. */
const MEDIA_OVERLOADED: Field = ['Warning', '399 tandem "media overloaded"'];
const SRTP_REQUIRED: Field = ['Warning', '399 tandem "SRTP required"'];
const TEMPORARY: ReadonlySet<Cause> = new Set(['overloaded', 'media-overloaded', 'shutting-down']);

export function refusalFields(cause: Cause): readonly Field[] {
  const fields: Field[] = [reasonField(cause)];
  if (TEMPORARY.has(cause)) fields.push(['Retry-After', String(RETRY_AFTER_S)]);
  if (cause === 'media-overloaded') fields.push(MEDIA_OVERLOADED);
  if (cause === 'srtp-required') fields.push(SRTP_REQUIRED);
  return fields;
}

/** Where a dialled INVITE is aimed: Request-URI, and what decides the next hop. Undefined when they are no SIP URIs. */
export function aim(target: DialRequest['target']): { readonly uri: Uri; readonly next: Uri } | undefined {
  const uri = parseUri(target.contact);
  const next = target.path[0] === undefined ? uri : parseUri(target.path[0]);
  if (uri === undefined || next === undefined || uri.host === '' || next.host === '') return undefined;
  return { uri: withoutHeaders(uri), next };
}

/** RFC 3261 §8.1.1.6. */
export const MAX_FORWARDS = 70;

/**
 * How far an INVITE may go that we send for the sender of this one: one hop less (RFC 7332 §5). A value that cannot be
 * read is none.
 */
export function hopsLeftBehind(invite: Request): number {
  const text = invite.first('Max-Forwards') ?? '';
  return /^\d{1,3}$/.test(text) ? Math.min(MAX_FORWARDS, Math.max(0, Number(text) - 1)) : MAX_FORWARDS;
}

export interface InviteParts {
  /** What is dialled, and the Request-URI. */
  readonly dialled: {
    readonly dial: DialRequest;
    readonly aim: { readonly uri: Uri };
    readonly maxForwards: number;
  };
  readonly callId: string;
  readonly localTag: string;
  readonly cseq: number;
  readonly sentBy: SentBy;
  readonly settings: SessionSettings;
  readonly extra: readonly Field[];
}

/** The INVITE of a dialled leg (RFC 3261 §8.1.1, §13.2.1), without its Via. */
export function buildInvite(parts: InviteParts): Request {
  const { dialled, callId, localTag, cseq, sentBy, settings, extra } = parts;
  const { dial, aim, maxForwards } = dialled;
  const { uri } = aim;
  const ownHost = settings.domain === '' ? sentBy.host : settings.domain;
  // Who is called at an address of their own is named by it, a phone of ours by our name.
  const to = buildUri({ user: dial.toUser, host: dial.target.via === undefined ? uri.host : ownHost });
  const own: readonly Field[] = [
    ...identityFields(dial, ownHost),
    ALLOW_FIELD,
    SUPPORTED_FIELD,
    ['User-Agent', settings.userAgent],
  ];
  return buildRequest({
    method: 'INVITE',
    uri,
    fields: [
      ...dial.target.path.map((hop): Field => ['Route', `<${hop}>`]),
      ['Max-Forwards', String(maxForwards)],
      ['From', `${callerAddress(dial, ownHost)};tag=${localTag}`],
      ['To', formatNameAddress('', to)],
      ['Call-ID', callId],
      ['CSeq', `${cseq} INVITE`],
      contactField(sentBy, uri.scheme === 'sips', dial.wishes && settings.lineOf?.(dial.wishes.gatewayId)),
      ...(dial.wishes === undefined ? own : withRules(own, dial.wishes.headers)),
      ...(dial.referredBy === undefined ? NO_FIELDS : [['Referred-By', dial.referredBy] as Field]),
      ...extra,
      ...descriptionFields(dial.offer),
    ],
    body: dial.offer,
  });
}
