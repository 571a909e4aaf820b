import type { Directory } from '../core/directory/directory.ts';
import type { Calendar } from '../core/kernel/clock.ts';
import type { LegId } from '../core/kernel/ids.ts';
import type { Random } from '../core/kernel/random.ts';
import type { TransportAddress } from '../core/ports.ts';
import type { SubscriptionLimits } from './events/notifier.ts';
import type { Reachable } from './locating/survey.ts';
import type { Timing } from './transaction/timing.ts';
import type { SentBy } from './transaction/transaction-layer.ts';
import type { QueueState } from './transport/queue-probe.ts';
import { type DigestAlgorithm, DigestServer } from './user-agent/digest.ts';

/** What a stack is made of. */
export interface StackOptions {
  readonly directory: Directory;
  readonly random: Random;
  readonly calendar: Calendar;
  /** Numbers of legs, shared with the core, which numbers those that it dials. */
  readonly nextLeg: () => LegId;
  readonly settings: {
    /** Product name for User-Agent and Server. */
    readonly userAgent: string;
    /** The address told to this peer, in Via and Contact. */
    readonly contactFor: (peer: TransportAddress, localPort: number | undefined) => SentBy;
    readonly timing?: Timing;
    /** 32 bytes that nonces and lines at providers are made with; they outlive a restart when it does. */
    readonly nonceSecret?: Uint8Array;
    readonly nonceLifetimeMs?: number;
    /** What challenges offer, best first; MD5 alone when left out. */
    readonly digestAlgorithms?: readonly DigestAlgorithm[];
    readonly serverTransactionsMax?: number;
    readonly legsMax?: number;
    readonly subscriptionLimits?: SubscriptionLimits;
    /** What is known of the messages that wait to be read; none do when left out. */
    readonly queue?: () => QueueState;
    /** Whether a dialled user calls for help; nobody does when left out. */
    readonly isEmergency?: (user: string) => boolean;
    /** `off` counts failures and refusals and lets everything pass. */
    readonly rateLimits?: 'on' | 'off';
    /** After so long a session that we begin is over unless it is refreshed (RFC 4028); 0 leaves that to the peer. */
    readonly sessionExpiresS?: number;
    /** Whether a phone is registered from this address: then it is not banned as a whole. */
    readonly registeredFrom?: (address: string) => boolean;
    /** Whether a trunk or provider sends from this address. */
    readonly trunkFrom?: (address: string) => boolean;
    /** What can be sent over; without it names lead nowhere. */
    readonly reachable?: Reachable;
  };
}

export const NOTHING_REACHABLE: Reachable = { transports: [], families: [] };
export const CALM: QueueState = { isOverflowing: false, delayMs: 0 };
const NONCE_LIFETIME_MS = 300_000;
export const SERVER_TRANSACTIONS_MAX = 100_000;
export const LEGS_MAX = 20_000;

export function digestServer(
  { nonceLifetimeMs = NONCE_LIFETIME_MS, digestAlgorithms: algorithms = ['MD5'] }: StackOptions['settings'],
  random: Random,
  calendar: Calendar,
  secret: Uint8Array,
): DigestServer {
  return new DigestServer({ random, calendar, nonceLifetimeMs, secret, algorithms });
}
