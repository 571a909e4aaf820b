import type { PacketIo } from './io/packet-io.ts';
import type { Stream } from './slots.ts';

/** Sends the RTP packet of `sizeBytes` that was written at `at` to where the stream is, protected where it is to be. */
export function sendRtp(io: PacketIo, stream: Stream, destinations: Float64Array, at: number, sizeBytes: number): void {
  const { protection, port, slot } = stream;
  const size = protection === undefined ? sizeBytes : protection.protectRtp(io.out, at, sizeBytes);
  if (size > 0) io.send(port, false, destinations, slot, size);
}
