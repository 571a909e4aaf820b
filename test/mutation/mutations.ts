/** A small lie in the source, and the test that must find it out. */
export interface Mutation {
  /** How a row of `sip/README.md` begins that says *done*, or a sentence that holds. */
  readonly row: string;
  readonly file: string;
  /** Stands once in the file. */
  readonly from: string;
  readonly to: string;
  readonly test: string;
  /** Begins a title of that file, and quotes the section. */
  readonly title: string;
}

/** Names are those of files in `sip/` and in `test/`, without what they all end with. */
export function mutation(row: string, file: string, from: string, to: string, test: string, title: string): Mutation {
  return { row, file: `sip/${file}.ts`, from, to, test: `test/${test}.test.ts`, title };
}

const CALLEE = 'sip/stack/callee';
const CALLER = 'sip/stack/caller';
const JUDGEMENT = 'sip/user-agent/judgement';
const MACHINES = 'sip/transaction/machines';
const USER_AGENT = 'user-agent/user-agent';

export const MUTATIONS: readonly Mutation[] = [
  mutation(
    'RFC 3261 §7, §19, §20, §25',
    'grammar/uri',
    "'' : percentDecode(text.slice(nameEnd + 1, end))",
    "'' : percentDecode(percentDecode(text.slice(nameEnd + 1, end)))",
    'sip/grammar/uri',
    'RFC 3261 §19.1.2: escapes in parameters are undone once',
  ),
  mutation(
    'RFC 3261 §8.2',
    USER_AGENT,
    'this.refuse(arrival, 482, [], now)',
    'this.refuse(arrival, 481, [], now)',
    JUDGEMENT,
    'RFC 3261 §8.2.2.2: the same request over another path',
  ),
  mutation(
    'RFC 3261 §8.2',
    USER_AGENT,
    '(hash >>> 0).toString(16)',
    'Math.random().toString(16)',
    JUDGEMENT,
    'RFC 3261 §8.2.7: who has not proven anything',
  ),
  mutation(
    'RFC 3261 §9',
    USER_AGENT,
    'sessions.receiveCancel(invite, cancel.request, now);',
    '',
    CALLEE,
    'RFC 3261 §9.2: CANCEL is answered',
  ),
  mutation(
    'RFC 3261 §9',
    'dialog/session-table',
    "provisional: to('canceling', 'cancelInvite')",
    "provisional: to('canceling')",
    CALLER,
    'RFC 3261 §9.1: a hang-up waits for a provisional response',
  ),
  mutation(
    'RFC 3261 §10',
    'user-agent/registrar',
    'request.cseq.number <= old.cseq',
    'request.cseq.number < old.cseq',
    'sip/registrar',
    'RFC 3261 §10.3: an older or equal CSeq',
  ),
  mutation(
    'RFC 3261 §12',
    'dialog/dialog',
    'number <= this.#state.remoteCSeq',
    'number < this.#state.remoteCSeq',
    'sip/dialog/dialog',
    'RFC 3261 §12.2.2: requests of the peer',
  ),
  mutation(
    'RFC 3261 §12',
    'dialog/dialog',
    '.map(ownCopy).reverse()',
    '.map(ownCopy)',
    'sip/dialog/dialog',
    'RFC 3261 §12.1.2: as UAC',
  ),
  mutation(
    'RFC 3261 §13, §14, §15',
    'dialog/session-actions',
    'speaker.respond(present(input.pending), 491)',
    'speaker.respond(present(input.pending), 500)',
    CALLEE,
    'RFC 3261 §14.2: two re-INVITEs that meet',
  ),
  mutation(
    'RFC 3261 §13, §14, §15',
    'dialog/session-speaker',
    "    if (!isNew) return;\n    this.#request('fork'",
    "    return;\n    this.#request('fork'",
    CALLER,
    'RFC 3261 §13.2.2.4: a second branch',
  ),
  mutation(
    'RFC 3261 §17, RFC 6026',
    'transaction/invite-client',
    'return 64 * this.#timing.t1',
    'return 32 * this.#timing.t1',
    MACHINES,
    'RFC 3261 §17.1.1.2: an unanswered INVITE',
  ),
  mutation(
    'RFC 3261 §17, RFC 6026',
    'transaction/invite-server',
    'return 64 * this.#timing.t1',
    'return 32 * this.#timing.t1',
    MACHINES,
    'RFC 3261 §17.2.1: a refusal is repeated',
  ),
  mutation(
    'RFC 3261 §18',
    'transaction/large-requests',
    'DATAGRAM_BYTES_MAX = 1_300',
    'DATAGRAM_BYTES_MAX = 13_000',
    'sip/stack/large-requests',
    'RFC 3261 §18.1.1: a request over 1,300 bytes',
  ),
  mutation(
    'RFC 3261 §18',
    'stream-framing',
    'Math.max(this.#start, this.#end - 2)',
    'this.#end',
    'sip/stream-framing',
    'RFC 3261 §18.3: any chunking',
  ),
  mutation(
    'RFC 3261 §11',
    'providers/liveness',
    'outcome.response.status !== 503',
    'outcome.response.status === 503',
    'world/registrations',
    'RFC 3261 §11: OPTIONS tell that a provider is down',
  ),
  mutation(
    'RFC 3261 §26.2',
    'transport/tls',
    'serverObjection(name ?? address, certificate)',
    "serverObjection(name ?? 'nobody', certificate)",
    'sip/transport-tls',
    'RFC 3261 §26.2.1: messages go both ways over one TLS connection',
  ),
  mutation(
    'RFC 5922',
    'transport/connections',
    'return name === undefined ?',
    'return name !== transport ?',
    'sip/transport-tls',
    'RFC 5922 §4: a connection is only used again',
  ),
  mutation(
    'RFC 7118',
    'transport/websocket-connection',
    'else if (!this.#isHeard)',
    'else if (this.#isHeard === undefined)',
    'sip/transport-websocket',
    'RFC 7118 §6: clients are pinged',
  ),
  mutation(
    'RFC 3261 §22, RFC 7616, RFC 8760',
    'user-agent/digest',
    'if (!matches || account === undefined)',
    'if (account === undefined)',
    'sip/digest',
    'RFC 3261 §22.4: a wrong password',
  ),
  mutation(
    'RFC 3261 §22, RFC 7616, RFC 8760',
    'user-agent/digest',
    "return { kind: fresh ? 'accepted' : 'stale', username }",
    "return { kind: 'accepted', username }",
    'sip/digest',
    'RFC 7616 §3.4: a used nonce count',
  ),
  mutation(
    'RFC 3262',
    'dialog/reliable-provisional',
    'Number(rack[1]) !== awaited.number',
    'false',
    'sip/stack/reliable',
    'RFC 3262 §3: a PRACK that acknowledges nothing of ours gets 481',
  ),
  mutation(
    'RFC 3263, RFC 2782, RFC 7984',
    'locating/survey',
    'a.order - b.order ||',
    'b.order - a.order ||',
    'sip/locating/locator',
    'RFC 3263 §4.1: NAPTR records say',
  ),
  mutation(
    'RFC 3263, RFC 2782, RFC 7984',
    'locating/srv-order',
    'sort((a, b) => a - b)',
    'sort((a, b) => b - a)',
    'sip/locating/srv-order',
    'RFC 2782: every server is tried once',
  ),
  mutation(
    'RFC 5626 §4.5',
    'providers/registration',
    'baseMs * 2 **',
    'baseMs * 1 **',
    'sip/registration',
    'RFC 5626 §4.5: waits twice as long',
  ),
  mutation(
    'RFC 3326',
    'dialog/session-messages',
    "'SIP;cause=200;text=",
    "'SIP;cause=487;text=",
    CALLER,
    'RFC 3326 §2: a call answered elsewhere',
  ),
  mutation(
    'RFC 3327',
    'user-agent/registrar',
    "for (const hop of request.all('Path')) fields.push",
    "for (const hop of request.all('Path').slice(1)) fields.push",
    'sip/registrar',
    'RFC 3327 §5.3: the path of proxies',
  ),
  mutation(
    'RFC 5626 §3.5, §4.4.1, §5.3',
    'user-agent/registered-flows',
    'return lost.map((binding)',
    'return lost.slice(1).map((binding)',
    'sip/stack/connections',
    'RFC 5626 §5.3: what is bound to a connection',
  ),
  mutation(
    'RFC 3581',
    'transaction/response-route',
    "via.parameters.has('rport') ||",
    '',
    JUDGEMENT,
    'RFC 3581 §4: without rport',
  ),
  mutation(
    'RFC 6665, RFC 4235, RFC 3856, RFC 3842',
    'events/notifier',
    'respond(request, 200, { toTag: dialog.localTag',
    'respond(request, 202, { toTag: dialog.localTag',
    'sip/events/notifier',
    'RFC 6665 §4.2.1: a SUBSCRIBE',
  ),
  mutation(
    'RFC 7332 §5',
    'dialog/session-messages',
    'Math.max(0, Number(text) - 1)',
    'Math.max(0, Number(text))',
    'world/loops',
    'RFC 7332 §5: two switches that send a call to each other',
  ),
  mutation(
    'RFC 3261 §21.3',
    'dialog/redirects',
    'b.q - a.q',
    'a.q - b.q',
    'sip/dialog/redirects',
    'RFC 3261 §21.3: 300, 301 and 302 name who is to be called instead',
  ),
  mutation(
    'RFC 4028',
    'dialog/session-interval',
    'MINIMUM_S = 90;',
    'MINIMUM_S = 9;',
    'sip/stack/session-timer',
    'RFC 4028 §9: an interval that is too short gets 422',
  ),
  mutation(
    'RFC 3515, RFC 4488',
    'user-agent/referrals',
    "'terminated;reason=noresource'",
    "'active;expires=0'",
    'world/transfers',
    'RFC 3515 §2.4.5: who is transferred to is busy',
  ),
  mutation(
    'RFC 3891',
    'user-agent/replacing',
    '{ status: 486, fields: [] }',
    '{ status: 481, fields: [] }',
    'world/transfers',
    'RFC 3891 §3: an INVITE with a Replaces that cannot be met',
  ),
  mutation(
    'RFC 5589 §6, §7',
    'user-agent/sent-referrals',
    "status < 300 ? 'done' : 'failed'",
    "status < 400 ? 'failed' : 'done'",
    'world/transfer-commands',
    'RFC 5589 §6.1: the phone of the transferee is referred',
  ),
  mutation(
    'RFC 5359 §2',
    'user-agent/referrals',
    "headerIn(uri, 'replaces')",
    "headerIn(uri, 'replaced')",
    'world/transfers',
    'RFC 5359 §2.5: an attended transfer',
  ),
];
