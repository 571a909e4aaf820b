/**
 * What a media thread counts, in shared memory that the main thread reads without asking. Every word is written by one
 * thread only.
 */
export const COUNTER = {
  streams: 0,
  ports: 1,
  turns: 2,
  packetsReceived: 3,
  packetsSent: 4,
  packetsRelayed: 5,
  /** From a source that no stream may be taken up from, or to a port where no stream waits. */
  droppedStranger: 6,
  droppedMalformed: 7,
  /** A payload type that was not negotiated. */
  droppedPayloadType: 8,
  /** Duplicates, and numbers so far off that the next packet has to confirm them (RFC 3550 A.1). */
  droppedSequence: 9,
  /** Sent to us or by us against the negotiated direction, or with nobody to hear it. */
  droppedDirection: 10,
  /** Datagrams that are neither RTP nor RTCP (RFC 7983). */
  droppedOther: 11,
  reportsReceived: 12,
  reportsSent: 13,
  ticks: 14,
  ticksLate: 15,
  ticksSkipped: 16,
  recordingSamplesLost: 17,
  /** Messages about legs that this thread does not have. */
  messagesIgnored: 18,
  socketRefused: 19,
  socketDropped: 20,
  socketTruncated: 21,
  /** Longest turn and latest tick since the start, in ms. */
  turnMsMax: 22,
  lateMsMax: 23,
  /** Processor time of the thread in microseconds, brought up to date ten times a second while it turns. */
  cpuUs: 24,
  /** Frames sent to members of conferences, and how many were encoded for it: the others are shared. */
  mixFrames: 25,
  mixEncodings: 26,
  /** Frames of a conference on several threads that were not there in time, or were left out. */
  mixFramesMissing: 27,
  mixFramesSkipped: 28,
  /** Frames decoded and encoded between two legs of different codecs. */
  framesTranscoded: 29,
  /** Packets and frames in a codec that is only relayed, and that somebody of another codec should have heard. */
  droppedFormat: 30,
  /** Heap in use, brought up to date every second while the thread turns. */
  heapUsedBytes: 31,
  /** Of streams that are over: what they missed, and how well they were heard (`stream-report.ts`). */
  packetsLost: 32,
  packetsReordered: 33,
  lossBursts: 34,
  packetsLate: 35,
  framesConcealed: 36,
  roundTripsMs: 37,
  roundTrips: 38,
  streamsGood: 39,
  streamsFair: 40,
  streamsPoor: 41,
  streamsBad: 42,
  streamsUnheard: 43,
  /** All turns together: a packet that is relayed waits for its turn, and for no more. */
  turnsMs: 44,
  /** Share of its core that the thread took in the last half second. */
  busyShareMax: 45,
  /** Samples of calls that programs outside did not take in time. */
  externalSamplesLost: 45,
  /** Not protected by the keys of the stream that they would belong to, or repeated (RFC 3711 §3.3). */
  droppedForged: 46,
} as const;

export type CounterName = keyof typeof COUNTER;

export const COUNTER_COUNT = Object.keys(COUNTER).length;

export function allocateCounters(): SharedArrayBuffer {
  return new SharedArrayBuffer(8 * COUNTER_COUNT);
}

/** The counters of several threads together: sums, and the greatest of what is a maximum. */
export function sumCounters(threads: readonly Float64Array[]): Record<CounterName, number> {
  const entries = Object.entries(COUNTER).map(([name, index]) => {
    const values = threads.map((counters) => counters[index]!);
    const total = name.endsWith('Max') ? Math.max(0, ...values) : values.reduce((sum, value) => sum + value, 0);
    return [name, total] as const;
  });
  return Object.fromEntries(entries) as Record<CounterName, number>;
}
