import { address } from '../../core/calls/address.ts';
import type { CallRecord } from '../../core/calls/call-record.ts';
import type { MediaFigures } from '../../core/calls/media-figures.ts';
import { Switch } from '../../core/calls/switch.ts';
import type { SwitchPorts } from '../../core/calls/switch-ports.ts';
import type { CallCommand, CommandResult, FlowCommand } from '../../core/command.ts';
import type { Binding, Extension } from '../../core/directory/records.ts';
import type { CallDemand, CallNews } from '../../core/flows/call-control.ts';
import type {
  ActiveflowId,
  CallId,
  ExtensionId,
  ExternalMediaId,
  FlowId,
  LegId,
  MixId,
  RecordingNumber,
} from '../../core/kernel/ids.ts';
import type {
  Body,
  Caller,
  DialRequest,
  FlowStart,
  Flows,
  ListeningWish,
  MediaPlane,
  MixesPlane,
  MixTerms,
  OpenResult,
  PlayersPlane,
  PlaySource,
  RecordersPlane,
  RecordingRequest,
  SignalingEvent,
} from '../../core/ports.ts';
import { QueuedSignaling } from '../../sip/signaling.ts';
import { CONFERENCE, surroundings } from './quiet-ports.ts';
import { BINDING, CUSTOMER, EXTENSION, FLOW, NUMBER, TRUNK } from './store/rows.ts';

export const SDP = new Uint8Array([1]);
export const CALLER = 1 as LegId;
export const OTHER_CUSTOMER = 'c0000000-0000-4000-8000-000000000002' as typeof CUSTOMER.id;

/** A second extension of the customer, that nobody has dialled from yet. */
export const SECOND: Extension = {
  ...EXTENSION,
  id: 'e0000000-0000-4000-8000-000000000002' as ExtensionId,
  extension: '1002',
};

/** A media plane that takes everything but the bodies in `refuses`, and remembers what it was asked for. */
export class QuietPlane implements MediaPlane {
  readonly orders: string[] = [];
  readonly recordings: RecordingNumber[] = [];
  readonly refuses = new Set<Body>();
  /** Legs whose far end holds. */
  readonly holding = new Set<LegId>();
  isFull = false;

  open(...[, , offer, , , urgency]: Parameters<MediaPlane['open']>): OpenResult {
    if (this.isFull && urgency !== 'emergency') return { kind: 'refused', cause: 'media-overloaded', detail: 'full' };
    if (offer !== undefined && this.refuses.has(offer)) return REFUSED;
    return OPENED;
  }
  describe = () => SDP;
  accept = (_leg: LegId, answer: Body) => (this.refuses.has(answer) ? REFUSED : OPENED);
  renegotiate = () => ({ kind: 'answer', body: SDP }) as const;
  isHolding = (leg: LegId) => this.holding.has(leg);
  bridge = (a: LegId, b: LegId) => void this.orders.push(`bridge ${a} ${b}`);
  unbridge = (leg: LegId) => void this.orders.push(`unbridge ${leg}`);
  echo = (leg: LegId) => void this.orders.push(`echo ${leg}`);
  join = (leg: LegId, mix: MixId, { heardBy, hears }: MixTerms = PLAIN) => {
    const terms = heardBy === PLAIN.heardBy && hears ? '' : ` ${heardBy}${hears ? '' : ' deaf'}`;
    this.orders.push(`join ${leg} ${mix}${terms}`);
  };
  readonly mixes: MixesPlane = {
    play: (mix, source) => void this.orders.push(`play mix ${mix} ${nameOf(source)}`),
    stopPlaying: (mix) => void this.orders.push(`stopPlaying mix ${mix}`),
    steer: (mix, { kind }) => void this.orders.push(`${kind} mix ${mix}`),
    watchTalkers: (mix, mode) => void this.orders.push(`watchTalkers ${mix} ${mode}`),
  };
  readonly recorders: RecordersPlane = {
    pause: (_, mode) => void this.orders.push(`recording ${mode}`),
  };
  readonly players: PlayersPlane = {
    steer: (leg, { kind }) => void this.orders.push(`${kind} ${leg}`),
  };
  amplify = (leg: LegId, inDb: number, outDb: number) => void this.orders.push(`amplify ${leg} ${inDb} ${outDb}`);
  leave = (leg: LegId) => void this.orders.push(`leave ${leg}`);
  mute = (leg: LegId, direction: string) => void this.orders.push(`mute ${leg} '${direction}'`);
  hold = (leg: LegId, mode: string): Body => {
    this.orders.push(`hold ${leg} ${mode}`);
    return SDP;
  };
  play = (leg: LegId, source: PlaySource) => void this.orders.push(`play ${leg} ${nameOf(source)}`);
  stopPlaying = (leg: LegId) => void this.orders.push(`stopPlaying ${leg}`);
  record = (recording: RecordingNumber, { source }: RecordingRequest) => {
    this.recordings.push(recording);
    this.orders.push(`record ${source.kind} ${source.kind === 'leg' ? source.leg : source.mix}`);
  };
  stopRecording = () => void this.orders.push('stopRecording');
  salvage = () => void this.orders.push('salvage');
  removeFiles = () => undefined;
  sendDigits = (leg: LegId, digits: string, durationMs: number, intervalMs: number) =>
    void this.orders.push(`sendDigits ${leg} ${digits} ${durationMs} ${intervalMs}`);
  listen = (leg: LegId, { machine, talk, tones }: ListeningWish) =>
    void this.orders.push(
      `listen ${leg}${machine === undefined ? '' : ' machine'}${talk ? ' talk' : ''}${tones ? ' tones' : ''}`,
    );
  passDigit = (leg: LegId, digit: string) => void this.orders.push(`passDigit ${leg} ${digit}`);
  /** What was heard on each leg, as far as a test says so. */
  readonly heard = new Map<LegId, MediaFigures>();
  figures = (leg: LegId) => this.heard.get(leg);
  /** Programs outside, in the order in which they were attached. */
  readonly attached: ExternalMediaId[] = [];
  externals: MediaPlane['externals'] = {
    attach: (id, { source, format }) => {
      this.attached.push(id);
      this.orders.push(`attach ${source.kind === 'leg' ? source.leg : `mix ${source.mix}`} ${format}`);
    },
    detach: () => void this.orders.push('detach'),
    takePart: (_, { heardBy, hears }, inDb, outDb) =>
      void this.orders.push(`program ${heardBy}${hears ? '' : ' deaf'} ${inDb} ${outDb}`),
    key: (_, digit) => void this.orders.push(`key ${digit}`),
  };
  close = (leg: LegId): void => void this.orders.push(`close ${leg}`);
}

const PLAIN: MixTerms = { heardBy: 'everybody', hears: true };
const OPENED = { kind: 'opened' } as const;
const REFUSED = { kind: 'refused', cause: 'not-acceptable', detail: 'no common codec' } as const;

function nameOf(source: PlaySource): string {
  if (source.kind === 'tone') return source.country === undefined ? source.tone : `${source.tone} ${source.country}`;
  return source.kind === 'file' ? source.path : `${source.frequencyHz} Hz`;
}

/** Whoever runs flows, without running any: what it was told, in order. */
export class ToldFlows implements Flows {
  readonly starts: FlowStart[] = [];
  readonly news: { readonly call: CallId; readonly news: CallNews }[] = [];
  readonly commands: { readonly ticket: number; readonly command: FlowCommand }[] = [];

  start(start: FlowStart): void {
    this.starts.push(start);
  }
  tell(call: CallId, news: CallNews): void {
    this.news.push({ call, news });
  }
  execute(ticket: number, command: FlowCommand): void {
    this.commands.push({ ticket, command });
  }
}

export interface OfficeOptions {
  /** Phones registered for extension 1001. */
  readonly contacts?: number;
  readonly ports?: Partial<SwitchPorts>;
}

/** A switch with extensions 1001 and 1002, a number with a flow, a trunk and a conference, over ports that remember. */
export function office({ contacts = 1, ports = {} }: OfficeOptions = {}) {
  const around = surroundings();
  const { directory } = around;
  directory.putExtension(EXTENSION);
  directory.putExtension(SECOND);
  directory.putFlow(FLOW);
  directory.putNumber(NUMBER);
  directory.putTrunk(TRUNK);
  directory.putConference(CONFERENCE);
  for (let i = 0; i < contacts; i++) directory.putBinding(bindingOf(i));
  const signaling = new QueuedSignaling();
  const media = new QuietPlane();
  const flows = new ToldFlows();
  const dialled: DialRequest[] = [];
  let leg: number = CALLER;
  const all: SwitchPorts = {
    ...around,
    signaling,
    media,
    flows,
    nextLeg: () => ++leg as LegId,
    ringTimeoutMs: 60_000,
    durationMaxMs: 3_600_000,
    ...ports,
  };
  const calls = new Switch(all);
  /** What signalling was asked for since. */
  const said = () => {
    const orders: string[] = [];
    for (let order = signaling.poll(); order !== undefined; order = signaling.poll()) {
      if (!('leg' in order)) continue;
      if (order.kind === 'dial') dialled.push(order.request);
      const cause = order.kind === 'hangup' ? ` ${order.cause}` : '';
      const early = order.kind === 'ring' && order.early !== undefined ? ' early' : '';
      const leg = 'leg' in order ? ` ${order.leg}` : '';
      orders.push(`${order.kind}${leg}${cause}${early}`);
    }
    return orders;
  };
  /** What media was asked for since. */
  const heard = () => media.orders.splice(0);
  /** News for flows since, as words. */
  const told = () => flows.news.splice(0).map(({ news }) => worded(news));
  return { ...around, ports: all, calls, media, flows, dialled, said, heard, told };
}

export type Office = ReturnType<typeof office>;

export function bindingOf(index: number): Binding {
  return { ...BINDING, contact: `sip:b@192.0.2.${index}`, path: [], address: '192.0.2.1', port: 5060, expiresAt: 1e9 };
}

function worded(news: CallNews): string {
  const words: (string | number)[] = [news.kind];
  if ('token' in news) words.push(news.token);
  if ('cause' in news) words.push(news.cause);
  if (news.kind === 'digit') words.push(news.digit);
  if (news.kind === 'played') words.push(news.outcome);
  if (news.kind === 'refused') words.push(news.demand.kind, news.detail);
  return words.join(' ');
}

// ── What happens to it ──────────────────────────────────────────────────────────────────────────────────────────

export const FROM_EXTENSION: Caller = { kind: 'extension', customerId: CUSTOMER.id, extensionId: SECOND.id };
export const FROM_TRUNK: Caller = { kind: 'trunk', customerId: CUSTOMER.id, trunkId: TRUNK.id };

export interface OfferOptions {
  readonly toUser?: string;
  readonly fromUser?: string;
  readonly caller?: Caller;
  readonly offer?: Body | undefined;
}

export function offered(options: OfferOptions = {}): SignalingEvent {
  const { toUser = EXTENSION.extension, fromUser = 'a', caller = FROM_EXTENSION } = options;
  return {
    kind: 'offered',
    leg: CALLER,
    caller,
    customerId: CUSTOMER.id,
    toUser,
    fromUser,
    fromName: '',
    source: { transport: 'udp', address: '192.0.2.9', port: 5060 },
    offer: 'offer' in options ? options.offer : SDP,
  };
}

export function answered(leg: number, body: Body | undefined = SDP): SignalingEvent {
  return { kind: 'answered', leg: leg as LegId, body, dialog: 'd' };
}

export function ringing(leg: number, body?: Body): SignalingEvent {
  return { kind: 'ringing', leg: leg as LegId, status: body === undefined ? 180 : 183, body };
}

export function failed(leg: number, cause: Extract<SignalingEvent, { kind: 'failed' }>['cause']): SignalingEvent {
  return { kind: 'failed', leg: leg as LegId, cause, status: 486 };
}

export function ended(leg: number, by: 'remote' | 'local' = 'local'): SignalingEvent {
  return { kind: 'ended', leg: leg as LegId, cause: 'normal', by };
}

export const incomingOf = ({ calls }: Office): CallRecord =>
  calls.ledger.records().find(({ direction }) => direction === 'incoming')!;

export const recordOn = ({ calls }: Office, leg: number): CallRecord | undefined =>
  calls.ledger.get(leg as LegId)?.record;

/** A call to the number of the office, on the leg `CALLER`, whose flow is this test. */
export function callToNumber(options: OfficeOptions & OfferOptions = {}) {
  const place = office(options);
  place.calls.receive(offered({ toUser: NUMBER.number, ...options }), 0);
  const { id } = incomingOf(place);
  place.said();
  place.heard();
  const demand = (wish: CallDemand, now = 10): void =>
    place.calls.receiveFlow({ kind: 'demand', call: id, demand: wish }, now);
  return { ...place, id, demand };
}

export const CONNECT: Extract<CallDemand, { kind: 'connect' }> = {
  kind: 'connect',
  token: 7,
  source: null,
  destinations: [address('extension', '1001')],
  isEarlyMediaHeard: false,
  anonymous: '',
};

/** Executes a command; how it ended, when it did at once. */
export function execute({ calls }: Office, command: CallCommand, now = 10): CommandResult | undefined {
  calls.execute(1, command, now);
  return calls.poll()?.result;
}

export const ACTIVEFLOW_OF = (place: Office): ActiveflowId | undefined => place.flows.starts[0]?.activeflowId;
export const NO_SUCH_FLOW = 'f1000000-0000-4000-8000-00000000dead' as FlowId;
