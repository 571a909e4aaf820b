import { sourceNetworkOf } from '../../core/kernel/source-network.ts';
import type { Instant } from '../../core/kernel/time.ts';
import type { TransportAddress } from '../../core/ports.ts';
import { ownCopy } from './own-copy.ts';
import { RecentTable } from './recent-table.ts';
import { RefusalBudget } from './refusal-budget.ts';

/** A source, or one account from it, whose requests are dropped. */
export interface Ban {
  /** As `sourceNetworkOf` says: an IPv4 address, or an IPv6 network such as `2001:db8:0:1::/64`. */
  readonly address: string;
  /** '' when every account from the address is banned. */
  readonly account: string;
  readonly since: Instant;
  readonly until: Instant;
}

export interface GatekeeperOptions {
  /** Whether a phone is registered from this address: then the address as a whole is not banned. */
  readonly registeredFrom: (address: string) => boolean;
  /** Whether a trunk or provider sends from this address. */
  readonly trunkFrom?: (address: string) => boolean;
  /** `off` admits everything and counts only. */
  readonly mode?: 'on' | 'off';
}

const FAILURES_MAX = 10;
const ACCOUNTS_MAX = 10;
const WINDOW_MS = 60_000;
const BAN_MS = 180_000;

/** What a refusal to a known address takes of its network's budget. */
const KNOWN_SHARE = 0.1;

/** Rows in each table; those used longest ago make room. */
const ROWS_MAX = 16_384;
/** Longer names are cut: no account is called so, and a row stays small. */
const ACCOUNT_LENGTH_MAX = 64;

/** Failures that wait to be told; further ones are counted alone. */
const FAILURES_UNTOLD_MAX = 256;

/** A wrong password or an unknown account, for the log. */
export interface Failure {
  readonly source: TransportAddress;
  readonly account: string;
}

/** The accounts that failed from one address, and when each did last. */
type AccountFailures = Map<string, Instant>;

/**
 * Who may not knock any more. Ten failures in a minute ban an account from one source address, so that guessing at an
 * account from elsewhere never locks its owner out; ten different accounts ban the address, unless a phone lives
 * there. An IPv6 source is its /64: a host has 2^64 addresses to guess from. Every table has a limit, whatever arrives.
 */
export class Gatekeeper {
  readonly counters = { droppedBanned: 0, droppedRefusals: 0, failures: 0, bans: 0, bansDisplaced: 0 };
  readonly #options: GatekeeperOptions;
  /** Source and account → instants of the latest failures, oldest first. */
  readonly #failures = new RecentTable<readonly Instant[]>(ROWS_MAX);
  /** Source → accounts that failed from it. */
  readonly #accounts = new RecentTable<AccountFailures>(ROWS_MAX);
  readonly #bans = new RecentTable<Ban>(ROWS_MAX);
  readonly #refusals = new RefusalBudget();
  readonly #untold: Failure[] = [];

  constructor(options: GatekeeperOptions) {
    this.#options = options;
  }

  /** Whether a request that says it is from this account is judged at all. A dropped one is counted. */
  admit(source: TransportAddress, account: string, now: Instant): 'allow' | 'drop' {
    const isBanned = this.isBanned(source, account, now);
    if (isBanned) this.counters.droppedBanned += 1;
    return isBanned ? 'drop' : 'allow';
  }

  /** Whether a ban of this account from this address, or of the address as a whole, is in force. */
  isBanned({ address }: TransportAddress, account: string, now: Instant): boolean {
    if (this.#options.mode === 'off' || this.#bans.size === 0) return false;
    const from = sourceNetworkOf(address);
    return this.#isPairBanned(from, account, now) || this.#isWholeBanned(from, now);
  }

  /**
   * Whether a challenge or refusal may be sent to an unproven source. Bounded for each source network (IPv4 /24,
   * IPv6 /64), so that forged sources cannot be flooded through us; ten times as many where phones or trunks are known,
   * which are told of an overload as often as they call.
   */
  mayRefuse({ address }: TransportAddress, now: Instant): 'allow' | 'drop' {
    const { mode, registeredFrom, trunkFrom } = this.#options;
    if (mode === 'off') return 'allow';
    const isKnown = registeredFrom(address) || trunkFrom?.(address) === true;
    if (this.#refusals.take(address, now, isKnown ? KNOWN_SHARE : 1)) return 'allow';
    this.counters.droppedRefusals += 1;
    return 'drop';
  }

  /** Wrong password or unknown account. */
  failed(source: TransportAddress, account: string, now: Instant): void {
    this.counters.failures += 1;
    const name = ownCopy(shortened(account));
    if (this.#untold.length < FAILURES_UNTOLD_MAX) this.#untold.push({ source, account: name });
    if (this.#options.mode === 'off') return;
    const address = sourceNetworkOf(source.address);
    const key = pairKey(address, name);
    const recent = (this.#failures.get(key) ?? []).filter((at) => at > now - WINDOW_MS);
    this.#failures.set(key, [...recent, now]);
    if (recent.length + 1 >= FAILURES_MAX) {
      this.#failures.delete(key);
      this.#ban(address, name, now);
    }
    this.#countAccount(address, name, now);
  }

  /** The next failure to be told to the operator. */
  takeFailure(): Failure | undefined {
    return this.#untold.shift();
  }

  /** The password was right: what failed before was a typing error, and the challenge before it was no waste. */
  succeeded(source: TransportAddress, account: string, now: Instant): void {
    this.#refusals.giveBack(source.address, now);
    const address = sourceNetworkOf(source.address);
    if (!this.#failures.delete(pairKey(address, account))) return;
    const accounts = this.#accounts.get(address);
    accounts?.delete(shortened(account));
    if (accounts?.size === 0) this.#accounts.delete(address);
  }

  /** Bans in force, oldest first. */
  list(now: Instant): readonly Ban[] {
    return [...this.#bans.rows()].filter((ban) => ban.until > now).sort((a, b) => a.since - b.since);
  }

  /** Ends a ban of an address, or of its network; '' as account means it as a whole. False when there was none. */
  lift(address: string, account: string): boolean {
    return this.#bans.delete(pairKey(sourceNetworkOf(address), account));
  }

  /** Rows held at present, for metrics. */
  get size(): number {
    return this.#failures.size + this.#accounts.size + this.#bans.size + this.#refusals.size;
  }

  #countAccount(address: string, account: string, now: Instant): void {
    const accounts = this.#accounts.get(address) ?? new Map<string, Instant>();
    for (const [name, at] of accounts) if (at <= now - WINDOW_MS) accounts.delete(name);
    accounts.set(account, now);
    this.#accounts.set(address, accounts);
    if (accounts.size < ACCOUNTS_MAX) return;
    this.#accounts.delete(address);
    if (!this.#options.registeredFrom(address)) this.#ban(address, '', now);
  }

  #ban(address: string, account: string, now: Instant): void {
    this.counters.bans += 1;
    const ban = { address, account, since: now, until: now + BAN_MS };
    this.counters.bansDisplaced += this.#bans.set(pairKey(address, account), ban);
  }

  #isPairBanned(address: string, account: string, now: Instant): boolean {
    const key = pairKey(address, account);
    const ban = this.#bans.get(key);
    if (ban === undefined) return false;
    if (ban.until <= now) this.#bans.delete(key);
    return ban.until > now;
  }

  #isWholeBanned(address: string, now: Instant): boolean {
    return this.#isPairBanned(address, '', now) && !this.#options.registeredFrom(address);
  }
}

function shortened(account: string): string {
  return account.slice(0, ACCOUNT_LENGTH_MAX);
}

function pairKey(address: string, account: string): string {
  return `${address} ${shortened(account)}`;
}
