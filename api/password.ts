import { argon2, timingSafeEqual } from 'node:crypto';
import type { Random } from '../core/kernel/random.ts';

/** Cost of one guess: 19 MiB and two passes, some 30 ms (RFC 9106 §4 explains the choice of argon2id). */
const COST = { memoryKib: 19_456, passes: 2, lanes: 1 } as const;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** A stored hash may ask for this much and no more: what is stored must not stop the process. */
const COST_MAX = { memoryKib: 262_144, passes: 16, lanes: 4 } as const;

/** A hash that no password has: checking it takes as long as checking a real one, so it tells nothing about who exists. */
export const NOBODY = `$argon2id$v=19$m=${COST.memoryKib},t=${COST.passes},p=${COST.lanes}$${'A'.repeat(22)}$${'A'.repeat(43)}`;

interface PasswordHash {
  readonly memoryKib: number;
  readonly passes: number;
  readonly lanes: number;
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

/** argon2id of a password with a new salt, in PHC string form. Works beside the event loop. */
export async function hashPassword(password: string, random: Random): Promise<string> {
  const salt = random.bytes(SALT_BYTES);
  const hash = await derive(password, { ...COST, salt }, HASH_BYTES);
  return `$argon2id$v=19$m=${COST.memoryKib},t=${COST.passes},p=${COST.lanes}$${base64(salt)}$${base64(hash)}`;
}

/** Whether the password is the one of the hash; false also for a hash that is not argon2id of version 19. */
export async function verifyPassword(password: string, phc: string): Promise<boolean> {
  const parsed = parsePhc(phc);
  if (parsed === undefined) return false;
  return timingSafeEqual(await derive(password, parsed, parsed.hash.length), parsed.hash);
}

function parsePhc(phc: string): PasswordHash | undefined {
  const match =
    /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{16,86})$/.exec(phc);
  if (match === null) return undefined;
  const [memoryKib, passes, lanes] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (memoryKib > COST_MAX.memoryKib || passes > COST_MAX.passes || lanes > COST_MAX.lanes) return undefined;
  if (passes < 1 || lanes < 1 || memoryKib < 8 * lanes) return undefined;
  const [salt, hash] = [Buffer.from(match[4]!, 'base64'), Buffer.from(match[5]!, 'base64')];
  return { memoryKib, passes, lanes, salt, hash };
}

function derive(password: string, cost: Omit<PasswordHash, 'hash'>, sizeBytes: number): Promise<Uint8Array> {
  const parameters = {
    message: password,
    nonce: cost.salt,
    parallelism: cost.lanes,
    memory: cost.memoryKib,
    passes: cost.passes,
    tagLength: sizeBytes,
  };
  return new Promise((resolve, reject) => {
    argon2('argon2id', parameters, (error, hash) => (error === null ? resolve(hash) : reject(error)));
  });
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '');
}
