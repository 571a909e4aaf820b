import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { isIP } from 'node:net';
import { Fault } from '../../core/kernel/fault.ts';

/** Pairs tried before we believe that there is none. */
const PAIRS_TRIED_MAX = 32;

/** Address of a host, of IPv4 when it has one of each family. Throws UNREACHABLE when the name has none. */
export async function addressOfHost(host: string): Promise<string> {
  try {
    const [first] = await lookup(host, { all: true, order: 'ipv4first' });
    return first!.address;
  } catch (error) {
    const { code = 'no answer' } = error as NodeJS.ErrnoException;
    throw new Fault(
      'UNREACHABLE',
      `${host} cannot be called: expected an address of it, got none (${code})`,
      { host },
      error,
    );
  }
}

/** Our address as this peer sees it: that of the interface which routes there. Throws UNREACHABLE without a route. */
export async function addressTowards(peer: string): Promise<string> {
  const socket = createSocket(isIP(peer) === 6 ? 'udp6' : 'udp4');
  try {
    // Connecting a UDP socket sends nothing; it asks the system for the route.
    socket.connect(9, peer);
    await once(socket, 'connect');
    return socket.address().address;
  } catch (error) {
    const { code = 'no route' } = error as NodeJS.ErrnoException;
    throw new Fault(
      'UNREACHABLE',
      `${peer} cannot be called: expected a route to it, got none (${code})`,
      { peer },
      error,
    );
  } finally {
    socket.close();
  }
}

/** An even port with its odd neighbour, both free at this moment: RTP and RTCP. Throws PORT_IN_USE when none is found. */
export async function freePortPair(address: string): Promise<number> {
  for (let tried = 0; tried < PAIRS_TRIED_MAX; tried++) {
    const first = await bound(address, 0);
    const port = first?.address().port ?? 0;
    const second = first === undefined ? undefined : await bound(address, port ^ 1);
    first?.close();
    second?.close();
    if (second !== undefined) return port & ~1;
  }
  throw new Fault('PORT_IN_USE', `expected two free UDP ports side by side on ${address}, got none`, { address });
}

async function bound(address: string, port: number): Promise<Socket | undefined> {
  const socket = createSocket(isIP(address) === 6 ? 'udp6' : 'udp4');
  const listening = once(socket, 'listening'); // Asked for first: it may come before `bind` returns.
  try {
    socket.bind({ address, port, exclusive: true });
    await listening;
    return socket;
  } catch {
    socket.close(); // Taken; another pair is tried.
    return undefined;
  }
}
