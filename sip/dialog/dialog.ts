import { assert } from '../../core/kernel/assert.ts';
import type { TransportAddress, TransportProtocol } from '../../core/ports.ts';
import { formatNameAddress, parseNameAddress } from '../grammar/name-address.ts';
import { parseUri } from '../grammar/uri.ts';
import type { HeaderName, Message, NameAddress, Request, Response, Uri } from '../message.ts';
import { addressKey } from '../transaction/sharers.ts';
import { ownCopy } from '../user-agent/own-copy.ts';
import { buildRequest } from '../writer.ts';
import { type Flow, isNamed, isPrivateElsewhere, nextHop, withoutHeaders } from './next-hop.ts';

/** Where a request goes next. */
export interface Hop {
  readonly destination: TransportAddress;
  /** Our listener for the destination, when it is the peer's own flow. */
  readonly localPort: number | undefined;
  /** A name whose servers are asked for first; the destination is for when none is found. */
  readonly name: Uri | undefined;
}

type Field = readonly [HeaderName, string];

/** RFC 3261 §12: what both sides remember of each other. Plain values: this is what is stored. */
interface DialogState {
  readonly callId: string;
  readonly localTag: string;
  /** '' for a peer of RFC 2543. */
  readonly remoteTag: string;
  /** name-addr without tag, as in From and To. */
  readonly localAddress: string;
  readonly remoteAddress: string;
  localCSeq: number;
  remoteCSeq: number;
  /** Route header values, first hop first. */
  readonly routeSet: readonly string[];
  readonly remoteTarget: string;
  readonly secure: boolean;
  readonly transport: TransportProtocol;
  readonly address: string;
  readonly port: number;
  /** Whose certificate the peer must show when the connection is opened again. */
  readonly name?: string | undefined;
  /** 0 when any listener will do. */
  readonly localPort: number;
}

type FlowState = Pick<DialogState, 'transport' | 'address' | 'port' | 'name' | 'localPort'>;

/** What the process that stored a dialog may have sent in it since: a CSeq must grow (RFC 3261 §12.2.1.1). */
const RESTORED_CSEQ_GAP = 10_000;
/** RFC 3261 §8.1.1.5. */
const CSEQ_MAX = 2 ** 31 - 1;
const ROUTE_SET_MAX = 32;

/** A confirmed or early dialog of either role. Bodies, timers and meaning are the session's. */
export class Dialog {
  #state: DialogState;
  /** The remote target, once it was read. */
  #target: Uri | undefined;

  private constructor(state: DialogState) {
    this.#state = state;
  }

  /** Ours as UAS (RFC 3261 §12.1.1), from the request that we answer with `localTag`. */
  static fromRequest(request: Request, localTag: string, flow: Flow): Dialog {
    return new Dialog({
      callId: ownCopy(request.callId),
      localTag,
      remoteTag: ownCopy(request.fromTag),
      localAddress: addressText(request.to),
      remoteAddress: addressText(request.from),
      localCSeq: 0,
      remoteCSeq: request.cseq.number,
      routeSet: request.all('Record-Route').slice(0, ROUTE_SET_MAX).map(ownCopy),
      remoteTarget: targetOf(request) ?? ownCopy(request.from.uri.text),
      secure: request.uri.scheme === 'sips',
      ...flowState(flow),
    });
  }

  /** Ours as UAC (RFC 3261 §12.1.2), from our request and the response that established the dialog. */
  static fromResponse(request: Request, response: Response, flow: Flow): Dialog {
    return new Dialog({
      callId: request.callId,
      localTag: request.fromTag,
      remoteTag: ownCopy(response.toTag),
      localAddress: addressText(request.from),
      remoteAddress: addressText(request.to),
      localCSeq: request.cseq.number,
      remoteCSeq: 0,
      routeSet: routesBack(response),
      remoteTarget: targetOf(response) ?? request.uri.text,
      secure: request.uri.scheme === 'sips',
      ...flowState(flow),
    });
  }

  /** That of another branch of the INVITE that established this one, from the response that the branch gave. */
  forked(response: Response, cseq: number, requestUri: string, flow: Flow): Dialog {
    return new Dialog({
      ...this.#state,
      remoteTag: ownCopy(response.toTag),
      localCSeq: cseq,
      remoteCSeq: 0,
      routeSet: routesBack(response),
      remoteTarget: targetOf(response) ?? requestUri,
      ...flowState(flow),
    });
  }

  /** A stored dialog, with a CSeq safely above whatever was used; undefined when the text is not ours. */
  static fromText(text: string): Dialog | undefined {
    let state: unknown;
    try {
      state = JSON.parse(text);
    } catch {
      return undefined;
    }
    if (!isDialogState(state)) return undefined;
    return new Dialog({ ...state, localCSeq: Math.min(state.localCSeq + RESTORED_CSEQ_GAP, CSEQ_MAX - 1) });
  }

  toText(): string {
    return JSON.stringify(this.#state);
  }

  get callId(): string {
    return this.#state.callId;
  }

  get localTag(): string {
    return this.#state.localTag;
  }

  get remoteTag(): string {
    return this.#state.remoteTag;
  }

  /** name-addr without tag, as in From and To. */
  get localAddress(): string {
    return this.#state.localAddress;
  }

  get remoteAddress(): string {
    return this.#state.remoteAddress;
  }

  /** Contact of the peer: a URI without headers. */
  get remoteTarget(): string {
    return this.#state.remoteTarget;
  }

  get secure(): boolean {
    return this.#state.secure;
  }

  /** Request-URI of requests in this dialog. */
  get requestUri(): Uri {
    return this.#route().uri;
  }

  get flow(): Flow {
    const { transport, address, port, name, localPort } = this.#state;
    const remote = name === undefined ? { transport, address, port } : { transport, address, port, name };
    return { remote, localPort: localPort === 0 ? undefined : localPort };
  }

  /** A request inside the dialog, with the next CSeq (RFC 3261 §12.2.1.1). */
  request(method: string, fields: readonly Field[], body?: Uint8Array): Request {
    assert(method !== 'ACK', 'an ACK has the CSeq of its INVITE');
    this.#state.localCSeq += 1;
    return this.#build(method, this.#state.localCSeq, fields, body);
  }

  /** The ACK of a 2xx to the INVITE with this CSeq (RFC 3261 §13.2.2.4). */
  acknowledgement(cseq: number, fields: readonly Field[], body?: Uint8Array): Request {
    return this.#build('ACK', cseq, fields, body);
  }

  /** Where requests in this dialog go: first route or remote target, or the flow that the peer was seen at. */
  hop(): Hop {
    const { flow } = this;
    const next = this.#nextUri();
    const destination = nextHop(next, flow) ?? flow.remote;
    const localPort = destination.transport === flow.remote.transport ? flow.localPort : undefined;
    return { destination, localPort, name: isNamed(next, flow) ? next : undefined };
  }

  /** The connection that its requests need: one that the peer opened, or that brought its own. '' when they need none. */
  get connectionKey(): string {
    const { transport, localPort } = this.#state;
    return transport === 'udp' || localPort === 0 ? '' : addressKey(this.flow.remote);
  }

  /**
   * This connection is gone: where else its requests can go. That is another connection from the same address that the
   * peer registered over since, or else an address that it listens at (RFC 3261 §18.1.1). From then on they go there.
   */
  leaveConnection(lost: TransportAddress, flowOf: (contact: Uri) => Flow | undefined): Hop | undefined {
    const { remote, localPort } = this.flow;
    if (lost.transport === 'udp') return undefined;
    // It was left already.
    if (addressKey(remote) !== addressKey(lost)) return this.hop();
    if (localPort === undefined) return undefined;
    // One that was opened by us, and can be once more.
    if (remote.name !== undefined) return this.#moveTo({ remote, localPort: undefined });
    const next = this.#nextUri();
    const again = flowOf(next);
    const isSame = again !== undefined && again.remote.address === remote.address && again.remote.port !== remote.port;
    const listening = isSame ? undefined : nextHop(next, undefined);
    const isThere = listening !== undefined && !isPrivateElsewhere(listening.address, remote.address);
    if (isSame) return this.#moveTo(again);
    return isThere ? this.#moveTo({ remote: listening, localPort: undefined }) : undefined;
  }

  /** Whether requests have a way to the peer again, after this connection was gone. */
  isBack(lostKey: string, flowOf: (contact: Uri) => Flow | undefined): boolean {
    return this.connectionKey !== lostKey || flowOf(this.#nextUri())?.remote.address === this.#state.address;
  }

  #moveTo(flow: Flow): Hop {
    this.#state = { ...this.#state, name: undefined, ...flowState(flow) };
    return { destination: flow.remote, localPort: flow.localPort, name: undefined };
  }

  /** Whether a request of the peer is in order (RFC 3261 §12.2.2); then its CSeq is remembered. */
  accept(request: Request): 'in order' | 'out of order' {
    const { number } = request.cseq;
    if (number <= this.#state.remoteCSeq && this.#state.remoteCSeq !== 0) return 'out of order';
    this.#state.remoteCSeq = number;
    return 'in order';
  }

  /** Remote target and flow as a target refresh shows them (RFC 3261 §12.2). True when something changed. */
  refresh(message: Message, flow: Flow): boolean {
    const remoteTarget = targetOf(message) ?? this.#state.remoteTarget;
    const before = this.#state;
    const next: DialogState = { ...before, remoteTarget, name: undefined, ...flowState(flow) };
    this.#state = next;
    if (next.remoteTarget !== before.remoteTarget) this.#target = undefined;
    return REFRESHED.some((name) => next[name] !== before[name]);
  }

  /** The remote target as a response in an early dialog shows it. */
  refreshTarget(response: Response): void {
    const remoteTarget = targetOf(response);
    if (remoteTarget === undefined || remoteTarget === this.#state.remoteTarget) return;
    this.#state = { ...this.#state, remoteTarget };
    this.#target = undefined;
  }

  /** The 2xx that confirms an early dialog: its route set and target count from now on (RFC 3261 §13.2.2.4). */
  confirm(response: Response): void {
    this.refreshTarget(response);
    this.#state = { ...this.#state, routeSet: routesBack(response) };
  }

  #build(method: string, cseq: number, fields: readonly Field[], body?: Uint8Array): Request {
    const { callId, localTag, remoteTag, localAddress, remoteAddress } = this.#state;
    const { uri, routes } = this.#route();
    return buildRequest({
      method,
      uri,
      fields: [
        ...routes.map((route) => ['Route', route] as const),
        ['Max-Forwards', '70'],
        ['From', `${localAddress};tag=${localTag}`],
        ['To', remoteTag === '' ? remoteAddress : `${remoteAddress};tag=${remoteTag}`],
        ['Call-ID', callId],
        ['CSeq', `${cseq} ${method}`],
        ...fields,
      ],
      body,
    });
  }

  /** RFC 3261 §12.2.1.1: a first route without `lr` is a strict router and takes the place of the Request-URI. */
  #route(): { uri: Uri; routes: readonly string[] } {
    const { routeSet, remoteTarget } = this.#state;
    this.#target ??= parseUri(remoteTarget);
    const target = this.#target;
    assert(target !== undefined, 'the remote target was a URI when it came');
    const first = routeSet.length === 0 ? undefined : parseNameAddress(routeSet[0]!);
    if (first === undefined || first.uri.parameters.has('lr')) return { uri: target, routes: routeSet };
    return { uri: first.uri, routes: [...routeSet.slice(1), `<${remoteTarget}>`] };
  }

  /** RFC 3261 §8.1.2: the first route; a strict router stands in the Request-URI, whatever comes behind it. */
  #nextUri(): Uri {
    const { routeSet } = this.#state;
    const first = routeSet.length === 0 ? undefined : parseNameAddress(routeSet[0]!);
    return first?.uri.parameters.has('lr') ? first.uri : this.#route().uri;
  }
}

function routesBack(response: Response): readonly string[] {
  return response.all('Record-Route').slice(-ROUTE_SET_MAX).map(ownCopy).reverse();
}

function addressText({ displayName, uri }: NameAddress): string {
  return ownCopy(formatNameAddress(displayName, uri));
}

function targetOf(message: Message): string | undefined {
  const uri = message.contacts[0]?.uri;
  return uri !== undefined && (uri.scheme === 'sip' || uri.scheme === 'sips')
    ? ownCopy(withoutHeaders(uri).text)
    : undefined;
}

function flowState({ remote, localPort }: Flow): FlowState {
  const { transport, address, port, name } = remote;
  const state = { transport, address: ownCopy(address), port, localPort: localPort ?? 0 };
  return name === undefined ? state : { ...state, name };
}

/** What a target refresh can change. */
const REFRESHED = ['remoteTarget', 'transport', 'address', 'port', 'name', 'localPort'] as const;

const TEXTS = [
  'callId',
  'localTag',
  'remoteTag',
  'localAddress',
  'remoteAddress',
  'remoteTarget',
  'transport',
  'address',
] as const;
const NUMBERS = ['localCSeq', 'remoteCSeq', 'port', 'localPort'] as const;

function isDialogState(value: unknown): value is DialogState {
  if (typeof value !== 'object' || value === null) return false;
  const state = value as Record<string, unknown>;
  const routeSet = state['routeSet'];
  return (
    TEXTS.every((name) => typeof state[name] === 'string') &&
    NUMBERS.every((name) => Number.isInteger(state[name])) &&
    typeof state['secure'] === 'boolean' &&
    (state['name'] === undefined || typeof state['name'] === 'string') &&
    Array.isArray(routeSet) &&
    routeSet.every((route) => typeof route === 'string') &&
    parseUri(String(state['remoteTarget'])) !== undefined
  );
}
