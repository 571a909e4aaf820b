import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { TRUNK_TERMS } from '../../core/directory/provider-terms.ts';
import { networkOf } from '../../core/kernel/network.ts';
import { type Refused, refuse } from '../answer.ts';
import type { Backend } from '../backend.ts';
import { presentTrunk } from '../presentation/accounts.ts';
import type { Detail } from '../problem.ts';
import { RowRoutes } from '../row-routes.ts';
import { given, Name, Text } from '../schema.ts';
import { TrunkMetadata, termsFrom } from './provider-metadata.ts';
import { Codecs, Hostname } from './providers.ts';

/** Addresses of one trunk; each is looked at when a trunk is changed, none when a call comes. */
const ALLOWED_IPS_MAX = 1_000;
/** Of those that are wrong, as many are told. */
const DETAILS_MAX = 50;

const AuthTypes = Type.Array(Type.Enum(['basic', 'ip'], { description: 'basic or ip' }), {
  maxItems: 2,
  description: 'an array of basic, ip or both',
});
const Username = Type.String({
  pattern: '^[^\\u0000-\\u001f\\u007f]{0,128}$',
  description: 'text of at most 128 characters without control characters',
});
const Password = Type.String({
  pattern: '^[^\\u0000-\\u001f\\u007f]{0,128}$',
  description: 'at most 128 characters without control characters',
});
const AllowedIps = Type.Array(
  Type.String({ maxLength: 49, description: 'an address or a network such as 192.0.2.0/24' }),
  {
    maxItems: ALLOWED_IPS_MAX,
    description: `an array of at most ${ALLOWED_IPS_MAX} addresses or networks`,
  },
);

const Rest = {
  name: Type.Optional(Name),
  detail: Type.Optional(Text),
  username: Type.Optional(Username),
  password: Type.Optional(Password),
  allowed_ips: Type.Optional(AllowedIps),
  hostname: Type.Optional(Hostname),
  codecs: Type.Optional(Codecs),
  metadata: Type.Optional(TrunkMetadata),
};
const Creation = Type.Object({
  domain_name: Type.String({
    pattern: '^[a-zA-Z][a-zA-Z0-9.-]{1,30}$',
    description: 'a letter, then 1 to 30 letters, digits, - or .',
  }),
  auth_types: AuthTypes,
  ...Rest,
});
/** What is left out stays as it is, in `metadata` too. */
const Changes = Type.Object({ auth_types: Type.Optional(AuthTypes), ...Rest });

/** `/trunks`: peers that carry calls of one customer, in, and with a `hostname` also out. */
export function trunks(app: FastifyInstance, backend: Backend): void {
  const routes = new RowRoutes(app, backend, {
    kind: 'trunk',
    path: '/trunks',
    shape: 'RegistrarManagerTrunk',
    present: (row, by) => presentTrunk(row, by, backend.providerNow(row.id)),
  });
  routes.read();
  routes.create(Creation, (body, { customerId }) => {
    const { name = '', detail = '', username = '', password = '', allowed_ips: allowedIps = [] } = body;
    const { hostname = '', codecs = '', metadata } = body;
    const terms = metadata === undefined ? TRUNK_TERMS : { ...TRUNK_TERMS, ...termsFrom(metadata) };
    const fields = { name, detail, username, password, allowedIps, hostname, codecs, terms };
    const defects = defectsOf(allowedIps);
    if (defects !== undefined) return defects;
    return {
      kind: 'createTrunk',
      customerId,
      fields: { ...fields, domainName: body.domain_name, authTypes: distinct(body.auth_types) },
    };
  });
  routes.act('PUT', '', 'Change one trunk', Changes, ({ id, terms }, body) => {
    const { name, detail, username, password, allowed_ips: allowedIps, auth_types: authTypes } = body;
    const defects = defectsOf(allowedIps ?? []);
    if (defects !== undefined) return defects;
    return {
      kind: 'updateTrunk',
      id,
      changes: given({
        name,
        detail,
        username,
        password,
        allowedIps,
        authTypes: authTypes === undefined ? undefined : distinct(authTypes),
        hostname: body.hostname,
        codecs: body.codecs,
        terms: body.metadata === undefined ? undefined : { ...terms, ...termsFrom(body.metadata) },
      }),
    };
  });
  routes.remove(({ id }) => ({ kind: 'deleteTrunk', id }));
}

/** What is wrong with each of the addresses; undefined when nothing is. */
function defectsOf(allowedIps: readonly string[]): Refused | undefined {
  const expected = 'an address or a network such as 192.0.2.0/24';
  const details = allowedIps.flatMap((got, index): Detail[] =>
    networkOf(got) !== undefined ? [] : [{ field: `allowed_ips[${index}]`, expected, got: JSON.stringify(got) }],
  );
  if (details.length === 0) return undefined;
  const message = `${details[0]!.field}: expected ${expected}, got ${details[0]!.got}`;
  return refuse({ code: 'INVALID_ARGUMENT', message }, details.slice(0, DETAILS_MAX));
}

function distinct<Value>(values: readonly Value[]): readonly Value[] {
  return [...new Set(values)];
}
