import Type, { type Static } from 'typebox';
import type { ProviderTerms } from '../../core/directory/provider-terms.ts';
import { SRTP_POLICIES } from '../../core/kernel/srtp-policy.ts';
import { given } from '../schema.ts';

const TABLE_MAX = 100;

const Line = Type.String({
  maxLength: 128,
  pattern: '^[^\\u0000-\\u001f\\u007f]*$',
  description: 'text of at most 128 characters without control characters',
});
const Flag = Type.Boolean({ description: 'true or false' });
const Country = Type.String({ pattern: '^([A-Z]{2})?$', description: 'two letters of ISO 3166 such as DE, or ""' });

function count(max: number, description: string) {
  return Type.Integer({ minimum: 0, maximum: max, description });
}

const NumberRules = Type.Array(
  Type.Object(
    {
      prefix: Type.String({ maxLength: 33, description: 'digits' }),
      replacement: Type.String({ maxLength: 33, description: 'digits' }),
    },
    { additionalProperties: false, description: 'a rule {prefix, replacement}' },
  ),
  { maxItems: TABLE_MAX, description: `at most ${TABLE_MAX} rules {prefix, replacement}` },
);
const HeaderRules = Type.Array(
  Type.Object(
    {
      action: Type.Enum(['add', 'remove', 'rewrite'], { description: 'add, remove or rewrite' }),
      name: Type.String({ maxLength: 64, description: 'the name of a header' }),
      value: Type.Optional(Type.String({ maxLength: 512, description: 'one line of text' })),
    },
    { additionalProperties: false, description: 'a rule {action, name, value}' },
  ),
  { maxItems: TABLE_MAX, description: `at most ${TABLE_MAX} rules {action, name, value}` },
);

const Addresses = Type.Array(Type.String({ maxLength: 49, description: 'an address or a network' }), {
  maxItems: TABLE_MAX,
  description: `at most ${TABLE_MAX} addresses or networks`,
});

export const Srtp = Type.Enum([...SRTP_POLICIES], { description: 'off, preferred or required' });

/** What the `metadata` of providers and of trunks have in common. */
const COMMON = {
  transport: Type.Optional(Type.Enum(['udp', 'tcp', 'tls'], { description: 'udp, tcp or tls' })),
  outbound_proxy: Type.Optional(Line),
  username: Type.Optional(Line),
  password: Type.Optional(Line),
  from_user: Type.Optional(Line),
  from_domain: Type.Optional(Line),
  identity: Type.Optional(
    Type.Enum(['none', 'p-asserted-identity', 'p-preferred-identity', 'remote-party-id'], {
      description: 'none, p-asserted-identity, p-preferred-identity or remote-party-id',
    }),
  ),
  diversion: Type.Optional(Type.Enum(['none', 'diversion'], { description: 'none or diversion' })),
  offer: Type.Optional(Type.Enum(['early', 'late'], { description: 'early or late' })),
  caller_numbers: Type.Optional(Type.Enum(['own', 'any'], { description: 'own or any' })),
  number_format: Type.Optional(Type.Enum(['e164', 'digits', 'national'], { description: 'e164, digits or national' })),
  country: Type.Optional(Country),
  number_rules: Type.Optional(NumberRules),
  headers: Type.Optional(HeaderRules),
  number: Type.Optional(Line),
  number_from: Type.Optional(
    Type.Enum(['request-uri', 'to', 'p-called-party-id'], { description: 'request-uri, to or p-called-party-id' }),
  ),
  trust_identity: Type.Optional(Flag),
  register: Type.Optional(Flag),
  expires: Type.Optional(Type.Integer({ minimum: 60, maximum: 86_400, description: '60 to 86400 seconds' })),
  options_interval: Type.Optional(count(86_400, '0 to 86400 seconds')),
  options_failures: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, description: '1 to 100' })),
  calls_max: Type.Optional(count(100_000, '0 to 100000')),
  calls_per_second_max: Type.Optional(count(10_000, '0 to 10000')),
  srtp: Type.Optional(Srtp),
};

/** What a provider's `metadata` says of how it is called, registered at and watched. */
export const Metadata = Type.Object(
  { ...COMMON, addresses: Type.Optional(Addresses) },
  { additionalProperties: false, description: 'an object of settings' },
);

/** The same of a trunk: where its calls come from is said by `allowed_ips`. */
export const TrunkMetadata = Type.Object(COMMON, { additionalProperties: false, description: 'an object of settings' });

/** The terms that are named, of a provider or a trunk; the others are left out. */
export function termsFrom(metadata: Static<typeof Metadata>): Partial<ProviderTerms> {
  return given({
    transport: metadata.transport,
    outboundProxy: metadata.outbound_proxy,
    username: metadata.username,
    password: metadata.password,
    fromUser: metadata.from_user,
    fromDomain: metadata.from_domain,
    identity: metadata.identity,
    diversion: metadata.diversion,
    offer: metadata.offer,
    callerNumbers: metadata.caller_numbers,
    numberFormat: metadata.number_format,
    country: metadata.country,
    numberRules: metadata.number_rules,
    headers: metadata.headers?.map(({ action, name, value = '' }) => ({ action, name, value })),
    number: metadata.number,
    numberFrom: metadata.number_from,
    trustsIdentity: metadata.trust_identity,
    addresses: metadata.addresses,
    registers: metadata.register,
    expiresS: metadata.expires,
    optionsIntervalS: metadata.options_interval,
    optionsFailuresMax: metadata.options_failures,
    callsMax: metadata.calls_max,
    callsPerSecondMax: metadata.calls_per_second_max,
    srtp: metadata.srtp,
  });
}
