import type { Accesskey } from '../directory/records.ts';
import { type AccesskeyId, uuid } from '../kernel/ids.ts';
import { alreadyExists, invalid } from '../refusal.ts';
import { Aggregate, newRow } from './aggregate.ts';
import type { Definitions } from './change.ts';

const accesskeys = new Aggregate<Accesskey>({
  what: 'accesskey',
  rowsOf: (directory) => directory.accesskeys,
  nameOf: (row) => row.tokenHash,
  writeOf: (row) => ({ kind: 'saveAccesskey', row }),
  eventOf: (accesskey, happening) => ({ type: `accesskey_${happening}`, accesskey }),
});

const HASH = /^[0-9a-f]{64}$/;

export const ACCESSKEYS: Definitions<'createAccesskey' | 'updateAccesskey' | 'deleteAccesskey'> = {
  createAccesskey: {
    keysOf: ({ fields }) => [accesskeys.key(fields.tokenHash)],
    changeOf({ customerId, fields }, ground) {
      const { tokenHash, tokenPrefix, expiresAt } = fields;
      if (!HASH.test(tokenHash)) {
        return invalid('token', 'kept as SHA-256 in hexadecimal', `${tokenHash.length} characters`);
      }
      if (expiresAt !== null && expiresAt <= ground.at) {
        return invalid('expire', 'a time to come', `${ground.at - expiresAt} ms ago`);
      }
      // Expired ones count: their hash is as taken as any other.
      if (ground.directory.accesskeyByHash(tokenHash, Number.NEGATIVE_INFINITY) !== undefined) {
        return alreadyExists('accesskey', 'token', tokenPrefix);
      }
      const id = uuid(ground.random) as AccesskeyId;
      return accesskeys.created({ ...newRow(customerId, ground.at), ...fields, id }, ground);
    },
  },
  updateAccesskey: {
    keysOf: ({ id }, directory) => [accesskeys.keyOfId(id, directory)],
    changeOf: ({ id, changes }, ground) => accesskeys.updated(id, ground, () => changes),
  },
  deleteAccesskey: accesskeys.deletion(),
};
