import { BatchUdp } from './batch-udp.ts';
import { checkBatchUdp } from './check-batch-udp.ts';
import { DgramUdp } from './dgram-udp.ts';
import { bindLibc, type Libc } from './libc.ts';
import { loadKoffi } from './native.ts';
import { LINUX, nativeLayout } from './native-layout.ts';
import type { ThreadIo } from './packet-io.ts';
import type { SocketFamily } from './socket-addresses.ts';

export interface OpenPacketIoOptions {
  /** Number of the address to bind to; 0 for all interfaces. */
  readonly address: number;
  /** What the sockets carry; unless said, both families where all interfaces are bound and the system has IPv6. */
  readonly family?: SocketFamily;
  /** koffi's addon as a file, for a program that carries its packages inside. */
  readonly koffiAddonPath?: string | undefined;
}

export interface OpenedPacketIo {
  readonly io: ThreadIo;
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
  const family = options.family ?? (options.address === 0 ? familyOf(libc) : 'IPv4');
  if (!checkBatchUdp(koffi, libc, layout, family)) return undefined;
  return new BatchUdp(koffi, libc, layout, { address: options.address, family });
}

function familyOf(libc: Libc): SocketFamily {
  const descriptor = libc.socket(LINUX.AF_INET6, LINUX.SOCK_DGRAM | LINUX.SOCK_CLOEXEC, 0);
  if (descriptor < 0) return 'IPv4';
  libc.close(descriptor);
  return 'both';
}
