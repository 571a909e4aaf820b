import type { SrtpPolicy } from '../kernel/srtp-policy.ts';

/** Where a provider wants to be told who calls (RFC 3325 §9, draft-ietf-sip-privacy-04). */
export type IdentityHeader = 'none' | 'p-asserted-identity' | 'p-preferred-identity' | 'remote-party-id';

/** What of an INVITE says which number is called (RFC 3261 §8.1.1, RFC 7315 §4.2). */
export type NumberSource = 'request-uri' | 'to' | 'p-called-party-id';

/** Changes the digits of a number that begins with `prefix`: this part becomes the replacement. */
export interface NumberRule {
  readonly prefix: string;
  readonly replacement: string;
}

/** One line of a header table: puts a header there, takes it away, or gives those that are there another value. */
export interface HeaderRule {
  readonly action: 'add' | 'remove' | 'rewrite';
  readonly name: string;
  /** '' for `remove`. */
  readonly value: string;
}

/** How a provider, or a trunk of a customer, is called, registered at and watched, and what it is believed. */
export interface ProviderTerms {
  readonly transport: 'udp' | 'tcp' | 'tls';
  /** A SIP URI that requests go to first (RFC 3261 §8.1.2); '' for none. */
  readonly outboundProxy: string;
  /** Digest credentials; '' for none. */
  readonly username: string;
  readonly password: string;
  /** User part of From; '' for the caller's number. */
  readonly fromUser: string;
  /** Host of From; '' for ours. */
  readonly fromDomain: string;
  readonly identity: IdentityHeader;
  /** Whether it is told who forwarded a call (RFC 5806), and by whom is believed. */
  readonly diversion: 'none' | 'diversion';
  /** Who offers media: we do in the INVITE, or the provider in its answer (RFC 3261 §13.2.1). */
  readonly offer: 'early' | 'late';
  /** `own`: only numbers of the customer are shown; `any`: those of callers from outside as well. */
  readonly callerNumbers: 'own' | 'any';
  /** `e164`: with +; `digits`: without it; `national`: as people of its country dial. */
  readonly numberFormat: 'e164' | 'digits' | 'national';
  /** ISO 3166-1 alpha-2 in upper case, for national forms both ways; '' for that of the installation. */
  readonly country: string;
  /** The first that fits is applied to the number called, before the tech prefix. */
  readonly numberRules: readonly NumberRule[];
  readonly headers: readonly HeaderRule[];
  /** E.164 number that calls in are for when they name none of ours, and that is shown when nothing else can be; or ''. */
  readonly number: string;
  readonly numberFrom: NumberSource;
  /** What it asserts of a caller is believed. */
  readonly trustsIdentity: boolean;
  /** Literal addresses or CIDR that its calls come from, beside those that it is reached at. */
  readonly addresses: readonly string[];
  /** Whether we register there, for how long at a time. */
  readonly registers: boolean;
  readonly expiresS: number;
  /** How often OPTIONS asks whether it lives; 0 for never. */
  readonly optionsIntervalS: number;
  /** So many without an answer in a row mean that it is down. */
  readonly optionsFailuresMax: number;
  /** Calls through it at the same time, and begun in a second; 0 for any number. */
  readonly callsMax: number;
  readonly callsPerSecondMax: number;
  readonly srtp: SrtpPolicy;
}

export const PROVIDER_TERMS: ProviderTerms = {
  transport: 'udp',
  outboundProxy: '',
  username: '',
  password: '',
  fromUser: '',
  fromDomain: '',
  identity: 'none',
  diversion: 'none',
  offer: 'early',
  callerNumbers: 'own',
  numberFormat: 'e164',
  country: '',
  numberRules: [],
  headers: [],
  number: '',
  numberFrom: 'request-uri',
  trustsIdentity: false,
  addresses: [],
  registers: false,
  expiresS: 3_600,
  optionsIntervalS: 30,
  optionsFailuresMax: 3,
  callsMax: 0,
  callsPerSecondMax: 0,
  srtp: 'off',
};

/** A customer's own trunk is believed about who calls. */
export const TRUNK_TERMS: ProviderTerms = { ...PROVIDER_TERMS, trustsIdentity: true };

/** Of a trunk from which calls only come. */
export const INCOMING_ONLY = { hostname: '', codecs: '', terms: TRUNK_TERMS } as const;
