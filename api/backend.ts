import type { CallRecord } from '../core/calls/call-record.ts';
import type { ConferencecallRecord } from '../core/calls/conferencecall-record.ts';
import type { MediaFigures } from '../core/calls/media-figures.ts';
import type { RecordingRecord } from '../core/calls/recording-record.ts';
import type { Roster } from '../core/calls/roster.ts';
import type { Command, CommandResult, Principal } from '../core/command.ts';
import type { Directory } from '../core/directory/directory.ts';
import type {
  Accesskey,
  Conference,
  DialRoute,
  Extension,
  Flow,
  OutboundConfig,
  PhoneNumber,
  Provider,
  Trunk,
} from '../core/directory/records.ts';
import type { Action } from '../core/flows/action.ts';
import type { ActiveflowRecord } from '../core/flows/activeflow-record.ts';
import type { Clock } from '../core/kernel/clock.ts';
import type { ActiveflowId, CallId, ConferenceId, CustomerId, GatewayId, RecordingId } from '../core/kernel/ids.ts';
import type { WallTime } from '../core/kernel/time.ts';
import type { ProviderProbe } from '../core/provider-ports.ts';
import type { ProviderNow } from '../core/provider-states.ts';

/** Everything that can be listed and read, by the name of its kind. */
export interface Rows {
  readonly accesskey: Accesskey;
  readonly extension: Extension;
  readonly trunk: Trunk;
  readonly provider: Provider;
  readonly route: DialRoute;
  readonly outbound_config: OutboundConfig;
  readonly number: PhoneNumber;
  readonly flow: Flow;
  readonly conference: Conference;
  readonly call: CallRecord;
  readonly conferencecall: ConferencecallRecord;
  readonly recording: RecordingRecord;
  readonly activeflow: ActiveflowRecord;
}

export type RowKind = keyof Rows;

/** What is known of a conference beside its row. */
export interface ConferenceNow {
  /** Who is in it, in the order in which they came; an event does not name them where they are many. */
  readonly conferencecalls: Roster;
  readonly isLocked: boolean;
  /** The recording that runs; null when none does. */
  readonly recordingId: RecordingId | null;
  /** Those made of it that are not deleted, oldest first. */
  readonly recordingIds: readonly RecordingId[];
}

/** A file of a recording, open for reading. */
export interface OpenFile {
  readonly sizeBytes: number;
  /** As many bytes from there as there are, at most so many. */
  read(position: number, sizeBytes: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** What the HTTP layer needs of the process behind it. It translates, and decides nothing but who is asking. */
export interface Backend {
  readonly directory: Directory;
  readonly clock: Clock;
  /** Key that signs tokens (HS256), at least 32 bytes of text; survives restarts. */
  readonly tokenSecret: string;
  /** Proves the command line of this machine; new with every process. */
  readonly operatorToken: string;
  /** Ends when the command is refused, or committed, applied and published. */
  execute(command: Command, by: Principal): Promise<CommandResult>;
  /** A customer's rows that are not deleted, newest first, made strictly before `before`. Live ones as they are now. */
  list<Kind extends RowKind>(
    kind: Kind,
    customerId: CustomerId,
    page: { readonly pageSize: number; readonly before?: WallTime },
  ): Promise<readonly Rows[Kind][]>;
  /** A row of any customer, live or stored, unless it is deleted. */
  get<Kind extends RowKind>(kind: Kind, id: string): Promise<Rows[Kind] | undefined>;
  conferenceNow(id: ConferenceId): Promise<ConferenceNow>;
  /** Whether we are registered at a provider or trunk, and whether it lives. */
  providerNow(id: GatewayId): ProviderNow;
  /** How a live call is heard so far; null when it has ended, and before its first packet. */
  mediaNow(id: CallId): MediaFigures | null;
  /** The slot in which a live call is parked; undefined when it is not. */
  parkSlot(id: CallId): number | undefined;
  /** Where a running flow is; null when it does not run. */
  currentAction(id: ActiveflowId): Action | null;
  /** A file of a recording by its name; undefined when it is not there. */
  openRecordingFile(name: string): Promise<OpenFile | undefined>;
  /** Sources and accounts whose requests are dropped at present, oldest first. */
  bans(): readonly BanRow[];
  /** Ends the ban of this account from the address ('' for the address as a whole), or all of the address; those that there were. */
  liftBans(address: string, account: string | undefined): readonly BanRow[];
  /** All metrics in Prometheus text format. */
  metricsText(): string;
  status(): StatusReport;
  /** Tries the provider or trunk with this name, host name or id; undefined when there is none. */
  checkTrunk(name: string): Promise<TrunkReport | undefined>;
  /** Tells the listener about every message and event from now on, until the function returned is called. */
  trace(listener: (entry: TraceEntry) => void): () => void;
  /** An error of ours while answering: it belongs in the log, the client is told the request id alone. */
  report(error: unknown, requestId: string): void;
}

/** A source address, or one account from there, that failed too often to prove who it is. */
export interface BanRow {
  readonly address: string;
  /** '' when the address as a whole is banned. */
  readonly account: string;
  readonly since: WallTime;
  readonly until: WallTime;
}

/** What `tandem trunk check` finds. */
export interface TrunkReport {
  /** Whether it is a provider or a customer's own trunk. */
  readonly kind: 'provider' | 'trunk';
  /** Ids of those with the name that was asked for; more than one are not tried. */
  readonly providers: readonly string[];
  /** Targets of the routes that lead there. */
  readonly routes: readonly string[];
  /** `NUMBER@<name>.trunk.<domain>`, by which a trunk that is called is reached without a route; '' otherwise. */
  readonly byName: string;
  /** How a trunk's own calls are known, as `from 192.0.2.0/24`; '' when nothing is said of that, and for a provider. */
  readonly access: string;
  /** Where its customer may call, the first one of a provider. */
  readonly countries: readonly string[];
  /** Number that is shown for callers without one; '' for none. */
  readonly caller: string;
  readonly registers: boolean;
  /** Undefined when calls only come from it. */
  readonly probe: ProviderProbe | undefined;
}

/** What `tandem status` shows. */
export interface StatusReport {
  readonly version: string;
  readonly pid: number;
  readonly state: 'serving' | 'draining';
  readonly startedAt: WallTime;
  readonly dataFolder: string;
  /** As printed at the start: `sip udp 127.0.0.1:5060`. */
  readonly listeners: readonly string[];
  /** One line for each provider: its name, whether we are registered there, and whether it lives. */
  readonly providers: readonly string[];
  /** The same for each trunk that calls go to. */
  readonly trunks: readonly string[];
  /** Named numbers: live calls, bindings, extensions, … */
  readonly figures: Readonly<Record<string, number>>;
}

/** One line of `tandem trace`. */
export interface TraceEntry {
  readonly at: WallTime;
  readonly kind: 'received' | 'sent' | 'event';
  /** The other side, `udp 192.0.2.1:5060`, or the customer of an event. */
  readonly peer: string;
  /** A SIP message, or an event's type and number. */
  readonly text: string;
}
