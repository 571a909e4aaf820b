import type { Instant } from '../core/kernel/time.ts';
import { ALAW_SILENCE, ALAW_TO_ULAW, mapBytes, ULAW_SILENCE, ULAW_TO_ALAW } from './codec/g711.ts';
import type { PacketIo } from './io/packet-io.ts';
import { sendRtp } from './protected-sending.ts';
import type { PacketView } from './rtp/packet-view.ts';
import type { PayloadCopy } from './rtp/payload-copy.ts';
import { timestampDistance } from './rtp/sequence.ts';
import { EVENT_BYTES } from './rtp/telephone-event.ts';
import type { Stream } from './slots.ts';
import { EVENT_FORMAT, NOISE_FORMAT, PCMA_FORMAT, PCMU_FORMAT } from './stream-formats.ts';

/** Payload that fits into a send buffer of 2,048 bytes behind the header. */
const PAYLOAD_BYTES_MAX = 2036;

/**
 * Passes a packet on at arrival: new header in the listener's stream, payload copied, or mapped byte by byte between
 * the two laws of G.711; silence in its place when `sound` says so, which only G.711 has, so that a muted stream goes on. Returns false,
 * sending nothing, when the listener cannot take this format or the packet has no place in its stream any more.
 */
export function relay(
  view: PacketView,
  bytes: Uint8Array,
  format: number,
  listener: Stream,
  destinations: Float64Array,
  sound: 'voice' | 'silence',
  io: PacketIo,
  copy: PayloadCopy,
  now: Instant,
): boolean {
  const payloadType = payloadTypeOf(format, listener);
  if (payloadType < 0 || view.payloadEnd - view.payloadStart > PAYLOAD_BYTES_MAX) return false;
  const at = io.reserve();
  const payloadAt = listener.sender.relay(view, payloadType, io.out, at, now);
  if (payloadAt === at) return false;
  const end =
    sound === 'voice'
      ? copyPayload(view, bytes, format, listener.sendFormat, io.out, payloadAt, copy)
      : writeSilence(view, listener.sendFormat, io.out, payloadAt);
  sendRtp(io, listener, destinations, at, end - at);
  return true;
}

/**
 * Passes a telephone-event on into a stream of another clock, or between frames of our own: with the time at which its
 * first packet came as its start, and its duration counted by the listener's clock.
 */
export function relayEvent(
  view: PacketView,
  bytes: Uint8Array,
  stream: Stream,
  listener: Stream,
  destinations: Float64Array,
  io: PacketIo,
  now: Instant,
): boolean {
  const { payloadStart: from, payloadEnd, timestamp } = view;
  if (listener.sendEventPayloadType < 0 || payloadEnd - from < EVENT_BYTES) return false;
  const passed = listener.passedEvent;
  const isNew = passed.ssrc !== view.ssrc || passed.sourceTimestamp !== timestamp;
  // A late packet of an event before.
  if (isNew && passed.ssrc === view.ssrc && timestampDistance(passed.sourceTimestamp, timestamp) < 0) return false;
  if (isNew) {
    passed.ssrc = view.ssrc;
    passed.sourceTimestamp = timestamp;
    passed.timestamp = listener.sender.timestampAt(now, 1);
  }
  const units = (bytes[from + 2]! << 8) | bytes[from + 3]!;
  const duration = Math.min(0xffff, Math.round((units * listener.eventClockRateHz) / stream.eventClockRateHz));
  const at = io.reserve();
  const { sender, sendEventPayloadType } = listener;
  const payloadAt = sender.event(sendEventPayloadType, passed.timestamp, isNew, EVENT_BYTES, io.out, at, now);
  io.out[payloadAt] = bytes[from]!;
  io.out[payloadAt + 1] = bytes[from + 1]!;
  io.out[payloadAt + 2] = duration >> 8;
  io.out[payloadAt + 3] = duration;
  sendRtp(io, listener, destinations, at, payloadAt + EVENT_BYTES - at);
  return true;
}

function payloadTypeOf(format: number, listener: Stream): number {
  if (format === EVENT_FORMAT) return listener.sendEventPayloadType;
  return format === NOISE_FORMAT ? listener.sendNoisePayloadType : listener.sendPayloadType;
}

function writeSilence({ payloadStart, payloadEnd }: PacketView, format: number, out: Uint8Array, at: number): number {
  const end = at + payloadEnd - payloadStart;
  out.fill(format === PCMA_FORMAT ? ALAW_SILENCE : ULAW_SILENCE, at, end);
  return end;
}

function copyPayload(
  view: PacketView,
  bytes: Uint8Array,
  format: number,
  sendFormat: number,
  out: Uint8Array,
  at: number,
  copy: PayloadCopy,
): number {
  const { payloadStart, payloadEnd } = view;
  if (format === EVENT_FORMAT || format === NOISE_FORMAT || format === sendFormat) {
    copy.copy(bytes, payloadStart, payloadEnd, at);
    return at + payloadEnd - payloadStart;
  }
  const table = format === PCMU_FORMAT ? ULAW_TO_ALAW : ALAW_TO_ULAW;
  return mapBytes(table, bytes, payloadStart, payloadEnd, out, at);
}
