import { createHash } from 'node:crypto';
import { hashPassword, verifyPassword } from '../api/password.ts';
import type { Directory } from '../core/directory/directory.ts';
import { type Accesskey, type Agent, type Customer, type Extension, PERMISSION } from '../core/directory/records.ts';
import {
  type AccesskeyId,
  type AgentId,
  type CustomerId,
  type ExtensionId,
  hexToken,
  uuid,
} from '../core/kernel/ids.ts';
import type { Random } from '../core/kernel/random.ts';
import type { WallTime } from '../core/kernel/time.ts';
import type { Write } from '../core/write.ts';
import { demonstrationWrites } from './demonstration.ts';

export const ADMIN_USERNAME = 'admin@localhost';
const FIRST_EXTENSIONS = ['1000', '1001'];

/** Secrets that the operator gave instead of random ones; ensured at every start. */
export interface GivenSecrets {
  readonly adminPassword: string | undefined;
  readonly accesskey: string | undefined;
}

/** Something to be shown once. */
export interface Secret {
  readonly name: string;
  readonly value: string;
}

/** Rows to be committed before anything is served, and secrets to be printed this once. */
export interface Bootstrap {
  readonly writes: readonly Write[];
  readonly secrets: readonly Secret[];
}

/**
 * What a start finds missing: on an empty database one customer with an admin, an access key, two extensions with
 * random secrets and the demonstration numbers; at every start the secrets that were given.
 */
export async function bootstrap(
  directory: Directory,
  given: GivenSecrets,
  random: Random,
  at: WallTime,
): Promise<Bootstrap> {
  const writes: Write[] = [];
  const secrets: Secret[] = [];
  let customer = directory.firstCustomer();
  const isFirst = customer === undefined;
  if (customer === undefined) {
    customer = firstCustomer(random, at);
    writes.push({ kind: 'saveCustomer', row: customer });
    for (const extension of FIRST_EXTENSIONS) {
      const password = hexToken(random, 10);
      const row = firstExtension(customer.id, { extension, password }, random, at);
      writes.push({ kind: 'saveExtension', row });
      secrets.push({ name: `extension ${extension}`, value: password });
    }
    writes.push(...demonstrationWrites(customer.id, random, at));
  }
  const admin = await ensureAdmin(directory, customer.id, given.adminPassword, random, at);
  if (admin !== undefined) {
    writes.push({ kind: 'saveAgent', row: admin.row });
    if (admin.password !== undefined) secrets.push({ name: ADMIN_USERNAME, value: admin.password });
  }
  const token = given.accesskey ?? (isFirst ? `vb_${hexToken(random, 24)}` : undefined);
  if (token !== undefined && directory.accesskeyByHash(sha256(token), at) === undefined) {
    writes.push({ kind: 'saveAccesskey', row: accesskeyOf(customer.id, token, random, at) });
    if (given.accesskey === undefined) secrets.push({ name: 'access key', value: token });
  }
  return { writes, secrets };
}

/** SHA-256 of a token in hexadecimal, as access keys are stored. */
function sha256(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

function firstCustomer(random: Random, at: WallTime): Customer {
  return {
    id: uuid(random) as CustomerId,
    name: 'First customer',
    detail: '',
    email: ADMIN_USERNAME,
    status: 'active',
    ordinal: 1,
    createdAt: at,
    updatedAt: null,
    deletedAt: null,
  };
}

function firstExtension(
  customerId: CustomerId,
  named: Pick<Extension, 'extension' | 'password'>,
  random: Random,
  at: WallTime,
): Extension {
  return {
    id: uuid(random) as ExtensionId,
    customerId,
    ...named,
    name: `Extension ${named.extension}`,
    detail: '',
    codecs: '',
    srtp: 'off',
    createdAt: at,
    updatedAt: null,
    deletedAt: null,
  };
}

/** The admin to be saved: a new one, or the one there with the password that was given. `password` only when it is new and random. */
async function ensureAdmin(
  directory: Directory,
  customerId: CustomerId,
  given: string | undefined,
  random: Random,
  at: WallTime,
): Promise<{ row: Agent; password: string | undefined } | undefined> {
  const old = directory.agentByUsername(ADMIN_USERNAME);
  if (old !== undefined) {
    if (given === undefined || (await verifyPassword(given, old.passwordHash))) return undefined;
    return { row: { ...old, passwordHash: await hashPassword(given, random), updatedAt: at }, password: undefined };
  }
  const password = given ?? hexToken(random, 12);
  const row: Agent = {
    id: uuid(random) as AgentId,
    customerId,
    username: ADMIN_USERNAME,
    passwordHash: await hashPassword(password, random),
    name: 'Admin',
    detail: '',
    permission: PERMISSION.projectSuperAdmin | PERMISSION.customerAdmin,
    createdAt: at,
    updatedAt: null,
    deletedAt: null,
  };
  return { row, password: given === undefined ? password : undefined };
}

function accesskeyOf(customerId: CustomerId, token: string, random: Random, at: WallTime): Accesskey {
  return {
    id: uuid(random) as AccesskeyId,
    customerId,
    name: 'First access key',
    detail: '',
    tokenHash: sha256(token),
    tokenPrefix: token.slice(0, 8),
    expiresAt: null,
    createdAt: at,
    updatedAt: null,
    deletedAt: null,
  };
}
