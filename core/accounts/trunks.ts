import type { Refusal, TrunkFields } from '../command.ts';
import type { Trunk } from '../directory/records.ts';
import { type TrunkId, uuid } from '../kernel/ids.ts';
import { networkOf } from '../kernel/network.ts';
import { revealed } from '../kernel/secret.ts';
import { alreadyExists, invalid } from '../refusal.ts';
import { Aggregate, newRow } from './aggregate.ts';
import type { Definitions } from './change.ts';

const trunks = new Aggregate<Trunk>({
  what: 'trunk',
  rowsOf: (directory) => directory.trunks,
  nameOf: (row) => row.domainName.toLowerCase(),
  writeOf: (row) => ({ kind: 'saveTrunk', row }),
  eventOf: (trunk, happening) => ({ type: `trunk_${happening}`, trunk }),
});

/** Platform §5.17. */
const DOMAIN_NAME = /^[a-zA-Z][a-zA-Z0-9-.]{1,30}$/;

export const TRUNKS: Definitions<'createTrunk' | 'updateTrunk' | 'deleteTrunk'> = {
  createTrunk: {
    keysOf: ({ fields }) => [trunks.key(fields.domainName.toLowerCase())],
    changeOf({ customerId, fields }, ground) {
      const { domainName } = fields;
      if (!DOMAIN_NAME.test(domainName)) {
        return invalid('domain_name', '2 to 31 letters, digits, - or ., the first a letter', domainName);
      }
      const refusal = checkAccess(fields);
      if (refusal !== undefined) return refusal;
      if (ground.directory.trunkByDomainName(domainName) !== undefined) {
        return alreadyExists('trunk', 'domain_name', domainName);
      }
      const id = uuid(ground.random) as TrunkId;
      return trunks.created({ ...newRow(customerId, ground.at), ...fields, id }, ground);
    },
  },
  updateTrunk: {
    keysOf: ({ id }, directory) => [trunks.keyOfId(id, directory)],
    changeOf: ({ id, changes }, ground) =>
      trunks.updated(id, ground, (old) => checkAccess({ ...old, ...changes }) ?? changes),
  },
  deleteTrunk: trunks.deletion(),
};

/** Why nobody could be recognised by these, or everybody would be. */
function checkAccess({ authTypes, username, password, allowedIps }: TrunkFields): Refusal | undefined {
  const unknown = authTypes.find((type) => type !== 'basic' && type !== 'ip');
  if (unknown !== undefined) return invalid('auth_types', 'basic or ip', unknown);
  if (authTypes.length === 0) return invalid('auth_types', 'basic, ip or both', 'none');
  for (const text of allowedIps) {
    const network = networkOf(text);
    if (network === undefined) return invalid('allowed_ips', 'addresses or networks such as 192.0.2.0/24', text);
    if (network.prefixLength === 0) return invalid('allowed_ips', 'networks that are not the whole world', text);
  }
  if (authTypes.includes('ip') && allowedIps.length === 0) {
    return invalid('allowed_ips', 'at least one address or network, as auth_types has ip', 'none');
  }
  if (!authTypes.includes('basic')) return undefined;
  if (username === '') return invalid('username', 'a username, as auth_types has basic', 'none');
  return revealed(password) === '' ? invalid('password', 'a password, as auth_types has basic', 'none') : undefined;
}
