import type { Action } from '../flows/action.ts';
import type {
  AccesskeyId,
  AgentId,
  ConferenceId,
  CustomerId,
  DialRouteId,
  ExtensionId,
  FlowId,
  GatewayId,
  NumberId,
  OutboundConfigId,
  ProviderId,
  TrunkId,
} from '../kernel/ids.ts';
import type { Secret } from '../kernel/secret.ts';
import type { SrtpPolicy } from '../kernel/srtp-policy.ts';
import type { WallTime } from '../kernel/time.ts';
import type { ProviderTerms } from './provider-terms.ts';

/** What the directory holds and the store keeps, one shape for both. Deleted rows have `deletedAt`. */
interface Row {
  readonly customerId: CustomerId;
  readonly createdAt: WallTime;
  readonly updatedAt: WallTime | null;
  readonly deletedAt: WallTime | null;
}

export interface Customer {
  readonly id: CustomerId;
  readonly name: string;
  readonly detail: string;
  readonly email: string;
  readonly status: 'initial' | 'active' | 'frozen' | 'deleted' | 'expired';
  /** 1 for the customer made at the first start, which owns addresses of ours and `--domain`. */
  readonly ordinal: number;
  readonly createdAt: WallTime;
  readonly updatedAt: WallTime | null;
  readonly deletedAt: WallTime | null;
}

/** Permission bits of the reference (platform §1.2). */
export const PERMISSION = {
  none: 0x0000,
  projectSuperAdmin: 0x0001,
  projectAll: 0x000f,
  customerAgent: 0x0010,
  customerAdmin: 0x0020,
  customerManager: 0x0040,
  customerAll: 0x00f0,
  all: 0xffff,
} as const;

export interface Agent extends Row {
  readonly id: AgentId;
  readonly username: string;
  /** argon2id in PHC string form; never leaves the process. */
  readonly passwordHash: string;
  readonly name: string;
  readonly detail: string;
  readonly permission: number;
}

export interface Accesskey extends Row {
  readonly id: AccesskeyId;
  readonly name: string;
  readonly detail: string;
  /** SHA-256 of the token in hexadecimal; the token itself is shown once and not kept. */
  readonly tokenHash: string;
  readonly tokenPrefix: string;
  readonly expiresAt: WallTime | null;
}

export interface Extension extends Row {
  readonly id: ExtensionId;
  readonly extension: string;
  readonly name: string;
  readonly detail: string;
  /** Digest needs it in clear; sealed with `DATA/secret.key` in the store and until it is used, never in events or logs. */
  readonly password: Secret;
  /** As a provider's. */
  readonly codecs: string;
  readonly srtp: SrtpPolicy;
}

/** A peer that carries calls for a customer: a provider, a PBX, a load generator. */
export interface Trunk extends Row {
  readonly id: TrunkId;
  readonly name: string;
  readonly detail: string;
  /** Its name in `<name>.trunk.<domain>`, unique in the installation. */
  readonly domainName: string;
  /** `ip`: requests from `allowedIps` are its own. `basic`: digest with username and password. */
  readonly authTypes: readonly ('basic' | 'ip')[];
  readonly username: string;
  /** As an extension's. */
  readonly password: Secret;
  /** Literal addresses or CIDR. */
  readonly allowedIps: readonly string[];
  /** As a provider's: where calls to it go; '' when they only come from it. */
  readonly hostname: string;
  readonly codecs: string;
  readonly terms: ProviderTerms;
}

/** A carrier or exchange that carries calls out, and may bring some in, for every customer. */
export interface Provider extends Row {
  readonly id: ProviderId;
  readonly name: string;
  readonly detail: string;
  /** Name or literal address, with a port behind a colon when it has one of its own. */
  readonly hostname: string;
  /** Stand before and behind the number in the Request-URI. */
  readonly techPrefix: string;
  readonly techPostfix: string;
  /** Added to each INVITE, as far as they may be. */
  readonly techHeaders: Readonly<Record<string, string>>;
  /** Names of encodings to offer, and to take of an offer, the preferred one first, with commas between; '' for all. */
  readonly codecs: string;
  readonly terms: ProviderTerms;
}

/** What calls go out through: a provider, for everybody; or a trunk that has a host name, for its customer. */
export type Gateway = Omit<Provider, 'id' | 'detail' | 'createdAt' | 'updatedAt' | 'deletedAt'> & {
  readonly id: GatewayId;
};

/** In the place of a customer, in routes that serve all (platform §5.12). */
export const EVERYBODY = '00000000-0000-0000-0000-000000000001' as CustomerId;

/** Which provider, or trunk of its own, carries a customer's calls to a part of the world. */
export interface DialRoute extends Row {
  readonly id: DialRouteId;
  readonly name: string;
  readonly detail: string;
  readonly providerId: GatewayId;
  /** The smallest is tried first. */
  readonly priority: number;
  /** A calling code such as `+49`, or `all`. */
  readonly target: string;
}

/** What a customer may call outside, and as whom. One for each customer. */
export interface OutboundConfig extends Row {
  readonly id: OutboundConfigId;
  readonly name: string;
  readonly detail: string;
  /** ISO 3166-1 alpha-2 in lower case; none means nowhere. */
  readonly destinationWhitelist: readonly string[];
  /** Encodings for calls to SIP URIs, as a provider's. */
  readonly codecs: string;
  /** Shown where the caller's own number is none of the customer's. */
  readonly defaultNumberId: NumberId | null;
  /** Calls outside at the same time; 0 for any number. */
  readonly callsMax: number;
}

/** A number that this installation answers. */
export interface PhoneNumber extends Row {
  readonly id: NumberId;
  /** E.164 with `+`, unique in the installation. */
  readonly number: string;
  /** A short form by which the customer's own phones reach it too; '' for none. */
  readonly shortCode: string;
  readonly type: 'normal' | 'virtual';
  readonly callFlowId: FlowId | null;
  readonly messageFlowId: FlowId | null;
  readonly name: string;
  readonly detail: string;
  readonly status: 'active' | 'deleted';
  readonly isRtpDebugged: boolean;
  readonly purchasedAt: WallTime | null;
  readonly renewedAt: WallTime | null;
}

/** A stored template of actions. */
export interface Flow extends Row {
  readonly id: FlowId;
  readonly type: '' | 'flow' | 'conference' | 'queue' | 'campaign' | 'transfer';
  readonly name: string;
  readonly detail: string;
  readonly actions: readonly Action[];
  readonly onCompleteFlowId: FlowId | null;
  readonly directHash: string;
}

/** A room where calls meet, whether anybody is in it or not. */
/** What a conference does besides bringing its members together. */
export interface ConferenceSettings {
  /** All hear when somebody comes, and when somebody goes. */
  readonly entryTone: boolean;
  readonly exitTone: boolean;
  /** Who talks is told. */
  readonly talkerEvents: boolean;
}

export const CONFERENCE_SETTINGS: ConferenceSettings = { entryTone: false, exitTone: false, talkerEvents: false };

export interface Conference extends Row {
  readonly id: ConferenceId;
  readonly type: '' | 'conference' | 'connect' | 'queue';
  readonly status: 'starting' | 'progressing' | 'terminating' | 'terminated';
  readonly name: string;
  readonly detail: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** Seconds after which it ends by itself; 0 for never. */
  readonly timeoutS: number;
  readonly settings: ConferenceSettings;
  readonly preFlowId: FlowId | null;
  readonly postFlowId: FlowId | null;
  readonly directHash: string;
  readonly endedAt: WallTime | null;
}

/** A Contact registered for an extension (RFC 3261 §10). Times are wall times: bindings outlive the process. */
export interface Binding {
  readonly customerId: CustomerId;
  readonly extensionId: ExtensionId;
  /** Contact URI as the phone gave it. */
  readonly contact: string;
  /** Path URIs (RFC 3327), first hop first. */
  readonly path: readonly string[];
  /** Where the REGISTER came from. */
  readonly transport: 'udp' | 'tcp' | 'tls' | 'ws' | 'wss';
  readonly address: string;
  readonly port: number;
  /** Our port that received it. */
  readonly localPort: number;
  readonly sipCallId: string;
  readonly cseq: number;
  /** +sip.instance and reg-id (RFC 5626), '' and 0 when absent. */
  readonly instance: string;
  readonly regId: number;
  /** Thousandths, 0 to 1000. */
  readonly q: number;
  readonly userAgent: string;
  readonly registeredAt: WallTime;
  readonly expiresAt: WallTime;
}
