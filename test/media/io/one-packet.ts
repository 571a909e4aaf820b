import type { Latching } from '../../../media/io/latching.ts';

/** RTP from one source: the slot that it belongs to, or -1. */
export function hearRtp(
  latching: Latching,
  port: number,
  source: number,
  packet: { ssrc: number; sequence: number; payloadType: number },
  now: number,
): number {
  return latching.classify(port, Float64Array.of(source), 0, packet, now);
}

/** RTCP from one source: the slot that it belongs to, or -1. */
export function hearRtcp(latching: Latching, port: number, source: number, ssrc: number, isRtcp: boolean): number {
  return latching.classifyRtcp(port, Float64Array.of(source), 0, ssrc, isRtcp);
}
