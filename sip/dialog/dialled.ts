import type { DialRequest, TransportAddress } from '../../core/ports.ts';
import { type Flow, nextHop } from './next-hop.ts';
import { aim } from './session-messages.ts';

/** A target that can be reached. */
export interface Dialled {
  readonly dial: DialRequest;
  readonly aim: NonNullable<ReturnType<typeof aim>>;
  readonly flow: Flow;
  readonly destination: TransportAddress;
  /** Servers that are tried after this one; undefined when nobody had to look for any. */
  readonly others: readonly TransportAddress[] | undefined;
  /** What its INVITE says. */
  readonly maxForwards: number;
}

/**
 * Where a dialled INVITE goes: to the first of the servers that were found, else to what its target says. Undefined when
 * that is no SIP URI, or a name without servers and flow.
 */
export function reach(
  dial: DialRequest,
  servers: readonly TransportAddress[] | undefined,
  maxForwards: number,
): Dialled | undefined {
  const { via, localPort } = dial.target;
  const aimed = aim(dial.target);
  const destination = aimed && (servers?.[0] ?? nextHop(aimed.next, via && { remote: via, localPort }));
  if (aimed === undefined || destination === undefined) return undefined;
  const flow = {
    remote: via ?? destination,
    localPort: via?.transport === destination.transport ? localPort : undefined,
  };
  return { dial, aim: aimed, flow, destination, others: servers?.slice(1), maxForwards };
}

/** Whether its INVITE goes to a phone over the connection that the phone opened. */
export function callsByConnection(dialled: Dialled | undefined): boolean {
  return dialled?.flow.localPort !== undefined && dialled.flow.remote.transport !== 'udp';
}

/** The callee is to make the offer. */
export function isOfferless(dialled: Dialled | undefined): boolean {
  return dialled !== undefined && dialled.dial.offer === undefined;
}
