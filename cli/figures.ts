import type { Directory } from '../core/directory/directory.ts';
import type { Journal } from '../core/journal.ts';
import type { Metrics } from '../core/kernel/metrics.ts';
import type { StoreWriter } from '../core/store/writer.ts';
import type { CounterName } from '../media/counters.ts';
import type { WorkerMediaPlane } from '../media/media-plane.ts';
import type { TransportCounters } from '../sip/transport/transport.ts';
import type { MediaSide } from './media-side.ts';
import type { Node } from './node.ts';

export interface FigureSources {
  readonly node: Node;
  readonly directory: Directory;
  readonly store: StoreWriter;
  readonly plane: WorkerMediaPlane;
  readonly media: MediaSide;
  readonly journal: Journal;
  readonly transports: { readonly counters: Readonly<TransportCounters> };
}

/** Everything at `/metrics`. What lives is a gauge that comes back to zero; what is counted never falls. */
export function registerMetrics(metrics: Metrics, sources: FigureSources): void {
  calls(metrics, sources);
  service(metrics, sources);
  signalling(metrics, sources);
  connections(metrics, sources);
  media(metrics, sources);
  storage(metrics, sources);
  processFigures(metrics);
}

function calls(metrics: Metrics, { node, directory }: FigureSources): void {
  const { calls: engine, accounts } = node.exchange;
  metrics.gauge('tandem_calls_live', 'Calls that have not ended', () => engine.ledger.liveCount);
  metrics.gauge('tandem_bridges_live', 'Pairs of calls that hear each other', () => engine.bridgeCount);
  metrics.gauge('tandem_call_timers', 'Ring and duration timers', () => engine.timerCount);
  metrics.gauge(
    'tandem_calls_left_behind',
    'Dialogs of an earlier process being hung up',
    () => engine.leftBehindCount,
  );
  metrics.counted('tandem_calls_answered_total', 'Calls answered', () => engine.ledger.answeredTotal);
  metrics.counted('tandem_calls_ended_total', 'Calls ended', () => engine.ledger.endedTotal);
  metrics.gauge('tandem_bindings', 'Contacts registered', () => directory.bindingCount);
  const { providers } = node.exchange;
  metrics.gauge(
    'tandem_providers_registered',
    'Providers and trunks that we are registered at',
    () => providers.registeredCount,
  );
  metrics.gauge(
    'tandem_providers_unhealthy',
    'Providers and trunks that do not answer OPTIONS',
    () => providers.unhealthyCount,
  );
  const { carried } = engine.dialler;
  metrics.gauge('tandem_provider_calls_live', 'Calls that providers and trunks carry', () => carried.count);
  metrics.counted(
    'tandem_provider_calls_refused',
    'Calls that a cap kept from a provider or trunk',
    () => carried.refusedTotal,
  );
  metrics.gauge('tandem_extensions', 'Extensions', () => directory.extensions.size);
  metrics.gauge(
    'tandem_changes_in_flight',
    'Changes of accounts that wait for the store',
    () => accounts.inFlightCount,
  );
}

function service(metrics: Metrics, { node }: FigureSources): void {
  const { conferences, parking, recordings, sounds, supervisions } = node.exchange.calls;
  metrics.gauge('tandem_activeflows_live', 'Flows that run', () => node.flows.runningCount);
  metrics.counted('tandem_activeflows_ended_total', 'Flows that ended, by how', () =>
    [...node.flows.endings].map(([how, value]) => ({ labels: { how }, value })),
  );
  metrics.gauge('tandem_conference_members', 'Calls in conferences', () => conferences.liveCount);
  metrics.gauge('tandem_conference_rooms', 'Conferences with somebody in them', () => conferences.roomCount);
  const { externals } = node.exchange.calls;
  metrics.gauge('tandem_external_media_live', 'Programs outside that hear and speak', () => externals.liveCount);
  countersOf(metrics, 'tandem_external_media', 'Programs outside that hear and speak', () => externals.counters);
  metrics.gauge('tandem_recordings_live', 'Recordings that run or are being stored', () => recordings.liveCount);
  countersOf(metrics, 'tandem_conferences', 'Conferences', () => conferences.counters);
  metrics.gauge('tandem_calls_parked', 'Calls that are parked', () => parking.liveCount);
  metrics.gauge('tandem_supervisions_live', 'Supervisors who hear the call of somebody else', () => supervisions.count);
  countersOf(metrics, 'tandem_supervisions', 'Supervisions of calls', () => supervisions.counters);
  countersOf(metrics, 'tandem_parking', 'Parked calls', () => parking.counters);
  countersOf(metrics, 'tandem_recordings', 'Recordings', () => recordings.counters);
  countersOf(metrics, 'tandem_sounds', 'Sounds', () => sounds.counters);
  countersOf(metrics, 'tandem_downloads', 'Downloads of sounds', () => sounds.downloads.counters);
}

/** One metric for a set of counters, told apart by the label `what`. */
function countersOf(metrics: Metrics, name: string, help: string, read: () => object): void {
  metrics.counted(`${name}_total`, `${help}, by what became of them`, () =>
    Object.entries(read()).map(([what, value]) => ({ labels: { what }, value: Number(value) })),
  );
}

function signalling(metrics: Metrics, { node: { stack } }: FigureSources): void {
  const read = () => stack.counters;
  metrics.gauge('tandem_legs_live', 'SIP sessions, early or established', () => read().legs);
  metrics.gauge('tandem_dialogs_live', 'SIP dialogs', () => read().dialogs);
  metrics.gauge('tandem_transactions_live', 'SIP transactions', () => {
    const counters = read();
    return [
      { labels: { kind: 'invite client' }, value: counters.inviteClientTransactions },
      { labels: { kind: 'non-invite client' }, value: counters.nonInviteClientTransactions },
      { labels: { kind: 'invite server' }, value: counters.inviteServerTransactions },
      { labels: { kind: 'non-invite server' }, value: counters.nonInviteServerTransactions },
    ];
  });
  metrics.gauge('tandem_subscriptions_live', 'Subscriptions to what becomes of phones', () => read().subscriptions);
  metrics.counted('tandem_notifications_total', 'NOTIFYs sent to subscribers', () => read().notifications);
  metrics.gauge('tandem_sip_timers', 'SIP timers armed', () => read().timersArmed);
  metrics.counted('tandem_sip_received_total', 'SIP messages received', () => read().received);
  metrics.counted('tandem_sip_sent_total', 'SIP messages sent', () => read().sent);
  metrics.counted('tandem_sip_retransmissions_total', 'SIP messages sent again', () => read().retransmissions);
  metrics.counted('tandem_sip_malformed_total', 'SIP messages that could not be read', () => read().parseFailures);
  metrics.counted('tandem_sip_strays_total', 'Responses and ACKs that belong to nothing', () => read().strays);
  metrics.counted(
    'tandem_sip_overload_refusals_total',
    'Requests refused for want of room',
    () => read().overloadRefusals,
  );
  metrics.gauge(
    'tandem_sip_overloaded',
    'Whether calls are refused for want of time: 1 or 0',
    () => read().isOverloaded,
  );
  metrics.counted('tandem_sip_lookups_total', 'Questions to name servers', () => read().lookups);
  metrics.counted(
    'tandem_sip_lookup_timeouts_total',
    'Questions that nobody answered in time',
    () => read().lookupTimeouts,
  );
  metrics.counted('tandem_sip_dropped_total', 'Requests that got no answer', () => read().dropped);
  metrics.counted(
    'tandem_sip_authentication_failures_total',
    'Wrong passwords and unknown accounts',
    () => stack.gatekeeper.counters.failures,
  );
}

function connections(metrics: Metrics, { transports: { counters } }: FigureSources): void {
  metrics.gauge('tandem_sip_connections', 'SIP connections over TCP, TLS and WebSocket', () => counters.connections);
  countersOf(metrics, 'tandem_sip_transport', 'What SIP sockets took, sent, opened and dropped', () => {
    const { connections: _, ...counted } = counters;
    return counted;
  });
}

const MEDIA_COUNTERS: readonly (readonly [CounterName, string, string])[] = [
  ['packetsReceived', 'tandem_rtp_received_total', 'RTP and RTCP packets received'],
  ['packetsSent', 'tandem_rtp_sent_total', 'RTP and RTCP packets sent'],
  ['packetsRelayed', 'tandem_rtp_relayed_total', 'RTP packets passed on at arrival'],
  ['droppedStranger', 'tandem_rtp_strangers_total', 'Packets from where no stream may come'],
  ['droppedMalformed', 'tandem_rtp_malformed_total', 'Packets that are no RTP'],
  ['droppedPayloadType', 'tandem_rtp_payload_type_total', 'Packets of a payload type that was not negotiated'],
  ['droppedSequence', 'tandem_rtp_sequence_total', 'Duplicates and stray sequence numbers'],
  ['packetsLost', 'tandem_rtp_lost_total', 'Packets that never came, of streams that are over'],
  ['packetsReordered', 'tandem_rtp_reordered_total', 'Packets out of order, of streams that are over'],
  ['lossBursts', 'tandem_rtp_loss_bursts_total', 'Times that packets were lost in a burst, of streams that are over'],
  ['packetsLate', 'tandem_rtp_late_total', 'Packets too late for the jitter buffer, of streams that are over'],
  ['framesConcealed', 'tandem_media_concealed_total', 'Frames made up in place of lost ones, of streams that are over'],
  ['roundTrips', 'tandem_rtp_round_trips_total', 'Streams that are over and whose round trip is known'],
  ['roundTripsMs', 'tandem_rtp_round_trip_ms_total', 'Their round trips together, in ms'],
  ['turns', 'tandem_media_turns_total', 'Turns of the media threads'],
  ['turnsMs', 'tandem_media_turn_ms_total', 'How long these took, in ms'],
  ['ticksLate', 'tandem_media_ticks_late_total', 'Ticks made up late'],
  ['ticksSkipped', 'tandem_media_ticks_skipped_total', 'Ticks left out'],
  [
    'mixFramesMissing',
    'tandem_mix_frames_missing_total',
    'Frames of a conference that another media thread had not made in time',
  ],
  [
    'mixFramesSkipped',
    'tandem_mix_frames_skipped_total',
    'Frames of a conference that another media thread made too many of',
  ],
];

function media(metrics: Metrics, { plane, media: side }: FigureSources): void {
  metrics.gauge('tandem_media_legs', 'Streams reserved on the main thread', () => plane.legCount);
  metrics.gauge('tandem_media_streams', 'Streams open in media threads', () => side.counters().streams);
  metrics.gauge('tandem_rtp_ports_bound', 'RTP ports bound', () => side.counters().ports);
  metrics.gauge('tandem_rtp_ports_used', 'RTP ports with a stream', () => plane.portsUsed);
  metrics.counted('tandem_media_threads_replaced_total', 'Media threads that died', () => side.workers.replaced);
  metrics.gauge('tandem_media_late_ms_max', 'Latest tick since the start, in ms', () => side.counters().lateMsMax);
  metrics.counted(
    'tandem_media_overload_refusals_total',
    'Calls refused because media threads had more to do than they could',
    () => plane.counters.overloadRefusals,
  );
  metrics.gauge(
    'tandem_media_busy_share',
    'Share of its core that the busiest media thread took in half a second',
    () => side.counters().busyShareMax,
  );
  metrics.gauge('tandem_media_turn_ms_max', 'Longest turn of a media thread, in ms', () => side.counters().turnMsMax);
  metrics.counted('tandem_media_streams_total', 'Streams that are over, by how well they were heard', () => {
    const { streamsGood, streamsFair, streamsPoor, streamsBad, streamsUnheard } = side.counters();
    const counts = {
      good: streamsGood,
      fair: streamsFair,
      poor: streamsPoor,
      bad: streamsBad,
      unheard: streamsUnheard,
    };
    return Object.entries(counts).map(([mos, value]) => ({ labels: { mos }, value }));
  });
  for (const [counter, name, help] of MEDIA_COUNTERS) metrics.counted(name, help, () => side.counters()[counter]);
}

function storage(metrics: Metrics, { store, journal }: FigureSources): void {
  metrics.gauge('tandem_store_queue', 'Writes that are not committed yet', () => store.queueLength);
  metrics.gauge('tandem_store_commit_ms', 'Duration of the last commit, in ms', () => store.lastCommitMs);
  metrics.counted('tandem_store_committed_total', 'Writes committed', () => store.committedCount);
  metrics.counted('tandem_store_failed_total', 'Writes that failed', () => store.failedCount);
  metrics.counted('tandem_store_refused_total', 'Writes refused because the queue was full', () => store.refusedCount);
  metrics.counted('tandem_events_total', 'Events appended to the journal', () => journal.sequence);
  metrics.counted('tandem_events_dropped_total', 'Events dropped from the journal', () => journal.droppedCount);
}

function processFigures(metrics: Metrics): void {
  metrics.gauge('process_resident_memory_bytes', 'Resident memory', () => process.memoryUsage.rss());
  metrics.counted('process_cpu_seconds_total', 'CPU time, user and system', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  metrics.gauge('nodejs_heap_used_bytes', 'Heap of the main thread in use', () => process.memoryUsage().heapUsed);
}
