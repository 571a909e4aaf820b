import { type Mutation, mutation } from './mutations.ts';

const GATEKEEPER = 'user-agent/gatekeeper';
const JUDGEMENT = 'sip/user-agent/judgement';

/** The same for each sentence about limits that protect. */
export const ABUSE_MUTATIONS: readonly Mutation[] = [
  mutation(
    'an account is banned from an address after 10 failures',
    GATEKEEPER,
    'recent.length + 1 >= FAILURES_MAX',
    'recent.length + 1 > FAILURES_MAX',
    'sip/gatekeeper',
    'ten failures in a minute ban the account',
  ),
  mutation(
    'the failures lie within 60 s',
    GATEKEEPER,
    'filter((at) => at > now - WINDOW_MS)',
    'filter((at) => at > now - 100 * WINDOW_MS)',
    'sip/gatekeeper',
    'failures spread over more than a minute never ban',
  ),
  mutation(
    'an address is banned after 10 different accounts failed from it',
    GATEKEEPER,
    'accounts.size < ACCOUNTS_MAX',
    'accounts.size < 2 * ACCOUNTS_MAX',
    'sip/gatekeeper',
    'ten different accounts ban the address as a whole',
  ),
  mutation(
    'an address is not banned while a phone is registered from it',
    GATEKEEPER,
    ' && !this.#options.registeredFrom(address);',
    ';',
    'sip/gatekeeper',
    'an address where a phone is registered is never banned as a whole',
  ),
  mutation(
    'a ban can be lifted',
    GATEKEEPER,
    'return this.#bans.delete(pairKey(sourceNetworkOf(address), account));',
    'return this.#bans.get(pairKey(address, account)) !== undefined;',
    'sip/gatekeeper',
    'a ban can be lifted',
  ),
  mutation(
    'trusted trunks are subject to their own caps only',
    'user-agent/caller-proof',
    'isBanned(source, username, now)) return withoutCredentials;',
    "isBanned(source, username, now)) return { kind: 'drop' };",
    'sip/user-agent/callers',
    'from a trunk’s address are counted',
  ),
  mutation(
    'refusals to unproven sources have at most three times the size of the request',
    'stack',
    'REFUSAL_FACTOR = 3;',
    'REFUSAL_FACTOR = 30;',
    JUDGEMENT,
    'a refusal over UDP has at most three times the bytes',
  ),
  mutation(
    'refusals are bounded for each source network',
    'user-agent/refusal-budget',
    'bucket.tokens -= share;',
    '',
    'sip/gatekeeper',
    'refusals are bounded for each network',
  ),
  mutation(
    'a reused nonce count gets stale=true, never a ban',
    'user-agent/caller-proof',
    "      case 'stale':\n",
    "      case 'stale':\n        this.#gatekeeper.failed(source, verdict.username, now);\n",
    JUDGEMENT,
    'a reused nonce count gets stale=true, and never a ban',
  ),
  mutation(
    'unknown and known users cost the same',
    'user-agent/digest',
    'digestResponse(given, account?.password ?? this.#decoy, request.method)',
    "account === undefined ? '' : digestResponse(given, account.password, request.method)",
    'sip/digest-work',
    'an unknown user costs the same hashes as a known one',
  ),
  mutation(
    'beyond the limit of legs a call gets 503',
    'user-agent/user-agent',
    'sessions.legCount < legsMax',
    'sessions.legCount >= 0',
    JUDGEMENT,
    'beyond its limits the stack refuses with 503',
  ),
];
