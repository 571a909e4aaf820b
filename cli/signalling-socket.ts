import { AddressBook } from '../media/io/address-book.ts';
import { Arena } from '../media/io/arena.ts';
import { KnownAddresses } from '../media/io/known-addresses.ts';
import { bindLibc, type Libc } from '../media/io/libc.ts';
import { type Koffi, loadKoffi } from '../media/io/native.ts';
import { LINUX, nativeLayout } from '../media/io/native-layout.ts';
import { SocketAddresses } from '../media/io/socket-addresses.ts';
import { SIGNALLING_TYPE_OF_SERVICE } from '../sip/transport/transport.ts';

const SCRATCH_SIZE_BYTES = 64;

/**
 * Opens a UDP socket, bound to this literal address and port, whose packets are marked as signalling, for Node to take
 * over by its descriptor: Node can mark connections, but no datagrams. Undefined where that is not to be had, or the
 * address is not: then Node opens one without marks, or says why not.
 */
export function openSignallingSocket(host: string, port: number): number | undefined {
  const koffi = nativeLayout(process.platform, process.arch) === undefined ? undefined : loadKoffi();
  return koffi === undefined ? undefined : openMarked(koffi, bindLibc(koffi), host, port);
}

function openMarked(koffi: Koffi, libc: Libc, host: string, port: number): number | undefined {
  const arena = new Arena(koffi, SCRATCH_SIZE_BYTES);
  const at = arena.carve(SCRATCH_SIZE_BYTES);
  const isIpv6 = host.includes(':');
  const family = isIpv6 ? LINUX.AF_INET6 : LINUX.AF_INET;
  const descriptor = libc.socket(family, LINUX.SOCK_DGRAM | LINUX.SOCK_NONBLOCK | LINUX.SOCK_CLOEXEC, 0);
  if (descriptor < 0) return undefined;
  const set = (level: number, option: number, value: number): void => {
    arena.words[at >> 2] = value;
    libc.setsockopt(descriptor, level, option, arena.address(at), 4);
  };
  if (isIpv6) set(LINUX.IPPROTO_IPV6, LINUX.IPV6_V6ONLY, 1);
  if (isIpv6) set(LINUX.IPPROTO_IPV6, LINUX.IPV6_TCLASS, SIGNALLING_TYPE_OF_SERVICE);
  else set(LINUX.IPPROTO_IP, LINUX.IP_TOS, SIGNALLING_TYPE_OF_SERVICE);
  const sizeBytes = writeAddress(arena, at, host, port);
  if (libc.bind(descriptor, arena.address(at), sizeBytes) === 0) return descriptor;
  libc.close(descriptor);
  return undefined;
}

/** Size of the structure. */
function writeAddress(arena: Arena, at: number, host: string, port: number): number {
  const book = new AddressBook();
  const known = new KnownAddresses(0);
  const number = book.hold(host);
  for (let output = book.poll(); output !== undefined; output = book.poll()) {
    if (output.kind === 'learnAddress') known.learn(output.number, output.address);
  }
  const addresses = new SocketAddresses(arena, host.includes(':') ? 'both' : 'IPv4', known);
  addresses.writeOwn(at, number, port);
  return addresses.sizeBytes;
}
