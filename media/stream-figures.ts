import type { BufferFigures, MediaFigures, ReceivedFigures, SentFigures } from '../core/calls/media-figures.ts';
import { bufferedOf } from './rtp/buffer-counts.ts';
import { meanOpinionScore } from './rtp/e-model.ts';
import { type Received, receivedOf } from './rtp/receive-stream.ts';
import { type Reported, reportedOf } from './rtp/reports.ts';
import { type Sent, sentOf } from './rtp/send-stream.ts';
import type { StreamMemory } from './stream-memory.ts';

/** A frame is complete when it is sent, and a jitter buffer holds about twice the jitter. */
const PACKET_MS = 20;
const JITTER_HELD = 2;

/**
 * The stream in this slot in numbers; undefined while no packet went either way. `codec` is the name of what the peer is
 * sent.
 */
export function figuresOf(memory: StreamMemory, slot: number, codec: string): MediaFigures | undefined {
  const received = receivedOf(memory.received, slot);
  const sent = sentOf(memory.sent, slot);
  if (received.packets === 0 && sent.packets === 0) return undefined;
  const reported = reportedOf(memory.reported, slot);
  const buffer = bufferFigures(memory, slot);
  const isKnown = !Number.isNaN(reported.roundTripMs);
  const onTheWayMs = (isKnown ? reported.roundTripMs / 2 : 0) + PACKET_MS;
  return {
    codec,
    roundTripMs: isKnown ? tenths(reported.roundTripMs) : null,
    roundTripMsMax: isKnown ? tenths(reported.roundTripMsMax) : null,
    received: receivedFigures(received, codec, onTheWayMs + (buffer?.delayMs ?? JITTER_HELD * received.jitterMs)),
    sent: sentFigures(sent, reported, codec, onTheWayMs),
    buffer,
  };
}

function receivedFigures(received: Received, codec: string, delayMs: number): ReceivedFigures {
  const { packets, octets, lost, duplicates, reordered, jitterMs, bursts } = received;
  const lossShare = lost / Math.max(1, packets + lost);
  return {
    packets,
    octets,
    lost,
    lossShare: share(lossShare),
    duplicates,
    reordered,
    jitterMs: tenths(jitterMs),
    mos: packets === 0 ? null : score(meanOpinionScore({ codec, delayMs, lossShare, burstRatio: bursts.ratio })),
    bursts: {
      count: bursts.count,
      lossShare: share(bursts.lossShare),
      durationMs: Math.round(bursts.durationMs),
      gapLossShare: share(bursts.gapLossShare),
      gapDurationMs: Math.round(bursts.gapDurationMs),
    },
  };
}

/** Reports tell nothing of bursts: losses are taken to be at random. */
function sentFigures(sent: Sent, reported: Reported, codec: string, onTheWayMs: number): SentFigures {
  const { packets, octets, msToTicks } = sent;
  if (reported.count === 0) return { packets, octets, reported: null };
  const jitterMs = reported.jitter / msToTicks;
  // Duplicates on the way make losses below zero (RFC 3550 §6.4.1).
  const lost = Math.max(0, reported.lost);
  const lossShare = Math.min(1, lost / Math.max(1, reported.sent));
  const delayMs = onTheWayMs + JITTER_HELD * jitterMs;
  const mos = score(meanOpinionScore({ codec, delayMs, lossShare, burstRatio: 1 }));
  return {
    packets,
    octets,
    reported: {
      count: reported.count,
      lost,
      lossShare: share(lossShare),
      jitterMs: tenths(jitterMs),
      mos: reported.sent === 0 ? null : mos,
    },
  };
}

function bufferFigures(memory: StreamMemory, slot: number): BufferFigures | null {
  const { delayMs, taken, late, lost, dropped, concealed, stretched, shortened } = bufferedOf(memory.buffered, slot);
  return taken === 0 ? null : { delayMs, taken, late, lost, dropped, concealed, stretched, shortened };
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}

function share(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

function score(value: number): number {
  return Math.round(value * 100) / 100;
}
