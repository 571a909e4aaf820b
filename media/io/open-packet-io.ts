import { BatchUdp } from './batch-udp.ts';
import { checkBatchUdp } from './check-batch-udp.ts';
import { DgramUdp } from './dgram-udp.ts';
import { bindLibc } from './libc.ts';
import { loadKoffi } from './native.ts';
import { nativeLayout } from './native-layout.ts';
import type { PacketIo } from './packet-io.ts';

export interface OpenPacketIoOptions {
  /** IPv4 address (as a number) to bind to; 0 for all interfaces. */
  readonly address: number;
  /** koffi's addon as a file, for a program that carries its packages inside. */
  readonly koffiAddonPath?: string | undefined;
}

export interface OpenedPacketIo {
  readonly io: PacketIo;
  readonly kind: 'batch' | 'dgram';
}

/** Batched UDP where this system has the calls for it and a trial with them succeeds; else `node:dgram`. */
export function openPacketIo(options: OpenPacketIoOptions): OpenedPacketIo {
  const io = openBatchUdp(options);
  return io === undefined ? { io: new DgramUdp(options), kind: 'dgram' } : { io, kind: 'batch' };
}

/** Batched UDP, or undefined where it is not to be had. */
export function openBatchUdp(options: OpenPacketIoOptions): BatchUdp | undefined {
  const layout = nativeLayout(process.platform, process.arch);
  const koffi = layout === undefined ? undefined : loadKoffi(options.koffiAddonPath);
  if (layout === undefined || koffi === undefined) return undefined;
  const libc = bindLibc(koffi);
  return checkBatchUdp(koffi, libc, layout) ? new BatchUdp(koffi, libc, layout, options) : undefined;
}
